import json
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.errors import OptionError
from impasto.evaluation.scores import Score, StyleReport, evaluate, report_tree
from impasto.images import Picture, read_image, write_image
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")

CPU = Hardware(torch.device("cpu"), torch.float32)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for seed in (1, 2):
        paths.append(tmp_path / f"{seed}.png")
        write_image(paths[-1], Picture(picture(72, 64, seed)))
    return paths


def test_the_photo_has_no_content_loss_and_the_painting_no_style_loss(pictures: list[Path]) -> None:
    photo, painting = pictures
    painter = {"identity": lambda pixels: pixels, "copy": lambda _: read_image(painting).pixels}
    reports = evaluate(
        painter,
        {"identity": painting, "copy": painting},
        [photo],
        size_px=64,
        painting_px=64,
        hardware=CPU,
    )
    identity, copy = reports
    assert identity.median.content == 0
    assert identity.median.style > 0.01
    assert copy.median.style == pytest.approx(0, abs=1e-10)
    assert copy.median.deep_style == pytest.approx(0, abs=1e-10)
    assert copy.median.content > 0.1
    assert copy.median.repetition == pytest.approx(0, abs=1e-10)
    assert identity.median.repetition > 0.01


def test_photos_of_one_name_in_two_folders_are_two(pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    twin = tmp_path / "below" / pictures[0].name
    write_image(twin, Picture(picture(66, 70, 3)))
    (report,) = evaluate(
        {"identity": lambda pixels: pixels},
        {"identity": pictures[1]},
        [pictures[0], twin],
        size_px=64,
        painting_px=64,
        hardware=CPU,
    )
    assert list(report.scores) == [str(pictures[0]), str(twin)]


def test_a_reference_that_is_stuck_starts_afresh(
    pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that does not move, as rounding may make it, is taken once, not for ever."""
    made = []

    class Stuck(torch.optim.LBFGS):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

        def step(self, closure: Any) -> Any:  # type: ignore[override]
            return closure().detach() if len(made) == 1 else super().step(closure)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(torch.optim, "LBFGS", Stuck)
    (report,) = evaluate(
        {"identity": lambda pixels: pixels},
        {"identity": pictures[1]},
        pictures[:1],
        size_px=64,
        painting_px=64,
        reference_iterations=8,
        hardware=CPU,
    )
    assert report.reference[0] == report.reference[1]
    assert report.reference[-1] < 0.9 * report.reference[1]


def test_reference_falls_and_is_cached(pictures: list[Path], tmp_path: Path) -> None:
    events: list[Progress] = []

    def evaluate_with_reference(progress: Any) -> Any:
        return evaluate(
            {"identity": lambda pixels: pixels},
            {"identity": pictures[1]},
            pictures[:1],
            size_px=64,
            painting_px=64,
            reference_iterations=5,
            cache=tmp_path / "curves.json",
            hardware=CPU,
            progress=progress,
        )

    (report,) = evaluate_with_reference(events.append)
    assert len(report.reference) == 5
    assert report.reference[-1] < report.reference[0]
    assert len(events) == 6
    assert len((tmp_path / "curves.json").read_text().splitlines()) == 3  # one curve, one line
    events.clear()
    (again,) = evaluate_with_reference(events.append)
    assert again == report
    assert len(events) == 1  # only the photo: the curve came from the cache

    tree = json.loads(json.dumps(report_tree([report])))
    assert tree[0]["photos"][str(pictures[0])]["J"] == pytest.approx(report.objective)


def test_iterations_are_counted_on_the_curve() -> None:
    def report(objective: Any, reference: Any) -> Any:
        return StyleReport("x", {"photo": Score(objective, 0.0, 0.0, 0.0)}, reference)

    curve = [9.0, 5.0, 3.0, 2.0]
    assert report(4.0, curve).iterations == 2
    assert report(5.0, curve).iterations == 2
    assert report(10.0, curve).iterations == 0
    assert report(1.0, curve).iterations == 4
    assert report(1.0, []).iterations is None


def test_medians_and_objective() -> None:
    scores = {str(n): Score(n, n / 10, n, n / 2) for n in (1.0, 2.0, 9.0)}
    report = StyleReport("x", scores, [])
    assert report.median == Score(2.0, 0.2, 2.0, 1.0)
    assert report.objective == pytest.approx(2 + 15 * 0.2)


def test_impossible_requests(pictures: list[Path]) -> None:
    with pytest.raises(OptionError, match="nothing to evaluate"):
        evaluate({}, {}, pictures)
    with pytest.raises(OptionError, match="no painting for a"):
        evaluate({"a": lambda pixels: pixels}, {}, pictures)
