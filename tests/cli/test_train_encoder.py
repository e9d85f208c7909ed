"""From a folder of paintings to --style any-painting.jpg."""

import shutil
from pathlib import Path

import pytest

from cli.calls import Outcome, Run
from impasto.images import Picture, write_image
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")


@pytest.fixture
def train(impasto: Run, gallery: Path, tmp_path: Path) -> Run:
    for kind in ("paintings", "photos"):
        (tmp_path / kind).mkdir()
        for seed in range(3):
            write_image(tmp_path / kind / f"{kind}-{seed}.png", Picture(picture(70, 66, seed)))
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "gallery").mkdir()
    for path in gallery.iterdir():
        shutil.copy(path, tmp_path / "gallery")
    small = ["--crop", 32, "--late-crop", 32, "--painting-crop", 48, "--photos-per-step", 1]
    given = ["--photos", "photos", "--gallery", "gallery", "-o", "run"]
    given += ["--precision", "f32", "--no-compile"]

    def run(*arguments: object) -> Outcome:
        return impasto("train-encoder", "paintings", *given, *small, *arguments)

    return run


def test_train_copy_paint(train: Run, impasto: Run, photo: Path, tmp_path: Path) -> None:
    ran = train("--steps", 6, "--leave-out", "paintings-1.png")
    assert ran.code == 0, ran.err
    assert "training on 2 paintings for 6 steps on cpu in f32" in ran.err
    assert "bad.jpg" in ran.err
    again = train("--steps", 8)
    assert (again.code, "--resume" in again.err) == (2, True)
    assert train("--steps", 8, "--resume", "--leave-out", "paintings-1.png").code == 0
    shutil.copy(tmp_path / "run" / "encoder.safetensors", tmp_path / "gallery")
    painted = impasto(photo, "--style", "paintings/paintings-1.png", "--gallery", "gallery")
    assert painted.code == 0, painted.err


def test_with_the_trunk(train: Run, impasto: Run, photo: Path, tmp_path: Path) -> None:
    large = ["--crop", 96, "--late-crop", 96, "--painting-crop", 96]
    ran = train("--steps", 2, "--with-trunk", *large)
    assert (ran.code, "first is to be trained, too" in ran.err) == (2, True), ran.err
    for name in ("first", "second"):
        write_image(tmp_path / "paintings" / f"{name}.png", Picture(picture(100, 100)))
    ran = train("--steps", 2, "--with-trunk", *large)
    assert ran.code == 0, ran.err
    painting = "first+paintings/paintings-1.png"
    painted = impasto(photo, "--style", painting, "--gallery", "run/gallery")
    assert painted.code == 0, painted.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--leave-out", "painting-1.png"], 2, "no painting painting-1 there"),
        (["--steps", "0"], 2, "steps is 0"),
        (["--start-from", "gallery"], 5, "encoder.safetensors"),
        (["--resume"], 3, "checkpoint.pt does not exist"),
        (["--device", "abacus"], 2, "abacus"),
        (["--photos", "nowhere"], 3, "nowhere is not a folder"),
    ],
)
def test_what_cannot_be(train: Run, arguments: list[str], code: int, says: str) -> None:
    ran = train(*arguments)
    assert (ran.code, says in ran.err) == (code, True), ran.err
