from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.images import Picture, write_image
from impasto.training import train_fine as module
from impasto.training.two_parts import DRAFT, REVISION
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")


def test_from_paintings_to_a_painting(
    impasto: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the networks that ship, on smaller pictures than they learn from."""
    parts = replace(DRAFT, sizes_px=(32, 16)), replace(REVISION, sizes_px=(32, 16))
    monkeypatch.setattr(module, "train_fine", partial(module.train_fine, weights=parts))
    (tmp_path / "photos").mkdir()
    for number in range(2):
        write_image(tmp_path / "photos" / f"{number}.jpg", Picture(picture(60, 45, number)))
    write_image(tmp_path / "bold.png", Picture(picture(70, 66)))
    arguments = ["train-fine", "bold.png", "--photos", "photos", "-o", "run"]
    arguments += ["--steps", "1", "--photos-per-step", "1", "--precision", "f32"]
    arguments += ["--style-minutes", "0.01"]
    ran = impasto(*arguments)
    assert ran.code == 0, ran.err
    ran = impasto("photos/1.jpg", "--gallery", "run/gallery", "--style", "bold")
    assert ran.code == 0, ran.err
    ran = impasto(*arguments)
    assert (ran.code, "--resume" in ran.err) == (2, True)
    ran = impasto(*arguments, "--styles-only")
    assert (ran.code, "--start-from" in ran.err) == (2, True)
