import subprocess
import sys

import numpy as np
import onnx
import pytest

from impasto.engines import open_engine
from impasto.images import Picture, read_image, write_image
from tiny import picture


def test_the_program_that_it_prints(impasto, gallery, tmp_path):
    """Run as printed, it paints as the engine does."""
    write_image(tmp_path / "photo.jpg", Picture(picture(69, 51)), quality=100)
    ran = impasto("export", "--style", "first:3+second", "--gallery", gallery, "-o", "mix.onnx")
    assert ran.code == 0
    assert len(ran.out.strip().splitlines()) <= 10
    subprocess.run([sys.executable, "-c", ran.out], check=True, cwd=tmp_path)
    painted = read_image(tmp_path / "painting.png").pixels
    assert painted.shape == (48, 68, 3)

    write_image(tmp_path / "photo.jpg", Picture(picture(68, 48)), quality=100)
    subprocess.run([sys.executable, "-c", ran.out], check=True, cwd=tmp_path)
    with open_engine((tmp_path / "mix.onnx").read_bytes(), engine="opencv") as engine:
        expected = engine.paint(read_image(tmp_path / "photo.jpg").pixels)
    painted = read_image(tmp_path / "painting.png").pixels
    # Two JPEG decoders may differ by a level, which a random network makes more of.
    assert np.median(np.abs(painted.astype(int) - expected)) <= 2


def test_what_the_file_says_of_itself(impasto, gallery, tmp_path):
    assert impasto("export", "--style", "second", "--gallery", gallery).code == 0
    model = onnx.load(tmp_path / "second.onnx")
    onnx.checker.check_model(model, full_check=True)
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert said["style"] == "second"
    assert said["paintings"] == "Nobody: Painting 1"
    assert said["licence of the paintings"] == "second: CC0"
    assert "multiples of 4" in said["input and output"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--style", "frist"], 5, "did you mean first"),
        (["--style", "first", "-o", "first.pb"], 2, "end it in .onnx"),
        (["--style", "first", "-o", "nowhere/first.onnx"], 4, "no folder"),
    ],
)
def test_impossible_exports(impasto, gallery, arguments, code, says):
    ran = impasto("export", *arguments, "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err
