"""Options and runs of the commands that train."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from impasto.cli.console import console
from impasto.cli.options import (
    REQUIRED,
    SCHEDULE,
    SPEED,
    argument,
    device_option,
    option,
    torch_precision_option,
)
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.perceptual.hardware import Precision
    from impasto.progress import Progress, ProgressListener
    from impasto.training.options import TrainingOptions
    from impasto.training.run import TrainingRun

Kind = TypeVar("Kind", bound="TrainingOptions")

WORTH_COMPILING_STEPS = 500


def styles_argument() -> Path:
    """Return the argument that names the paintings to train on."""
    help_ = "A painting, a folder of paintings, or a JSON list of them."
    return cast("Path", argument("STYLES", help_))


def paintings_folder() -> Path | None:
    """Return the option that says where a JSON list's paintings are."""
    return option(None, "Where the JSON list's paintings are.", metavar="FOLDER")


def run_folder(default: str) -> Path:
    """Return the option that says where a run's files are."""
    return option(Path(default), "Of the run.", "--output", "-o", metavar="FOLDER")


def start_option() -> Path | None:
    """Return the option that says what a run starts from."""
    return option(
        None,
        "Start from what another run, or a gallery, has learned, instead of random weights.",
        metavar="FOLDER",
    )


def crop_option(default_px: int) -> int:
    """Return the option that says how large the photos' crops are."""
    return option(default_px, "Side of the crops.", "--crop", metavar="PX", panel=SCHEDULE)


def late_crop_option(default_px: int) -> int:
    """Return the option that says how large crops are in the end."""
    help_ = "Their side in the last 30 % of steps."
    return option(default_px, help_, "--late-crop", metavar="PX", panel=SCHEDULE)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of every run; subclasses name theirs as `TrainingOptions` does."""

    photos: Path = option(REQUIRED, "Photographs to learn on: some hundreds.", metavar="FOLDER")
    output: Path
    resume: bool = option(
        False,
        "Go on with the run in the output folder. Its own options stand; only --steps may change.",
        "--resume",
    )
    steps: int | None = option(
        None, "Of the optimiser. Default: 6000, of an encoder 12000.", panel=SCHEDULE
    )
    photos_per_step: int = option(2, panel=SCHEDULE)
    seed: int = option(0, panel=SCHEDULE)
    checkpoint_every: float = option(180, metavar="SECONDS", panel=SCHEDULE)
    preview_every: float = option(300, metavar="SECONDS", panel=SCHEDULE)
    device: str = device_option()
    precision: str = torch_precision_option()


@dataclass(frozen=True, kw_only=True)
class CompiledRunOptions(RunOptions):
    """The options of runs whose network can be compiled."""

    compile: bool | None = option(
        None,
        "Compile the network first: a sixth faster, after up to a minute. Default: for long runs, "
        "where there is a C++ compiler.",
        "--compile/--no-compile",
        panel=SPEED,
    )


def training_options(said: RunOptions, kind: type[Kind], before: Kind | None, **more: Any) -> Kind:
    """Return the options of a run.

    Args:
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
        what: "training 3 styles", say.
        steps: of the optimiser; 0 if other things end the run. Where it can be, and unless somebody
            said, many are compiled.
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
    compiles = said.compile if isinstance(said, CompiledRunOptions) else False
    if compiles is None:
        compiles = steps >= WORTH_COMPILING_STEPS and has_compiler()
    hardware = choose_hardware(said.device, cast("Precision", said.precision), compiles)
    keep_freed_memory()
    with ExitStack() as stack:
        stack.enter_context(together(hardware.device))
        several = f", in {process_count()} processes" if process_count() > 1 else ""
        console.quiet |= not writes()
        length = f" for {steps} steps" if steps else ""
        console.note(f"{what}{length} on {hardware}{several}")
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
    it takes effect at once. Where another process of the run is lost, ``torchrun`` terminates this
    one, too: it has a line to say first, and ends by itself.
    """
    from impasto.training.processes import LostProcessError

    pressed = threading.Event()

    def remember(number: int, _: object) -> None:
        pressed.set()
        signal.signal(number, previous[signal.Signals(number)])

    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {each: signal.signal(each, remember) for each in signals}

    def listen(event: Progress) -> None:
        progress(event)
        if pressed.is_set():
            raise KeyboardInterrupt

    try:
        yield listen
    except LostProcessError:
        previous[signal.SIGTERM] = signal.SIG_IGN
        raise
    finally:
        for each in signals:
            signal.signal(each, previous[each])
