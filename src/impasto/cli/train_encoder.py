"""``impasto train-encoder PAINTINGS --photos PHOTOS``: styles of any painting at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    SCHEDULE,
    CompileOption,
    DeviceOption,
    EverySecondsOption,
    GalleryOption,
    LateCropOption,
    ResumeRunOption,
    ScheduleFloat,
    ScheduleInt,
    TorchPrecisionOption,
    choose_gallery,
    require_torch,
)
from impasto.cli.train import prepare_hardware, run_in

__all__ = ["train_encoder_command"]


def train_encoder_command(
    paintings: Annotated[
        list[Path], typer.Argument(metavar="PAINTINGS", help="Folders of paintings; some hundred.")
    ],
    photos: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn on; some hundred.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Of the run.")
    ] = Path("impasto-encoder"),
    gallery: GalleryOption = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A painting not to learn from, or a JSON list of them. May be repeated.",
            show_default=False,
        ),
    ] = None,
    resume: ResumeRunOption = False,
    start_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Start from the encoder of another run or a gallery, which may be for another "
            "trunk.",
            show_default=False,
        ),
    ] = None,
    with_trunk: Annotated[
        bool,
        typer.Option(
            "--with-trunk",
            help="Train the trunk and its styles, too, whose paintings must be in PAINTINGS. All "
            "of them, and the encoder, end up in FOLDER/gallery.",
        ),
    ] = False,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Of the optimiser. Default: 12000.", rich_help_panel=SCHEDULE, show_default=False
        ),
    ] = None,
    photos_per_step: ScheduleInt = 2,
    paintings_per_photo: ScheduleInt = 2,
    crop: Annotated[
        int, typer.Option(metavar="PX", help="Side of the photos.", rich_help_panel=SCHEDULE)
    ] = 256,
    late_crop: LateCropOption = 320,
    painting_crop: Annotated[
        int, typer.Option(metavar="PX", help="Side of the paintings.", rich_help_panel=SCHEDULE)
    ] = 256,
    learning_rate: ScheduleFloat = 1e-3,
    style_weight: Annotated[
        float,
        typer.Option(
            help="Of the style loss beside content: more is closer to paintings, less to photos."
        ),
    ] = 15.0,
    seed: ScheduleInt = 0,
    checkpoint_every: EverySecondsOption = 180,
    preview_every: EverySecondsOption = 300,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
    compile_: CompileOption = None,
) -> None:
    """Train the encoder that predicts a style from any painting (Ghiasi et al. 2017).

    It is for one gallery's trunk, which stays as it is unless --with-trunk is given. Ctrl-C saves a
    checkpoint; --resume goes on exactly there. FOLDER/encoder.safetensors, copied beside the
    gallery's trunk, makes impasto PHOTO --style PAINTING.jpg work.
    """
    require_torch("impasto train-encoder")
    from impasto.training.checkpoint import read_encoder_checkpoint
    from impasto.training.encoder import EncoderOptions
    from impasto.training.joint import joint_options
    from impasto.training.run import RunFiles
    from impasto.training.train_encoder import find_paintings, train_encoder

    chosen = choose_gallery(gallery)
    found = find_paintings(paintings, leave_out or ())
    if resume:
        options = read_encoder_checkpoint(RunFiles(output).checkpoint).options
        options = options if steps is None else replace(options, steps=steps)
    else:
        options = EncoderOptions(
            steps=EncoderOptions.steps if steps is None else steps,
            photos_per_step=photos_per_step,
            styles_per_photo=paintings_per_photo,
            crop_px=crop,
            late_crop_px=late_crop,
            painting_crop_px=painting_crop,
            learning_rate=learning_rate,
            style_weight=style_weight,
            seed=seed,
        )
        options = joint_options(options) if with_trunk else options
    hardware = prepare_hardware(device, precision, compile_, options.steps)
    console.note(f"training on {len(found)} paintings for {options.steps} steps on {hardware}")
    with run_in(output) as progress:
        encoder = train_encoder(
            found,
            photos,
            output,
            chosen,
            options=options,
            resume=resume,
            start_from=start_from,
            hardware=hardware,
            checkpoint_every_s=checkpoint_every,
            preview_every_s=preview_every,
            progress=progress,
            on_skip=console.error,
        )
    if options.with_trunk:
        console.note(f"impasto PHOTO --gallery {encoder.parent} --style PAINTING.jpg")
    else:
        console.note(f"{encoder}: copy it to {chosen.folder} to predict styles")
