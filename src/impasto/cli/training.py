"""What the commands that train have in common."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import SCHEDULE, SPEED, DeviceOption, TorchPrecisionOption
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.perceptual.hardware import Precision
    from impasto.progress import Progress, ProgressListener
    from impasto.training.options import TrainingOptions
    from impasto.training.run import TrainingRun

__all__ = [
    "CompileOption",
    "CropOption",
    "LateCropOption",
    "PaintingsOption",
    "RunFolderOption",
    "RunOptions",
    "ScheduleFloat",
    "ScheduleInt",
    "StartOption",
    "StylesArgument",
    "interrupt_between_steps",
    "training_options",
    "training_run",
]

Kind = TypeVar("Kind", bound="TrainingOptions")

WORTH_COMPILING_STEPS = 500

CompileOption = Annotated[
    bool | None,
    typer.Option(
        "--compile/--no-compile",
        help="Compile the network first: a sixth faster, after up to a minute. Default: for long "
        "runs, where there is a C++ compiler.",
        show_default=False,
        rich_help_panel=SPEED,
    ),
]
StylesArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STYLES", help="A painting, a folder of paintings, or a JSON list of them."
    ),
]
PaintingsOption = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where the JSON list's paintings are.", show_default=False),
]
StartOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Start from what another run, or a gallery, has learned, instead of random weights.",
        show_default=False,
    ),
]
RunFolderOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Of the run.")
]
ScheduleInt = Annotated[int, typer.Option(rich_help_panel=SCHEDULE)]
ScheduleFloat = Annotated[float, typer.Option(rich_help_panel=SCHEDULE)]
CropOption = Annotated[
    int,
    typer.Option("--crop", metavar="PX", help="Side of the crops.", rich_help_panel=SCHEDULE),
]
LateCropOption = Annotated[
    int,
    typer.Option(
        "--late-crop",
        metavar="PX",
        help="Their side in the last 30 % of steps.",
        rich_help_panel=SCHEDULE,
    ),
]
EverySecondsOption = Annotated[float, typer.Option(metavar="SECONDS", rich_help_panel=SCHEDULE)]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What every run can be told; subclasses name their options as `TrainingOptions` does."""

    photos: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn on: some hundreds.")
    ]
    output: RunFolderOption
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run in the output folder. Its own options stand; only --steps may "
            "change.",
        ),
    ] = False
    steps: Annotated[
        int | None,
        typer.Option(
            help="Of the optimiser. Default: 6000, of an encoder 12000.",
            rich_help_panel=SCHEDULE,
            show_default=False,
        ),
    ] = None
    photos_per_step: ScheduleInt = 2
    seed: ScheduleInt = 0
    checkpoint_every: EverySecondsOption = 180
    preview_every: EverySecondsOption = 300
    device: DeviceOption = "auto"
    precision: TorchPrecisionOption = "auto"
    compile: CompileOption = None


def training_options(said: RunOptions, kind: type[Kind], before: Kind | None, **more: Any) -> Kind:
    """Return the options of a run.

    Args:
        said: on the command line.
        kind: of options.
        before: those of the run that goes on, if it does: they stand, but for its length.
        more: options that have other names on the command line.
    """
    if before:
        return before if said.steps is None else replace(before, steps=said.steps)
    names = {field.name for field in fields(kind)}
    given = {name: value for name, value in vars(said).items() if name in names}
    if said.steps is None:
        given.pop("steps")
    return kind(**given, **more)


@contextmanager
def training_run(
    said: RunOptions, what: str, steps: int, *, shared: bool = False
) -> Iterator[TrainingRun]:
    """Open a run that shows its progress, and that stops by a Ctrl-C between steps; then the user
    is told how to go on.

    Args:
        said: on the command line.
        what: "training 3 styles", say.
        steps: of the optimiser. Unless somebody said, many steps are compiled.
        shared: several processes can train together.

    Raises:
        OptionError: there is no such device or precision here, or only one process can train.
        TrainingError: the processes do not meet.
    """
    from impasto.perceptual.hardware import choose_hardware, has_compiler, keep_freed_memory
    from impasto.training.checkpoint import CHECKPOINT_FILE
    from impasto.training.processes import process_count, together, writes
    from impasto.training.run import TrainingRun

    if not shared and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise OptionError(f"{what} takes one process", "start it without torchrun")

    compiles = said.compile
    if compiles is None:
        compiles = steps >= WORTH_COMPILING_STEPS and has_compiler()
    hardware = choose_hardware(said.device, cast("Precision", said.precision), compiles)
    keep_freed_memory()
    with ExitStack() as stack:
        stack.enter_context(together(hardware.device))
        several = f", in {process_count()} processes" if process_count() > 1 else ""
        console.quiet |= not writes()
        console.note(f"{what} for {steps} steps on {hardware}{several}")
        progress = stack.enter_context(console.progress())
        listener = stack.enter_context(interrupt_between_steps(progress))
        try:
            yield TrainingRun(
                said.output,
                said.resume,
                hardware,
                checkpoint_every_s=said.checkpoint_every,
                preview_every_s=said.preview_every,
                progress=listener,
                on_skip=console.error,
                writes=writes(),
            )
        except KeyboardInterrupt:
            if any(said.output.rglob(CHECKPOINT_FILE)):
                console.note(f"{said.output} has a checkpoint; --resume goes on from it")
            raise


@contextmanager
def interrupt_between_steps(progress: ProgressListener) -> Iterator[ProgressListener]:
    """Yield a listener that raises a Ctrl-C, or a termination, once the step is whole; sent again,
    it takes effect at once.
    """
    pressed = threading.Event()

    def remember(number: int, _: object) -> None:
        pressed.set()
        signal.signal(number, previous[number])

    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {each: signal.signal(each, remember) for each in signals}

    def listen(event: Progress) -> None:
        progress(event)
        if pressed.is_set():
            raise KeyboardInterrupt

    try:
        yield listen
    finally:
        for each in signals:
            signal.signal(each, previous[each])
