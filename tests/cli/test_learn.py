"""From a painting to a style that every command knows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.calls import Run
from impasto.images import Picture, write_image
from impasto.training import learn as learning
from impasto.training import train_fine
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")

SMALL: dict[str, Any] = {
    "photos_per_step": 1,
    "crop_px": 32,
    "late_crop_px": 32,
    "painting_px": 64,
    "border_weight": 0,
}


@pytest.fixture
def painting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    six_in_6_s = (1.0, 1.0)
    monkeypatch.setattr(learning, "step_times", lambda *_: six_in_6_s)
    monkeypatch.setattr(learning, "OPTIONS", replace(learning.OPTIONS, **SMALL))
    write_image(tmp_path / "cow.png", Picture(picture(80, 70, seed=9)))
    (tmp_path / "photos").mkdir()
    write_image(tmp_path / "photos" / "1.png", Picture(picture(60, 45)))
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no picture")
    return tmp_path / "cow.png"


LEARN = ["learn", "cow.png", "--photos", "photos", "--minutes", "0.1", "--precision", "f32"]


def test_learn_use_share_forget(impasto: Run, painting: Path, photo: Path, tmp_path: Path) -> None:
    ran = impasto(*LEARN, "-o", "shared.style")
    assert ran.code == 0, ran.err
    assert "impasto PHOTO --style cow" in ran.err
    assert "bad.jpg" in ran.err
    assert "cow" in impasto("styles").out
    assert impasto(photo, "--style", "cow:0.5+sea-at-satta", "-o", "painted.png").code == 0
    assert (tmp_path / "painted.png").exists()

    ran = impasto(*LEARN)
    assert (ran.code, "--resume" in ran.err) == (2, True)
    assert impasto(*LEARN, "--resume").code == 0

    assert impasto("styles", "remove", "cow").code == 0
    assert impasto(photo, "--style", "cow", "-o", "again.png").code == 5
    ran = impasto("learn", "cow.png", "--photos", "nowhere")  # and nothing of "learned before"
    assert (ran.code, "nowhere is not a folder" in ran.err) == (3, True), ran.err
    assert impasto("styles", "add", "shared.style", "--name", "Red Cow").code == 0
    shown = impasto("styles", "show", "red-cow").out
    assert "cow.png" in shown
    assert "(pack moderns)" in shown
    assert "shared" not in impasto("styles", "show", "shared.style").out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.jpg"], 3, "nothing.jpg does not exist"),
        (["cow.png", "--name", "udnie"], 2, "'udnie' already"),
        (["cow.png", "--photos", "nowhere"], 3, "nowhere is not a folder"),
        (["cow.png", "--minutes", "0"], 2, "minutes is 0"),
        (["cow.png", "--fine", "--deep"], 2, "--fine is for the shipped gallery, without --deep"),
        (["cow.png", "-o", "cow.jpg"], 2, ".style"),
        (["cow.png", "-o", "nowhere/cow.style"], 4, "no folder"),
    ],
)
def test_what_cannot_be(
    impasto: Run, painting: Path, arguments: list[str], code: int, says: str
) -> None:
    ran = impasto("learn", *arguments)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_style_files_that_are_none(impasto: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.style").write_bytes(b"?")
    assert impasto("styles", "add", "bad.style").code == 5
    assert impasto("styles", "add", "missing.style").code == 5
    assert impasto("styles", "show", "missing.style").code == 5


def test_fine_learns_for_photos_and_predicts_for_videos(
    impasto: Run, painting: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def learned(painting: Any, *, name: str, minutes: float, gallery: Any, **_: object) -> Any:
        asked.append((painting.path.name, painting.card.title, minutes))
        return replace(gallery.load_style("udnie"), name=name)

    monkeypatch.setattr(train_fine, "learn_fine", learned)
    ran = impasto(*LEARN, "--fine")
    assert ran.code == 0, ran.err
    assert asked == [("cow.png", "cow", 0.1)]
    assert "cow" in impasto("styles").out
    for quality in ("live", "fine"):
        ran = impasto(photo, "--style", "cow", "--quality", quality, "-o", f"{quality}.png")
        assert ran.code == 0, ran.err
    assert impasto("styles", "remove", "cow").code == 0
    assert impasto(photo, "--style", "cow", "--quality", "fine", "-o", "gone.png").code == 2


def test_deep_use_share_forget(
    impasto: Run, painting: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "DEEP", replace(learning.DEEP, **SMALL))
    ran = impasto(*LEARN, "--deep", "-o", "shared.style")
    assert ran.code == 0, ran.err
    assert impasto(photo, "--style", "cow", "-o", "painted.png").code == 0
    assert "(pack cow)" in impasto("styles", "show", "cow").out
    mixed = impasto(photo, "--style", "cow+udnie", "-o", "mixed.png")
    assert (mixed.code, "do not mix" in mixed.err) == (5, True)
    goes_on = impasto(*LEARN, "--resume")
    assert (goes_on.code, "with --deep" in goes_on.err) == (2, True)
    assert impasto("styles", "remove", "cow").code == 0
    assert "carries its own trunk" in impasto("styles", "show", "shared.style").out
    assert impasto("styles", "add", "shared.style").code == 0
    again = impasto(photo, "--style", "cow", "-o", "again.png")
    assert again.code == 0, again.err
