"""``impasto distil GALLERY --photos PHOTOS``: a small network taught by a large one."""

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
    ResumeRunOption,
    ScheduleFloat,
    ScheduleInt,
    StepsOption,
    TorchPrecisionOption,
    choose_preset,
    require_torch,
)
from impasto.cli.train import prepare_hardware, run_in

__all__ = ["distil_command"]


def distil_command(
    gallery: Annotated[
        Path, typer.Argument(metavar="GALLERY", help="Its trunk teaches, in all of its styles.")
    ],
    photos: Annotated[Path, typer.Option(metavar="FOLDER", help="Photographs to learn on.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Of the run.")
    ] = Path("impasto-distilled"),
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The network that learns: standard, turbo or johnson-instance."
        ),
    ] = "turbo",
    resume: ResumeRunOption = False,
    steps: StepsOption = None,
    photos_per_step: ScheduleInt = 2,
    styles_per_photo: ScheduleInt = 2,
    crop: Annotated[
        int, typer.Option(metavar="PX", help="Side of the crops.", rich_help_panel=SCHEDULE)
    ] = 256,
    learning_rate: ScheduleFloat = 3e-3,
    seed: ScheduleInt = 0,
    checkpoint_every: EverySecondsOption = 180,
    preview_every: EverySecondsOption = 300,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
    compile_: CompileOption = None,
) -> None:
    """Teach a small network to paint like a large one (Hinton et al. 2015).

    It needs no paintings. Ctrl-C saves a checkpoint; --resume goes on exactly there. impasto train
    LIST --start-from FOLDER then makes it as good as its size allows.
    """
    require_torch("impasto distil")
    from impasto.styles import Pack
    from impasto.training.checkpoint import read_checkpoint
    from impasto.training.distilling import distil
    from impasto.training.gallery_export import export_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.run import RunFiles

    if resume:
        options = read_checkpoint(RunFiles(output).checkpoint).options
        options = options if steps is None else replace(options, steps=steps)
    else:
        options = TrainingOptions(
            steps=TrainingOptions.steps if steps is None else steps,
            photos_per_step=photos_per_step,
            styles_per_photo=styles_per_photo,
            crop_px=crop,
            late_crop_px=crop,
            learning_rate=learning_rate,
            seed=seed,
        )
    hardware = prepare_hardware(device, precision, compile_, options.steps)
    teacher = Pack(gallery)
    console.note(f"distilling {len(teacher.names)} styles for {options.steps} steps on {hardware}")
    with run_in(output) as progress:
        checkpoint = distil(
            gallery,
            photos,
            output,
            student=choose_preset(preset),
            options=options,
            resume=resume,
            hardware=hardware,
            checkpoint_every_s=checkpoint_every,
            preview_every_s=preview_every,
            progress=progress,
            on_skip=console.error,
        )
    cards = {name: teacher.read(name).card for name in teacher.names}
    made = export_gallery(checkpoint, cards, output / "gallery")
    console.note(f"impasto train LIST --start-from {output}, or as it is:")
    console.note(f"impasto PHOTO --gallery {made.folder} --style {made.names[0]}")
