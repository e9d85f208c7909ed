"""Photos as they appear in a watched folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from impasto._util.atomic_files import exists
from impasto.cli.targets import check_targets
from impasto.errors import InputError

if TYPE_CHECKING:
    from impasto.photo_jobs import Job

POLL_S = 1.0
BUSY_SHARE = 0.1
"""The most of the time that looking takes: in folders of many thousands it is done less often."""


def appearing(plan: Callable[[], list[Job]], *, overwrite: bool) -> Iterator[list[Job]]:
    """Look for photos again and again; Ctrl-C, unless it comes while they are painted, is the end.

    A photo is due when its size and time are the same as at the look before: until then, it may
    still be copied. Those that are there already come first.

    Args:
        plan: what is in the folder, and where the paintings go.
        overwrite: photos whose painting exists are due, too, and again when they change; otherwise
            they are left out.

    Yields:
        what is due; mostly nothing.

    Raises:
        OptionError: a painting would replace a photo or another painting.
    """
    before: dict[Job, tuple[int, int] | None] = {}
    done: dict[Job, tuple[int, int] | None] = {}
    with suppress(KeyboardInterrupt):
        while True:
            began = time.monotonic()
            jobs: list[Job] = []
            with suppress(InputError):  # there is no photo yet
                jobs = plan()
            if overwrite:
                check_targets(jobs, overwrite=True, skip_existing=False)
            paintings = {job.target for job in done}  # no photos, even if theirs are gone
            now = {job: stamp(job.source) for job in jobs if job.source not in paintings}
            due: dict[str, Job] = {}
            for job, seen in now.items():
                settled = seen is not None and seen == before.get(job) and seen != done.get(job)
                if settled and (overwrite or not exists(job.target)):
                    due.setdefault(job.target, job)
            done |= {job: now[job] for job in due.values()}
            before = now
            took_s = time.monotonic() - began
            yield list(due.values())
            time.sleep(max(POLL_S, took_s / BUSY_SHARE))


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Return another stamp when a file has changed; none while there is nothing in it."""
    with suppress(OSError):
        found = Path(path).stat()
        if found.st_size:
            return found.st_mtime_ns, found.st_size
    return None
