"""``impasto train-fine STYLES --photos PHOTOS``: a gallery that paints in two parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from impasto.cli.console import console
from impasto.cli.options import SCHEDULE, option, require_torch, takes
from impasto.cli.training import (
    RunOptions,
    paintings_folder,
    run_folder,
    start_option,
    styles_argument,
    training_options,
    training_run,
)
from impasto.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class TrainFineOptions(RunOptions):
    """The options of ``impasto train-fine``."""

    styles: Path = styles_argument()
    output: Path = run_folder("impasto-fine-run")
    paintings: Path | None = paintings_folder()
    start_from: Path | None = start_option()
    photos_per_step: int = option(4, panel=SCHEDULE)
    learning_rate: float = option(1.6e-3, panel=SCHEDULE)
    steps: int | None = option(2000, "Of either part.", panel=SCHEDULE)
    style_minutes: float = option(
        10.0, "For what each style then adds to the kernels that all share.", panel=SCHEDULE
    )
    styles_only: bool = option(False, "Keep the networks of --start-from.", "--styles-only")


@takes(TrainFineOptions)
def train_fine_command(_: typer.Context, said: TrainFineOptions) -> None:
    """Train the two networks that paint photos from large forms to brushwork."""
    require_torch("impasto train-fine")
    from impasto.styles import open_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.paintings import read_paintings
    from impasto.training.train_fine import train_fine

    if said.styles_only and not said.start_from:
        raise OptionError("--styles-only keeps networks that are there", "give --start-from")
    chosen = read_paintings(said.styles, said.paintings)
    options = training_options(said, TrainingOptions, None)
    start = open_gallery(said.start_from).fine if said.start_from else None
    what, steps = f"training {len(chosen)} styles, twice", options.steps
    if said.styles_only:
        what, steps = f"training {len(chosen)} styles, {said.style_minutes:g} minutes each", 0
    with training_run(said, what, steps) as run:
        gallery = train_fine(
            chosen,
            said.photos,
            run,
            options=options,
            start=start,
            style_minutes=said.style_minutes,
            styles_only=said.styles_only,
        )
    console.note(f"impasto PHOTO --gallery {gallery.folder} --style {gallery.names[0]}")
