"""All that the command line shows: results on standard output, all else on standard error."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, TextIO

from impasto.errors import OutputError

if TYPE_CHECKING:
    from impasto.errors import ImpastoError
    from impasto.progress import Progress as Event
    from impasto.progress import ProgressListener

PLAIN_EVERY_S = 30.0
# All but tabs and ends of lines; and what turns the direction of the text that follows.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Console:
    """All output, and how much of it to show.

    Attributes:
        quiet: only errors and results.
        verbose: details too: which engine, how long.
    """

    quiet: bool = False
    verbose: bool = False

    def note(self, text: str) -> None:
        """Say something that matters to everybody, unless quiet."""
        if not self.quiet:
            _tell(text)

    def detail(self, text: str) -> None:
        """Say something for those who asked for details."""
        if self.verbose:
            _tell(text)

    def error(self, error: ImpastoError | str) -> None:
        """Say what went wrong, in one line, whatever is in it."""
        line = re.sub(r"\s*[\r\n]\s*", " ", str(error)).strip()
        _tell(f"impasto: {line}")

    def result(self, text: str) -> None:
        """Print what the command was asked for."""
        print(_visible(text))  # noqa: T201

    def send(self, content: BinaryIO) -> None:
        """Write what the command was asked for, where that is no text: the rest of an open file.

        Raises:
            OutputError: standard output is closed, or full.
        """
        with _writing_results():
            sys.stdout.flush()
            shutil.copyfileobj(content, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1
    ) -> None:
        """Print a table, its first ``left`` columns flush left, the others right."""
        from rich import box
        from rich.console import Console as RichConsole
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(columns):
            table.add_column(column, justify="left" if number < left else "right", overflow="fold")
        for row in rows:
            table.add_row(*map(_visible, row))
        width = None if sys.stdout.isatty() else 160  # a file has no width to fit into
        RichConsole(highlight=False, markup=False, width=width).print(table)

    @contextmanager
    def progress(self) -> Iterator[ProgressListener]:
        """Show a bar for each task of `impasto.progress`, with the time left."""
        if self.quiet:
            yield lambda event: None
        elif sys.stderr.isatty():
            with _bars() as listener:
                yield listener
        else:
            yield _plain_lines()


def open_streams() -> None:
    """Put something in the place of standard streams that were closed when Python began: else the
    next file that is opened takes their number, and gets what is written to them. Reading and
    writing fail there, as they should; but nobody misses standard error.

    Results are text with question marks for what the terminal's encoding lacks.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), "r")
    if sys.stdout is None:
        sys.stdout = _Results(os.fdopen(os.open(os.devnull, os.O_RDONLY), "wb"), errors="replace")
    elif type(sys.stdout) is io.TextIOWrapper:
        sys.stdout = _Results(
            sys.stdout.buffer,
            sys.stdout.encoding,
            errors="replace",
            line_buffering=sys.stdout.line_buffering,
        )
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


class _Results(io.TextIOWrapper):
    """Standard output whose errors say that they are its own, whoever writes to it."""

    def write(self, text: str) -> int:
        with _writing_results():
            return super().write(text)

    def flush(self) -> None:
        with _writing_results():
            super().flush()


@contextmanager
def _writing_results() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(
            f"standard output cannot be written ({error.strerror})", "send it elsewhere"
        ) from error


def _tell(text: str) -> None:
    try:
        print(_visible(text), file=sys.stderr, flush=True)  # noqa: T201
    except OSError:  # a full disk, a terminal that is gone: there is nobody else to be told
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Forget what waits in a stream that cannot be written, and all that comes."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), stream.fileno())


def _visible(text: str) -> str:
    """Write control characters, which names of files may have, so that no terminal obeys them."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@contextmanager
def _bars() -> Iterator[ProgressListener]:
    from rich.console import Console as RichConsole
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None, figures="")
        before: Event | None = None

        def listener(event: Event) -> None:
            nonlocal before
            if _begins(event, before):  # a new task starts its own clock
                bars.reset(bar, total=event.total, description=event.task)
            before = event
            bars.update(bar, completed=event.done, figures=_figures(event))

        yield listener


def _plain_lines() -> ProgressListener:
    """Return a listener that prints a line now and then, where there is no terminal."""
    last = time.monotonic()
    before: Event | None = None
    task_began, task_start = 0.0, 0

    def listener(event: Event) -> None:
        nonlocal last, before, task_began, task_start
        now = time.monotonic()
        if _begins(event, before):  # it may go on from half way
            task_began, task_start = now, event.done
        before = event
        if now - last >= PLAIN_EVERY_S:
            last = now
            line = f"{event.task}: {event.done}/{event.total}"
            if event.done > task_start:
                left_s = (now - task_began) / (event.done - task_start) * (event.total - event.done)
                line += f", {timedelta(seconds=round(left_s))} left"
            if event.figures:
                line += f", {_figures(event)}"
            _tell(line)

    return listener


def _begins(event: Event, before: Event | None) -> bool:
    """Tell whether a new task has begun, which may be called as the last one was."""
    return before is None or event.task != before.task or event.done < before.done


def _figures(event: Event) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in event.figures.items())


console = Console()
