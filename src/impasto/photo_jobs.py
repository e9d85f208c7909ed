"""Many photos, some at the same time, with one network."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import Literal

from impasto.errors import ImpastoError, OptionError
from impasto.photos import PhotoReport

MAX_JOBS = 64
REPORTED = ("width", "height", "pictures", "left_out", "clipped_px")


@dataclass(frozen=True)
class Job:
    """One photo, and where its painting goes.

    Attributes:
        makes_folder: the target's folder is made if it is not there.
    """

    source: str
    target: str
    makes_folder: bool = False
    style: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    Attributes:
        status: ``painted``, ``skipped`` since the painting was there already, or ``failed``.
    """

    job: Job
    status: Literal["painted", "skipped", "failed"]
    seconds: float = 0.0
    report: PhotoReport | None = None
    error: ImpastoError | None = None


def paint_jobs(
    jobs: Sequence[Job],
    paint: Callable[[Job], PhotoReport],
    tell: Callable[[Outcome], None],
    at_once: int = 1,
) -> None:
    """Paint photos; one that fails does not keep the others from being painted.

    After an exception, Ctrl-C above all, no more are begun; those begun at the same time as the
    one that was waited for are finished, and told of.

    Args:
        paint: paints one; it is called from several threads. A `Stylizer` may be shared by them:
            its network paints one picture at a time (on all cores), while other photos are read,
            written and compressed.
        tell: told what became of each, as it is done.
        at_once: how many photos at the same time.

    Raises:
        OptionError: ``at_once`` is out of its range.
    """
    if not 1 <= at_once <= MAX_JOBS:
        raise OptionError(f"jobs is {at_once}", f"give a whole number from 1 to {MAX_JOBS}")
    if at_once == 1:
        for job in jobs:
            tell(_outcome(job, paint))
        return
    pool = ThreadPoolExecutor(at_once)
    untold = {pool.submit(_outcome, job, paint) for job in jobs}
    try:
        for future in as_completed(list(untold)):
            untold.remove(future)
            tell(future.result())
    finally:
        pool.shutdown(cancel_futures=True)
        for future in untold:
            if not future.cancelled():
                tell(future.result())


def _outcome(job: Job, paint: Callable[[Job], PhotoReport]) -> Outcome:
    began = time.perf_counter()
    try:
        report = paint(job)
    except ImpastoError as error:
        return Outcome(job, "failed", time.perf_counter() - began, error=error)
    return Outcome(job, "painted", time.perf_counter() - began, report)


def report_tree(
    outcomes: Sequence[Outcome], *, planned: int, about: Mapping[str, object]
) -> dict[str, object]:
    """Return all outcomes, for JSON.

    Args:
        outcomes: in any order.
        planned: how many photos there are, those that were not reached among them.
        about: what holds for all: the recipe, the engine.
    """
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in ("painted", "skipped", "failed")
    }
    photos = [_entry(each) for each in sorted(outcomes, key=lambda each: each.job.source)]
    left = {"not_reached": planned - len(outcomes)}
    return {**about, **counts, **left, "photos": photos}


def _entry(outcome: Outcome) -> dict[str, object]:
    entry: dict[str, object] = {
        "photo": outcome.job.source,
        "painting": outcome.job.target,
        "style": outcome.job.style,
        "status": outcome.status,
    }
    if outcome.report:
        report = asdict(outcome.report)
        entry |= {key: report[key] for key in REPORTED}
        entry["in_tiles"] = outcome.report.plan is not None and not outcome.report.plan.whole
    if outcome.status != "skipped":
        entry["seconds"] = round(outcome.seconds, 3)
    if outcome.error:
        entry |= {"error": str(outcome.error), "kind": type(outcome.error).__name__}
    return entry
