"""Painting the photos of one call, and telling of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from impasto._util.atomic_files import make_folder
from impasto.cli.console import console
from impasto.cli.photo_options import PhotoOptions
from impasto.cli.targets import STREAM
from impasto.errors import BatchError, ImpastoError, OutputError
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.photo_jobs import Job, Outcome
    from impasto.photos import PhotoReport
    from impasto.stylizer import Stylizer


class PhotoRun:
    """The photos of one call, and what became of each.

    Args:
        suffix: of paintings whose file is not named, as `choose_suffix` gives it.
        skipped: those of them whose paintings exist already.

    Raises:
        OptionError: the amount of memory cannot be read.
    """

    def __init__(
        self, options: PhotoOptions, suffix: str, jobs: Sequence[Job], skipped: Sequence[Job]
    ) -> None:
        from impasto.large.memory_plan import default_bytes, parse_bytes
        from impasto.photo_jobs import Outcome

        self._options = options
        self._suffix = suffix
        memory_bytes = parse_bytes(options.memory) if options.memory else default_bytes()
        self._memory_bytes = memory_bytes // max(1, options.jobs)
        self._alone = len(jobs) == 1 and not options.watch
        self._planned = len(jobs)
        self.outcomes: list[Outcome] = [Outcome(job, "skipped") for job in skipped]

    def paint(self, stylizer: Stylizer, jobs: Sequence[Job]) -> None:
        """Paint photos in one style, or only say what would be painted."""
        from impasto.photo_jobs import paint_jobs

        if not jobs:
            return
        paint = partial(self._plan if self._options.dry_run else self._paint, stylizer)
        with console.progress() as progress:
            if self._alone:
                paint = partial(paint, progress=progress)

            def tell(outcome: Outcome) -> None:
                self.outcomes.append(outcome)
                self._tell(outcome, str(stylizer.engine))
                if not self._alone:
                    progress(Progress("painting", len(self.outcomes), self._planned))

            paint_jobs(jobs, paint, tell, self._options.jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        """Count more photos, which have appeared."""
        self._planned += len(jobs)

    def report(self, about: dict[str, Any]) -> dict[str, object]:
        """Return what became of each photo, for JSON, after what holds ``about`` all."""
        from impasto.photo_jobs import report_tree

        return report_tree(self.outcomes, planned=self._planned, about=about)

    def finish(self) -> None:
        """Say what is left to say, and open what was painted, if that was asked for.

        Raises:
            ImpastoError: a photo's own error, if it is the only one; that there is no viewer.
            BatchError: some photos failed.
        """
        skipped = sum(outcome.status == "skipped" for outcome in self.outcomes)
        if skipped:
            console.note(f"{skipped} skipped, whose paintings exist already")
        failures = [outcome.error for outcome in self.outcomes if outcome.error]
        if failures:
            done = self._planned - len(failures)
            raise failures[0] if self._alone else BatchError(failures, done)
        paintings = [Path(each.job.target).resolve() for each in self.outcomes if each.report]
        if self._options.show and paintings:
            shown = os.path.commonpath(paintings)  # of one, itself; of several, their folder
            if typer.launch(shown):
                raise ImpastoError(f"the system has no viewer for {shown}", "open it yourself")

    def _tell(self, outcome: Outcome, engine: str) -> None:
        job, report = outcome.job, outcome.report
        source = "standard input" if job.source == STREAM else job.source
        target = "standard output" if job.target == STREAM else job.target
        if outcome.error and not self._alone:
            console.error(outcome.error)
        if not report:
            return
        size, how = (
            f"{report.width} x {report.height} px",
            f", {report.plan}" if report.plan else "",
        )
        if self._options.dry_run:
            console.result(f"{source} -> {target}: {job.style}, {size}{how}, {engine}")
            return
        more = f", {report.pictures} pictures" if report.pictures > 1 else ""
        more += f", without {report.left_out} more pictures" if report.left_out else ""
        if job.target != STREAM or report.left_out:
            console.note(f"{source} -> {target}{more}")
        if report.clipped_px:
            console.note(
                f"{source}: {report.clipped_px:,} pixels beyond black (0) or white (1, or the "
                "tag SMaxSampleValue) are painted as these"
            )
        console.detail(f"{size} in {1000 * outcome.seconds:.0f} ms{how}")

    def _paint(
        self, stylizer: Stylizer, job: Job, progress: Any = lambda event: None
    ) -> PhotoReport:
        from impasto.photos import paint_photo

        options = self._options
        paint = partial(
            paint_photo,
            stylizer,
            sys.stdin.buffer if job.source == STREAM else job.source,
            quality=options.file_quality,
            strip=options.strip,
            overwrite=options.overwrite,
            longer_px=options.max_size,
            compare=options.compare,
            memory_bytes=self._memory_bytes,
            progress=progress,
        )
        if job.target == STREAM:  # which cannot be searched in, and gets all or nothing
            with _temporary_folder() as folder:
                target = Path(folder, self._streamed_name)
                report = paint(target)
                with target.open("rb") as painting:
                    console.send(painting)
            return report
        if job.makes_folder:
            make_folder(Path(job.target).parent)
        return paint(job.target)

    @property
    def _streamed_name(self) -> str:
        """Name of a painting for standard output."""
        return f"painting{self._suffix or '.png'}"

    def _plan(
        self, stylizer: Stylizer, job: Job, progress: Any = lambda event: None
    ) -> PhotoReport:
        from impasto.photos import plan_photo

        return plan_photo(
            stylizer,
            sys.stdin.buffer if job.source == STREAM else job.source,
            self._streamed_name if job.target == STREAM else job.target,
            longer_px=self._options.max_size,
            compare=self._options.compare,
            memory_bytes=self._memory_bytes,
        )


def _temporary_folder() -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory()
    except OSError as error:
        raise OutputError(
            f"no folder for temporary files can be written ({error.strerror})", "name one in TMPDIR"
        ) from error
