"""``impasto train-fine STYLES --photos PHOTOS``: a gallery that paints in two parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import SCHEDULE, require_torch, takes
from impasto.cli.training import (
    CompileOption,
    PaintingsOption,
    RunFolderOption,
    RunOptions,
    ScheduleFloat,
    ScheduleInt,
    StartOption,
    StylesArgument,
    training_options,
    training_run,
)

__all__ = ["train_fine_command"]


@dataclass(frozen=True, kw_only=True)
class TrainFineOptions(RunOptions):
    """The options of ``impasto train-fine``."""

    styles: StylesArgument
    output: RunFolderOption = Path("impasto-fine-run")
    paintings: PaintingsOption = None
    start_from: StartOption = None
    photos_per_step: ScheduleInt = 4
    learning_rate: ScheduleFloat = 1.6e-3
    compile: CompileOption = False
    steps: Annotated[int | None, typer.Option(help="Of either part.", rich_help_panel=SCHEDULE)] = (
        2000
    )


@takes(TrainFineOptions)
def train_fine_command(_: typer.Context, said: TrainFineOptions) -> None:
    """Train the two networks that paint photos from large forms to brushwork."""
    require_torch("impasto train-fine")
    from impasto.styles import open_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.paintings import read_paintings
    from impasto.training.train_fine import train_fine

    chosen = read_paintings(said.styles, said.paintings)
    options = training_options(said, TrainingOptions, None)
    start = open_gallery(said.start_from).fine if said.start_from else None
    with training_run(said, f"training {len(chosen)} styles, twice", options.steps) as run:
        gallery = train_fine(chosen, said.photos, run, options=options, start=start)
    console.note(f"impasto PHOTO --gallery {gallery.folder} --style {gallery.names[0]}")
