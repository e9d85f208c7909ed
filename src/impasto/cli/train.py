"""``impasto train STYLES --photos PHOTOS``: a network of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.cli.console import console
from impasto.cli.options import SCHEDULE, choose_preset, option, require_torch, takes
from impasto.cli.training import (
    CompiledRunOptions,
    crop_option,
    late_crop_option,
    paintings_folder,
    run_folder,
    start_option,
    styles_argument,
    training_options,
    training_run,
)
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.networks.spec import NetworkSpec
    from impasto.networks.trunk import Trunk
    from impasto.training.checkpoint import Checkpoint
    from impasto.training.run import Start

LOSSES = "Losses"


@dataclass(frozen=True, kw_only=True)
class TrainOptions(CompiledRunOptions):
    """The options of ``impasto train``."""

    styles: Path = styles_argument()
    output: Path = run_folder("impasto-run")
    paintings: Path | None = paintings_folder()
    preset: str | None = option(
        None,
        "standard (the default, without --start-from), turbo, johnson-instance or johnson-batch.",
        metavar="NAME",
    )
    start_from: Path | None = start_option()
    styles_only: bool = option(
        False, "Train style vectors; the trunk stays as it is.", "--styles-only"
    )
    styles_per_photo: int = option(2, panel=SCHEDULE)
    crop_px: int = crop_option(256)
    late_crop_px: int = late_crop_option(384)
    enlarge: float = option(
        1.0,
        "Photos at random up to so many times as large, so that smooth ground is seen; "
        "try 2 with small photos.",
        panel=SCHEDULE,
    )
    learning_rate: float = option(3e-3, panel=SCHEDULE)
    coarse_grain: float | None = option(
        None,
        "Noise of the size of strokes, over photos in training and in use, against motifs "
        "in rows; try 0.025, where white is 1. Default: none, or that of --start-from.",
        minimum=0,
        maximum=1,
    )
    content_weight: float = option(1.0, panel=LOSSES)
    style_weight: float = option(15.0, panel=LOSSES)
    tv_weight: float = option(0.5, "Total variation.", panel=LOSSES)
    border_weight: float = option(5.0, "Of a plain border.", panel=LOSSES)
    stability_weight: float = option(
        0.0, "Of calm under noise and small motion, for videos; try 20.", panel=LOSSES
    )
    correlation_weight: float = option(
        0.0, "Of motifs that stand in rows only where the painting's do; try 0.15.", panel=LOSSES
    )
    local_correlation_weight: float = option(
        0.0, "Of motifs that stand in rows in a part of the picture; try 0.5.", panel=LOSSES
    )
    painting_px: int = option(
        384,
        "The paintings' shorter side: more makes larger strokes.",
        "--painting-size",
        metavar="PX",
        panel=LOSSES,
    )


@takes(TrainOptions)
def train_command(_: typer.Context, said: TrainOptions) -> None:
    """Train one network on your paintings (Johnson et al. 2016, Dumoulin et al. 2017).

    Ctrl-C saves a checkpoint; --resume goes on exactly there. The trunk and styles end up in
    FOLDER/gallery, for impasto PHOTO --gallery FOLDER/gallery --style NAME.

    torchrun --nproc-per-node 4 -m impasto train ... shares each step's photos among 4 processes.
    """
    require_torch("impasto train")
    from impasto.training.checkpoint import CHECKPOINT_FILE, read_checkpoint
    from impasto.training.gallery_export import export_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.paintings import read_paintings
    from impasto.training.run import train

    chosen = read_paintings(said.styles, said.paintings, said.painting_px)
    before = read_checkpoint(said.output / CHECKPOINT_FILE) if said.resume else None
    options = training_options(
        said,
        TrainingOptions,
        before.options if before else None,
        painting_sizes=tuple(painting.size_px for painting in chosen.values()),
        trains="styles" if said.styles_only else "all",
        shares=tuple(painting.share for painting in chosen.values()),
    )
    start, trunk = _start(said, list(chosen), before, options.trains == "styles")
    spec = _choose_spec(said, before or start, trunk)
    what = f"training {len(chosen)} styles"
    with training_run(said, what, options.steps, shared=True) as run:
        paintings = {name: painting.path for name, painting in chosen.items()}
        checkpoint = train(paintings, said.photos, run, spec=spec, options=options, start=start)
    if not run.writes:
        return
    cards = {name: painting.card for name, painting in chosen.items()}
    gallery = export_gallery(checkpoint, cards, said.output / "gallery", trunk)
    console.note(f"impasto PHOTO --gallery {gallery.folder} --style {gallery.names[0]}")


def _start(
    said: TrainOptions, names: Sequence[str], before: Checkpoint | None, styles_alone: bool
) -> tuple[Start | None, Trunk | None]:
    """Return where the run begins, and the trunk that styles are trained for alone."""
    from impasto.training.run import read_start, read_start_trunk

    folder = said.start_from
    start = read_start(folder, names) if folder else None
    if not styles_alone:
        return start, None
    if not folder or not start:
        raise OptionError("styles alone have no trunk", "name one by --start-from FOLDER")
    trunk = read_start_trunk(folder)
    if before and not before.keeps_weights_of(trunk):
        raise OptionError(
            f"{said.output} did not begin with the trunk of {folder}", "name that one"
        )
    # A run's own weights are finer than those that its gallery has, and the styles will fit.
    return replace(start, weights=trunk.float32_weights()), trunk


def _choose_spec(
    said: TrainOptions, known: Checkpoint | Start | None, trunk: Trunk | None
) -> NetworkSpec | None:
    """Return the network that is asked for, or the one that is known already, if any."""
    from impasto.networks.spec import STANDARD

    spec = known.spec if known else None
    if said.preset:
        spec = choose_preset(said.preset)
    if said.coarse_grain is not None:
        spec = replace(spec or STANDARD, coarse_grain=said.coarse_grain)
    if trunk and spec != trunk.spec:
        raise OptionError(
            f"the trunk of {said.start_from} is of another network or grain",
            "styles alone take it as it is: leave out --preset and --coarse-grain",
        )
    return spec
