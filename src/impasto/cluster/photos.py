"""Photos of a batch: an actor of Ray's with open stylizers, which paints block after block."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from impasto._util.cpu import usable_cores
from impasto.cluster.places import Place, fetched
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import ImpastoError, InputError
from impasto.large.memory_plan import default_bytes
from impasto.options import StylizeOptions
from impasto.photo_jobs import Job, Outcome, paint_jobs
from impasto.photos import PhotoReport, paint_photo
from impasto.presets import preset_values
from impasto.stylizer import SETTLED, Stylizer

RESULTS = pa.schema(
    {
        "path": pa.string(),
        "output": pa.string(),
        "status": pa.string(),
        "error": pa.string(),
        "milliseconds": pa.float32(),
        "width": pa.int32(),
        "height": pa.int32(),
    }
)
"""What is told of each row: it was painted, skipped (an earlier run had painted it), or failed."""

AT_ONCE = 2  # so that one photo is read and another one written while a third is painted
MOST_STYLIZERS = 4  # open in one actor, for rows with styles of their own


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is painted, unless a row says otherwise.

    Attributes:
        look: the options of paintings.
        suffix: of paintings, with the dot; as their photos', if empty.
        file_quality: 1 to 100, of JPEG, WebP and AVIF.
        strip: leave out EXIF, XMP and resolution.
        longer_px: larger photos are reduced to a longer side of so many pixels, and then painted.
        stability: of films, as `impasto.video.VideoOptions` has it.
        cpus: of each painter.
    """

    look: StylizeOptions
    suffix: str = ""
    file_quality: int = DEFAULT_FILE_QUALITY
    strip: bool = False
    longer_px: int | None = None
    stability: float = 0.0
    cpus: int = 1

    def recipe(self) -> dict[str, Any]:
        """Return all that paintings depend on, as JSON has it, beside the rows' own options."""
        names = ("suffix", "file_quality", "strip", "longer_px", "stability")
        return {**preset_values(self.look), **{name: getattr(self, name) for name in names}}


class PhotoPainter:
    """Paints blocks of rows, as `Source` has them, with a column of their options in JSON, their
    ``output``, and whether that is there already.

    Args:
        target: where paintings go.
        options: of all rows.
    """

    def __init__(self, target: Place, options: BatchOptions) -> None:
        os.environ.setdefault("OPENCV_FOR_THREADS_NUM", str(options.cpus))
        self._target, self._options = target, options
        self._memory_bytes = default_bytes() * options.cpus // max(options.cpus, usable_cores())
        self._stylizers: dict[StylizeOptions, Stylizer] = {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Paint what is to be painted, and tell of all rows (`RESULTS`)."""
        results: list[Outcome] = []
        alike = itemgetter("done", "options")
        for (is_done, own), group in groupby(rows.to_pylist(), alike):
            jobs = [Job(row["path"], row["output"]) for row in group]
            if is_done:
                results += [Outcome(job, "skipped") for job in jobs]
            else:
                self._paint(jobs, json.loads(own), results)
        return table_of(*results)

    def _paint(self, jobs: list[Job], own: dict[str, Any], results: list[Outcome]) -> None:
        try:
            stylizer = self._stylizer(self._options.look.changed(own))
        except ImpastoError as error:
            results += [Outcome(job, "failed", error=error) for job in jobs]
            return

        def paint(job: Job) -> PhotoReport:
            with foreseen(), fetched(job.source) as photo, self._target.writing(job.target) as file:
                return self._paint_file(stylizer, photo, file)

        paint_jobs(jobs, paint, results.append, AT_ONCE)

    def _paint_file(self, stylizer: Stylizer, photo: Path, file: Path) -> PhotoReport:
        return paint_photo(
            stylizer,
            photo,
            file,
            quality=self._options.file_quality,
            strip=self._options.strip,
            longer_px=self._options.longer_px,
            memory_bytes=self._memory_bytes // AT_ONCE,
        )

    def _stylizer(self, look: StylizeOptions) -> Stylizer:
        """Return one that is open in the look's style, and paints as the look says."""
        kept = {name: getattr(look, name) for name in (*SETTLED, "regions")}
        key = StylizeOptions(**kept)
        stylizer = self._stylizers.pop(key, None)
        if stylizer is None:
            while len(self._stylizers) >= MOST_STYLIZERS:
                self._stylizers.pop(next(iter(self._stylizers))).close()
            stylizer = Stylizer(look, threads=self._options.cpus)
        self._stylizers[key] = stylizer  # the last used is the last to go
        if stylizer.options != look:
            stylizer.options = look
        return stylizer


@contextmanager
def foreseen() -> Iterator[None]:
    """Turn whatever a row meets into an `ImpastoError`: no row ends the work on all others."""
    try:
        yield
    except ImpastoError:
        raise
    except OSError as error:
        raise InputError(f"the file system does not answer ({error})", "check it") from error
    except Exception as error:
        raise ImpastoError(f"unexpected {type(error).__name__} ({error})") from error


def table_of(*outcomes: Outcome) -> pa.Table:
    """Return rows of `RESULTS`."""
    rows = [
        {
            "path": outcome.job.source,
            "output": outcome.job.target,
            "status": outcome.status,
            "error": str(outcome.error) if outcome.error else None,
            "milliseconds": 1000 * outcome.seconds if outcome.seconds else None,
            "width": outcome.report.width if outcome.report else None,
            "height": outcome.report.height if outcome.report else None,
        }
        for outcome in outcomes
    ]
    return pa.Table.from_pylist(rows, RESULTS)
