"""``impasto train-encoder PAINTINGS --photos PHOTOS``: styles of any painting at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    SCHEDULE,
    argument,
    choose_gallery,
    option,
    painting_option,
    require_torch,
    takes,
)
from impasto.cli.training import (
    CompiledRunOptions,
    crop_option,
    late_crop_option,
    run_folder,
    start_option,
    training_options,
    training_run,
)


@dataclass(frozen=True, kw_only=True)
class TrainEncoderOptions(CompiledRunOptions):
    """The options of ``impasto train-encoder``."""

    paintings: list[Path] = argument("PAINTINGS", "Folders of paintings; some hundred.")
    output: Path = run_folder("impasto-encoder")
    gallery: str | None = painting_option("gallery")
    leave_out: list[str] | None = option(
        None,
        "A painting not to learn from, or a JSON list of them. May be repeated.",
        metavar="FILE",
    )
    start_from: Path | None = start_option()
    with_trunk: bool = option(
        False,
        "Train the trunk and its styles, too, whose paintings must be in PAINTINGS. All "
        "of them, and the encoder, end up in FOLDER/gallery.",
        "--with-trunk",
    )
    styles_per_photo: int = option(2, "", "--paintings-per-photo", panel=SCHEDULE)
    crop_px: int = crop_option(256)
    late_crop_px: int = late_crop_option(320)
    painting_crop_px: int = option(
        256, "Side of the paintings' crops.", "--painting-crop", metavar="PX", panel=SCHEDULE
    )
    learning_rate: float = option(1e-3, panel=SCHEDULE)
    style_weight: float = option(
        15.0, "Of the style loss beside content: more is closer to paintings, less to photos."
    )


@takes(TrainEncoderOptions)
def train_encoder_command(_: typer.Context, said: TrainEncoderOptions) -> None:
    """Train the encoder that predicts a style from any painting (Ghiasi et al. 2017).

    It is for one gallery's trunk, which stays as it is unless --with-trunk is given. Ctrl-C saves a
    checkpoint; --resume goes on exactly there. FOLDER/encoder.safetensors, copied beside the
    gallery's trunk, makes impasto PHOTO --style PAINTING.jpg work.
    """
    require_torch("impasto train-encoder")
    from impasto.training.checkpoint import CHECKPOINT_FILE, read_encoder_checkpoint
    from impasto.training.encoder import EncoderOptions
    from impasto.training.joint import joint_options
    from impasto.training.train_encoder import find_paintings, train_encoder

    gallery = choose_gallery(said.gallery)
    paintings = find_paintings(said.paintings, said.leave_out or ())
    before = read_encoder_checkpoint(said.output / CHECKPOINT_FILE) if said.resume else None
    options = training_options(said, EncoderOptions, before.options if before else None)
    if options.with_trunk and not before:
        options = joint_options(options)
    with training_run(said, f"training on {len(paintings)} paintings", options.steps) as run:
        encoder = train_encoder(
            paintings, said.photos, run, gallery, options=options, start_from=said.start_from
        )
    if options.with_trunk:
        console.note(f"impasto PHOTO --gallery {encoder.parent} --style PAINTING.jpg")
    else:
        console.note(f"{encoder}: copy it to {gallery.folder} to predict styles")
