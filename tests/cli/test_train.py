import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.calls import Run
from impasto.cli.console import console
from impasto.images import Picture, write_image
from impasto.networks.spec import STANDARD
from impasto.progress import Progress, ProgressListener
from impasto.styles import open_gallery
from impasto.training.checkpoint import read_checkpoint
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")

QUICK = [
    "--crop", "32", "--late-crop", "32", "--painting-size", "40", "--precision", "f32",
    "--no-compile",
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty photos, one more that cannot be read, and two paintings."""
    (tmp_path / "photos").mkdir()
    for number in range(20):
        write_image(tmp_path / "photos" / f"{number}.jpg", Picture(picture(60, 45, number)))
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "paintings").mkdir()
    for name in ("bold", "calm"):
        write_image(tmp_path / "paintings" / f"{name}.png", Picture(picture(50, 50, len(name))))
    return tmp_path


def test_from_paintings_to_a_painting(impasto: Run, data: Path) -> None:
    arguments = ["train", "paintings", "--photos", "photos", "-o", "run", *QUICK]
    ran = impasto(*arguments, "--steps", "12")
    assert ran.code == 0, ran.err
    assert "bad.jpg is not an image" in ran.err
    assert "impasto PHOTO --gallery run/gallery --style bold" in ran.err
    ran = impasto("photos/3.jpg", "--gallery", "run/gallery", "--style", "calm+bold")
    assert ran.code == 0, ran.err
    ran = impasto(*arguments)
    assert (ran.code, "--resume" in ran.err) == (2, True)
    ran = impasto(*arguments, "--resume", "--steps", "14")
    assert ran.code == 0, ran.err
    assert read_checkpoint(data / "run" / "checkpoint.pt").state["next_step"] == 14
    ran = impasto(*arguments, "-o", "other", "--start-from", "run", "--steps", "1")
    assert ran.code == 0, ran.err


def test_styles_only_leaves_the_trunk_as_it_is(impasto: Run, data: Path) -> None:
    arguments = ["train", "paintings", "--photos", "photos", *QUICK, "--steps", "2"]
    assert impasto(*arguments, "-o", "run").code == 0
    ran = impasto(*arguments, "-o", "again", "--start-from", "run", "--styles-only")
    assert ran.code == 0, ran.err
    before, after = (open_gallery(data / run / "gallery") for run in ("run", "again"))
    assert after.open_pack.trunk.fingerprint == before.open_pack.trunk.fingerprint
    was, now = (gallery.load_style("bold").vector for gallery in (before, after))
    assert not np.array_equal(was, now)
    other = ["-o", "other", "--start-from", "run", "--styles-only", "--coarse-grain", "0.02"]
    ran = impasto(*arguments, *other)
    assert (ran.code, "leave out --preset and --coarse-grain" in ran.err) == (2, True)
    on = [*arguments, "-o", "again", "--resume", "--steps", "3", "--start-from"]
    assert impasto(*on, "run").code == 0
    assert impasto(*arguments, "-o", "other", "--seed", "5").code == 0
    ran = impasto(*on, "other")
    assert (ran.code, "did not begin with the trunk of other" in ran.err) == (2, True)


def test_a_small_network_is_taught_and_trained_on(impasto: Run, data: Path, gallery: Path) -> None:
    quick = ["--crop", "32", "--precision", "f32", "--no-compile", "--photos", "photos"]
    ran = impasto("distil", gallery, "-o", "small", "--steps", "2", *quick)
    assert ran.code == 0, ran.err
    assert "--start-from small" in ran.err
    ran = impasto("photos/3.jpg", "--gallery", "small/gallery", "--style", "first+second")
    assert ran.code == 0, ran.err
    arguments = ["train", "paintings", "--photos", "photos", "-o", "run", *QUICK]
    ran = impasto(*arguments, "--start-from", "small", "--steps", "1")
    assert ran.code == 0, ran.err
    ran = impasto("distil", gallery, "-o", "small", *quick)
    assert (ran.code, "--resume" in ran.err) == (2, True)
    ran = impasto("distil", gallery, "-o", "small", *quick, "--resume", "--steps", "3")
    assert ran.code == 0, ran.err
    assert read_checkpoint(data / "small" / "checkpoint.pt").state["next_step"] == 3
    ran = impasto("distil", gallery, "-o", "small", *quick, "--resume", "--steps", "0")
    assert (ran.code, "steps is 0" in ran.err) == (2, True)
    assert impasto("distil", data, "-o", "other", *quick).code == 5


def test_coarse_grain_is_the_networks_own(impasto: Run, data: Path) -> None:
    arguments = ["train", "paintings", "--photos", "photos", *QUICK, "--steps", "1"]
    ran = impasto(*arguments, "-o", "run", "--coarse-grain", "0.03")
    assert ran.code == 0, ran.err
    trunk = open_gallery(data / "run" / "gallery").open_pack.trunk
    assert trunk.spec == replace(STANDARD, coarse_grain=0.03)
    for folder, more in {"styles": ["--styles-only"], "on": []}.items():
        ran = impasto(*arguments, "-o", folder, "--start-from", "run", *more)
        assert ran.code == 0, ran.err
        assert open_gallery(data / folder / "gallery").open_pack.trunk.spec == trunk.spec
    ran = impasto(*arguments, "-o", "run", "--resume", "--steps", "2")
    assert ran.code == 0, ran.err
    assert impasto(*arguments, "-o", "other", "--coarse-grain", "2").code == 2


def test_johnsons_preset(impasto: Run, data: Path) -> None:
    ran = impasto(
        "train", "paintings/bold.png", "--photos", "photos", "-o", "run", *QUICK,
        "--preset", "johnson-batch", "--steps", "1", "--crop", "48", "--late-crop", "48",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert impasto("photos/3.jpg", "--gallery", "run/gallery", "--style", "bold").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere", "--photos", "photos"], 3, "nowhere does not exist"),
        (["paintings", "--photos", "nowhere"], 3, "nowhere is not a folder"),
        (["paintings", "--photos", "photos", "--preset", "huge"], 2, "--preset 'huge'"),
        (["paintings", "--photos", "photos", "--steps", "0"], 2, "steps is 0"),
        (["paintings", "--photos", "photos", "--styles-only"], 2, "--start-from FOLDER"),
        (["paintings", "--photos", "photos", "--resume"], 3, "checkpoint.pt does not exist"),
        (["paintings", "--photos", "photos", "--preset", "johnson-batch"], 2, "one style"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_one_line(
    impasto: Run, data: Path, arguments: list[str], code: int, says: str
) -> None:
    ran = impasto("train", *arguments, "-o", "run")
    assert ran.code == code, ran.err
    assert says in ran.err
    assert sum(line.startswith("impasto: ") for line in ran.err.splitlines()) == 1


def test_ctrl_c_saves_a_checkpoint(
    impasto: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(event: Progress) -> None:
        if event.done == 3:
            signal.raise_signal(signal.SIGINT)

    @contextmanager
    def progress() -> Iterator[ProgressListener]:
        yield press

    monkeypatch.setattr(console, "progress", progress)
    arguments = ["train", "paintings", "--photos", "photos", "-o", "run", "--steps", "100000"]
    ran = impasto(*arguments, *QUICK)
    assert ran.code == 130, ran.err
    assert "--resume goes on from it" in ran.err
    assert read_checkpoint(data / "run" / "checkpoint.pt").state["next_step"] == 3
