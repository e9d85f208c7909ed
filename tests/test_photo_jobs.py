import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import InputError, OptionError
from impasto.images import Picture, read_image, write_image
from impasto.photo_jobs import Job, Outcome, paint_jobs, report_tree
from impasto.photos import PhotoReport, paint_photo
from impasto.stylizer import Stylizer
from tiny import picture, tiny_gallery

JOBS = [Job(f"{name}.png", f"out/{name}.png", True, "udnie") for name in "abcde"]


def paint(job: Job) -> PhotoReport:
    if job.source == "c.png":
        raise InputError("c.png is damaged", "get it anew")
    return PhotoReport(4, 3)


def painted(
    jobs: list[Job], paint: Callable[[Job], PhotoReport], at_once: int = 1
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    paint_jobs(jobs, paint, outcomes.append, at_once)
    return outcomes


@pytest.mark.parametrize("at_once", [1, 3])
def test_one_failure_stops_nothing(at_once: int) -> None:
    outcomes = painted(JOBS, paint, at_once)
    assert sorted(each.job.source for each in outcomes) == [job.source for job in JOBS]
    assert {each.job.source: each.status for each in outcomes}["c.png"] == "failed"
    assert sum(each.status == "painted" for each in outcomes) == 4


def test_several_at_once() -> None:
    together = threading.Barrier(3, timeout=10)

    def wait(job: Any) -> Any:
        together.wait()
        return PhotoReport(4, 3)

    assert len(painted(JOBS[:3], wait, 3)) == 3


def test_an_interruption_begins_no_more_and_tells_of_those_begun() -> None:
    begun, told = [], []

    def slow(job: Any) -> Any:
        begun.append(job)
        time.sleep(0.05)
        return PhotoReport(4, 3)

    def interrupted(outcome: Any) -> None:
        told.append(outcome)
        if len(told) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint_jobs(JOBS * 20, slow, interrupted, 2)
    assert len(begun) < 10
    assert len(told) == len(begun)
    assert all(each.status == "painted" for each in told)


@pytest.mark.parametrize("at_once", [0, 65])
def test_impossible_numbers(at_once: int) -> None:
    with pytest.raises(OptionError, match="jobs is"):
        painted(JOBS, paint, at_once)


def test_report() -> None:
    outcomes = painted(JOBS, paint)[:4]
    report: Any = report_tree(outcomes, planned=5, about={"engine": "fake"})
    assert {key: report[key] for key in ("painted", "skipped", "failed", "not_reached")} == {
        "painted": 3, "skipped": 0, "failed": 1, "not_reached": 1,
    }  # fmt: skip
    assert report["engine"] == "fake"
    assert report["photos"][2]["error"] == "c.png is damaged: get it anew"
    assert report["photos"][2]["kind"] == "InputError"
    assert (report["photos"][0]["width"], report["photos"][0]["style"]) == (4, "udnie")


def test_threads_share_a_stylizer(tmp_path: Path) -> None:
    """And paint what one would."""
    for seed in range(6):
        write_image(tmp_path / f"{seed}.png", Picture(picture(40 + seed, 30, seed)))
    jobs = [Job(str(tmp_path / f"{n}.png"), str(tmp_path / f"out-{n}.png")) for n in range(6)]
    with Stylizer("first", gallery=tiny_gallery(tmp_path / "gallery"), precision="f32") as stylizer:
        expected = [stylizer(read_image(job.source).pixels) for job in jobs]
        outcomes = painted(jobs, lambda j: paint_photo(stylizer, j.source, j.target), 4)
    assert all(each.status == "painted" for each in outcomes)
    for job, pixels in zip(jobs, expected, strict=True):
        assert (read_image(job.target).pixels == pixels).all()
