"""``impasto train-fine STYLES --photos PHOTOS``: a gallery that paints in two parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    SCHEDULE,
    DeviceOption,
    EverySecondsOption,
    ResumeRunOption,
    ScheduleInt,
    TorchPrecisionOption,
    require_torch,
)
from impasto.cli.train import prepare_hardware, run_in

__all__ = ["train_fine_command"]


def train_fine_command(
    styles: Annotated[
        Path,
        typer.Argument(
            metavar="STYLES", help="A painting, a folder of paintings, or a JSON list of them."
        ),
    ],
    photos: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn on: some hundreds.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Of the run.")
    ] = Path("impasto-fine-run"),
    paintings: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the JSON list's paintings are.", show_default=False
        ),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Go on from the networks of a gallery in two parts.",
            show_default=False,
        ),
    ] = None,
    resume: ResumeRunOption = False,
    steps: Annotated[int, typer.Option(help="Of either part.", rich_help_panel=SCHEDULE)] = 2000,
    photos_per_step: ScheduleInt = 4,
    learning_rate: Annotated[
        float, typer.Option(help="The highest of the run.", rich_help_panel=SCHEDULE)
    ] = 1.6e-3,
    seed: ScheduleInt = 0,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
    checkpoint_every: EverySecondsOption = 180,
    preview_every: EverySecondsOption = 300,
) -> None:
    """Train the two networks that paint photos from large forms to brushwork."""
    require_torch("impasto train-fine")
    from impasto.styles import open_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.paintings import read_paintings
    from impasto.training.train_fine import train_fine

    chosen = read_paintings(styles, paintings)
    options = TrainingOptions(
        steps=steps, photos_per_step=photos_per_step, learning_rate=learning_rate, seed=seed
    )
    hardware = prepare_hardware(device, precision, False, steps)
    console.note(f"training {len(chosen)} styles, twice {steps} steps, on {hardware}")
    with run_in(output / "draft") as progress:
        gallery = train_fine(
            chosen,
            photos,
            output,
            options=options,
            start=open_gallery(start_from).fine if start_from else None,
            resume=resume,
            hardware=hardware,
            checkpoint_every_s=checkpoint_every,
            preview_every_s=preview_every,
            progress=progress,
            on_skip=console.error,
        )
    console.note(f"impasto PHOTO --gallery {gallery.folder} --style {gallery.names[0]}")
