"""``impasto train STYLES --photos PHOTOS``: a network of one's own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    SCHEDULE,
    CompileOption,
    DeviceOption,
    EverySecondsOption,
    LateCropOption,
    ResumeRunOption,
    ScheduleFloat,
    ScheduleInt,
    StepsOption,
    TorchPrecisionOption,
    choose_preset,
    require_torch,
)
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.networks.spec import NetworkSpec
    from impasto.perceptual.hardware import Hardware, Precision
    from impasto.progress import Progress, ProgressListener

__all__ = ["interrupt_between_steps", "prepare_hardware", "run_in", "train_command"]

LOSSES = "Losses"
WORTH_COMPILING_STEPS = 500


def train_command(
    styles: Annotated[
        Path,
        typer.Argument(
            metavar="STYLES", help="A painting, a folder of paintings, or a JSON list of them."
        ),
    ],
    photos: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn on; 20 will do.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Of the run.")
    ] = Path("impasto-run"),
    paintings: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the JSON list's paintings are.", show_default=False
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="standard (the default, without --start-from), turbo, johnson-instance or "
            "johnson-batch.",
            show_default=False,
        ),
    ] = None,
    resume: ResumeRunOption = False,
    start_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Start from the network of another run, or of a gallery, instead of "
            "random weights.",
            show_default=False,
        ),
    ] = None,
    styles_only: Annotated[
        bool, typer.Option("--styles-only", help="Train style vectors; the trunk stays as it is.")
    ] = False,
    steps: StepsOption = None,
    photos_per_step: ScheduleInt = 2,
    styles_per_photo: ScheduleInt = 2,
    crop: Annotated[
        int, typer.Option(metavar="PX", help="Side of the crops.", rich_help_panel=SCHEDULE)
    ] = 256,
    late_crop: LateCropOption = 384,
    enlarge: Annotated[
        float,
        typer.Option(
            help="Photos at random up to so many times as large, so that smooth ground is seen; "
            "try 2 with small photos.",
            rich_help_panel=SCHEDULE,
        ),
    ] = 1.0,
    learning_rate: ScheduleFloat = 3e-3,
    seed: ScheduleInt = 0,
    coarse_grain: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Noise of the size of strokes, over photos in training and in use, against motifs "
            "in rows; try 0.025, where white is 1. Default: none, or that of --start-from.",
            show_default=False,
        ),
    ] = None,
    content_weight: Annotated[float, typer.Option(rich_help_panel=LOSSES)] = 1.0,
    style_weight: Annotated[float, typer.Option(rich_help_panel=LOSSES)] = 15.0,
    tv_weight: Annotated[
        float, typer.Option(help="Total variation.", rich_help_panel=LOSSES)
    ] = 0.5,
    border_weight: Annotated[
        float, typer.Option(help="Of a plain border.", rich_help_panel=LOSSES)
    ] = 5.0,
    stability_weight: Annotated[
        float,
        typer.Option(
            help="Of calm under noise and small motion, for videos; try 20.",
            rich_help_panel=LOSSES,
        ),
    ] = 0.0,
    correlation_weight: Annotated[
        float,
        typer.Option(
            help="Of motifs that stand in rows only where the painting's do; try 0.15.",
            rich_help_panel=LOSSES,
        ),
    ] = 0.0,
    local_correlation_weight: Annotated[
        float,
        typer.Option(
            help="Of motifs that stand in rows in a part of the picture; try 0.5.",
            rich_help_panel=LOSSES,
        ),
    ] = 0.0,
    painting_size: Annotated[
        int,
        typer.Option(
            metavar="PX",
            help="The paintings' shorter side: more makes larger strokes.",
            rich_help_panel=LOSSES,
        ),
    ] = 384,
    checkpoint_every: EverySecondsOption = 180,
    preview_every: EverySecondsOption = 300,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
    compile_: CompileOption = None,
) -> None:
    """Train one network on your paintings (Johnson et al. 2016, Dumoulin et al. 2017).

    Ctrl-C saves a checkpoint; --resume goes on exactly there. The trunk and styles end up in
    FOLDER/gallery, for impasto PHOTO --gallery FOLDER/gallery --style NAME.
    """
    require_torch("impasto train")
    from impasto.training.checkpoint import read_checkpoint
    from impasto.training.gallery_export import export_gallery
    from impasto.training.options import TrainingOptions
    from impasto.training.paintings import read_paintings
    from impasto.training.run import RunFiles, read_start, read_start_trunk, train

    chosen = read_paintings(styles, paintings, painting_size)
    before = read_checkpoint(RunFiles(output).checkpoint) if resume else None
    if before:
        # The run's own options stand, but for its length.
        options = before.options if steps is None else replace(before.options, steps=steps)
    else:
        options = TrainingOptions(
            steps=TrainingOptions.steps if steps is None else steps,
            photos_per_step=photos_per_step,
            styles_per_photo=styles_per_photo,
            crop_px=crop,
            late_crop_px=late_crop,
            enlarge=enlarge,
            painting_px=painting_size,
            painting_sizes=tuple(painting.size_px for painting in chosen.values()),
            content_weight=content_weight,
            style_weight=style_weight,
            tv_weight=tv_weight,
            border_weight=border_weight,
            stability_weight=stability_weight,
            correlation_weight=correlation_weight,
            local_correlation_weight=local_correlation_weight,
            trains="styles" if styles_only else "all",
            learning_rate=learning_rate,
            shares=tuple(painting.share for painting in chosen.values()),
            seed=seed,
        )
    start = read_start(start_from, list(chosen)) if start_from else None
    trunk = None
    if options.trains == "styles":
        if not start_from or not start:
            raise OptionError("styles alone have no trunk", "name one by --start-from FOLDER")
        trunk = read_start_trunk(start_from)
        if before and not before.keeps_weights_of(trunk):
            raise OptionError(
                f"{output} did not begin with the trunk of {start_from}", "name that one"
            )
        # A run's own weights are finer than those that its gallery has, and the styles will fit.
        start = replace(start, weights=trunk.float32_weights())
    known = before or start
    spec = _choose_spec(preset, coarse_grain, known.spec if known else None)
    if trunk and spec != trunk.spec:
        raise OptionError(
            f"the trunk of {start_from} is of another network or grain",
            "styles alone take it as it is: leave out --preset and --coarse-grain",
        )
    hardware = prepare_hardware(device, precision, compile_, options.steps)
    console.note(f"training {len(chosen)} styles for {options.steps} steps on {hardware}")
    with run_in(output) as progress:
        checkpoint = train(
            {name: painting.path for name, painting in chosen.items()},
            photos,
            output,
            spec=spec,
            options=options,
            resume=resume,
            start=start,
            hardware=hardware,
            checkpoint_every_s=checkpoint_every,
            preview_every_s=preview_every,
            progress=progress,
            on_skip=console.error,
        )
    cards = {name: painting.card for name, painting in chosen.items()}
    gallery = export_gallery(checkpoint, cards, output / "gallery", trunk)
    console.note(f"impasto PHOTO --gallery {gallery.folder} --style {gallery.names[0]}")


def prepare_hardware(device: str, precision: str, compile_: bool | None, steps: int) -> Hardware:
    """Where a run of so many steps computes; compiled, unless somebody said, if that is worth it.

    Raises:
        OptionError: there is no such device or precision here.
    """
    from impasto.perceptual.hardware import choose_hardware, has_compiler, keep_freed_memory

    if compile_ is None:
        compile_ = steps >= WORTH_COMPILING_STEPS and has_compiler()
    hardware = choose_hardware(device, cast("Precision", precision), compile_)
    keep_freed_memory()
    return hardware


@contextmanager
def run_in(folder: Path) -> Iterator[ProgressListener]:
    """A listener that shows a run's progress, and raises a Ctrl-C between steps; then the user is
    told how to go on.
    """
    from impasto.training.run import RunFiles

    with console.progress() as progress, interrupt_between_steps(progress) as listener:
        try:
            yield listener
        except KeyboardInterrupt:
            if RunFiles(folder).checkpoint.exists():
                console.note(f"{folder} has a checkpoint; --resume goes on from it")
            raise


@contextmanager
def interrupt_between_steps(progress: ProgressListener) -> Iterator[ProgressListener]:
    """A listener that raises a Ctrl-C once the step is whole; pressed again, it takes effect at
    once.
    """
    pressed = threading.Event()

    def remember(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, remember)

    def listen(event: Progress) -> None:
        progress(event)
        if pressed.is_set():
            raise KeyboardInterrupt

    try:
        yield listen
    finally:
        signal.signal(signal.SIGINT, previous)


def _choose_spec(
    preset: str | None, coarse_grain: float | None, known: NetworkSpec | None
) -> NetworkSpec | None:
    """The network that is asked for, or the one that is known already, if any."""
    from impasto.networks.spec import STANDARD

    spec = choose_preset(preset) if preset else known
    return spec if coarse_grain is None else replace(spec or STANDARD, coarse_grain=coarse_grain)
