import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import impasto
from cli.calls import Run
from converters.write_t7 import johnson, write_t7
from impasto.engines import open_engine
from impasto.images import Picture, read_image, write_image
from tiny import picture

LIVE = ["--quality", "live", "--precision", "f32"]
FINE = Path(impasto.__file__).parent / "styles" / "fine"
OPENCV4 = os.environ.get("IMPASTO_OPENCV4", "")
"""A folder with OpenCV 4, as scripts/check makes it."""


def run_program(ran: Any, folder: Path, opencv: str = "5") -> NDArray[np.uint8]:
    """What the printed program paints of ``photo.jpg`` there, with that version of OpenCV."""
    assert ran.code == 0, ran.err
    assert len(ran.out.strip().splitlines()) <= 10
    environment = {**os.environ, "PYTHONPATH": OPENCV4} if opencv != "5" else dict(os.environ)
    done = subprocess.run(
        [sys.executable, "-c", f"import cv2; print(cv2.__version__)\n{ran.out}"],
        check=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(opencv)
    return read_image(folder / "painting.png").pixels


def test_the_program_that_it_prints(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    """Run as printed, it paints as the engine does."""
    write_image(tmp_path / "photo.jpg", Picture(picture(69, 51)), quality=100)
    ran = impasto("export", "--style", "first:3+second", "--gallery", gallery, "-o", "mix.onnx")
    painted = run_program(ran, tmp_path)
    assert painted.shape == (48, 68, 3)

    write_image(tmp_path / "photo.jpg", Picture(picture(68, 48)), quality=100)
    painted = run_program(ran, tmp_path)
    with open_engine((tmp_path / "mix.onnx").read_bytes(), engine="opencv") as engine:
        expected = engine.paint(read_image(tmp_path / "photo.jpg").pixels)
    # Two JPEG decoders may differ by a level, which a random network makes more of.
    assert np.median(np.abs(painted.astype(int) - expected)) <= 2


def test_one_size(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.jpg", Picture(picture(69, 51)), quality=100)
    ran = impasto("export", "--style", "first", "--gallery", gallery, "--size", "48x32")
    assert run_program(ran, tmp_path).shape == (32, 48, 3)
    model = onnx.load(tmp_path / "first.onnx")
    onnx.checker.check_model(model, full_check=True)
    for value in (model.graph.input[0], model.graph.output[0]):
        assert [each.dim_value for each in value.type.tensor_type.shape.dim] == [1, 3, 32, 48]
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert said["input and output"] == "RGB, 0-1, 1 x 3 x H x W; H 32, W 48"


@pytest.mark.skipif(not OPENCV4, reason="IMPASTO_OPENCV4 names no folder: see scripts/check")
@pytest.mark.parametrize(
    "options",
    [
        ["first"],
        ["first:0.5+second:0.5"],
        ["first", "--int8"],
        ["style.t7"],
        ["udnie", "--quality", "fine", "--gallery", FINE],
    ],
)
def test_the_program_runs_with_opencv_4(
    impasto: Run, gallery: Path, tmp_path: Path, options: list[Any]
) -> None:
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson()}))
    write_image(tmp_path / "photo.jpg", Picture(picture(69, 51)), quality=100)
    ran = impasto(
        *("export", "--gallery", gallery, "--size", "64x48", "-o", "a.onnx", "--style"), *options
    )
    new = run_program(ran, tmp_path).astype(int)
    old = run_program(ran, tmp_path, opencv="4.14")
    assert old.shape == (48, 64, 3)
    assert old.std() > 10
    # Versions round sums of 8 bits differently, and a random network makes more of it.
    assert np.abs(new - old).mean() < (4 if "--int8" in options else 1)


def test_it_says_what_opencv_4_needs(impasto: Run, gallery: Path) -> None:
    """Taking a free size for 1 while it loads, it finds that branches do not fit."""
    export = ("export", "--style", "first", "--gallery", gallery, "--overwrite")
    assert "for OpenCV 4, give --size WxH" in impasto(*export).err
    assert "OpenCV 4" not in impasto(*export, "--size", "64x48").err


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        ((96, 64), 0.01),
        ((75, 50), 0.01),  # no multiples
        ((600, 528), 1.5),  # two passes; enlarging is linear in graphs, and cubic here
    ],
)
def test_it_paints_as_the_command_line_does(
    impasto: Run, tmp_path: Path, size: tuple[int, int], limit: float
) -> None:
    """Without grain and passes, it was 14 levels off in the mean."""
    write_image(tmp_path / "photo.png", Picture(picture(*size)))
    assert impasto("photo.png", *LIVE, "-o", "own.png").code == 0
    ran = impasto("export", "-o", "a.onnx", "--size", f"{size[0]}x{size[1]}")
    assert ("paints at 582x512 and 600x528" in ran.err) == (size == (600, 528))
    painted = run_program(replace(ran, out=ran.out.replace(".jpg", ".png")), tmp_path)
    own = read_image(tmp_path / "own.png").pixels
    assert np.abs(painted - own.astype(int)).mean() < limit


@pytest.mark.parametrize(("size", "limit"), [((160, 132), 0.01), ((300, 200), 2.6)])
def test_fine_paints_as_the_command_line_does(
    impasto: Run, tmp_path: Path, size: tuple[int, int], limit: float
) -> None:
    """A draft is the same; for a revision, resizing is linear in graphs, and cubic here."""
    write_image(tmp_path / "photo.png", Picture(picture(*size)))
    assert impasto("photo.png", "--precision", "f32", "-o", "own.png").code == 0
    export = ("export", "-o", "a.onnx", "--quality", "fine")
    ran = impasto(*export, "--size", f"{size[0]}x{size[1]}")
    painted = run_program(replace(ran, out=ran.out.replace(".jpg", ".png")), tmp_path)
    own = read_image(tmp_path / "own.png").pixels
    assert np.abs(painted - own.astype(int)).mean() < limit


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--quality", "fine"], "--quality fine is for one size: give --size WxH"),
        (["--quality", "fine", "--style", "red-horse"], "no fine network paints red-horse"),
        (["--quality", "best"], "quality is 'best': give live or fine"),
    ],
)
def test_fine_is_not_for_all(impasto: Run, arguments: list[str], says: str) -> None:
    ran = impasto("export", "-o", "a.onnx", *arguments)
    assert (ran.code, says in ran.err) == (2, True), ran.err


def test_a_file_of_any_size_paints_as_the_command_line_does(impasto: Run, tmp_path: Path) -> None:
    """And loaded as a style, it lays its grain over a photo once."""
    write_image(tmp_path / "photo.png", Picture(picture(96, 64)))
    assert impasto("photo.png", *LIVE, "-o", "own.png").code == 0
    own = read_image(tmp_path / "own.png").pixels.astype(int)
    ran = impasto("export", "-o", "a.onnx")
    assert "over 512 px" in ran.err
    assert "network of --quality live" in ran.err
    painted = run_program(replace(ran, out=ran.out.replace(".jpg", ".png")), tmp_path)
    assert np.abs(painted - own).mean() < 0.01
    again = impasto("photo.png", "-s", "a.onnx", "--precision", "f32", "-o", "again.png")
    assert again.code == 0, again.err
    assert np.abs(read_image(tmp_path / "again.png").pixels - own).mean() < 0.01


def test_int8(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.jpg", Picture(picture(64, 48)), quality=100)
    plain = impasto("export", "--style", "first", "--gallery", gallery, "-o", "float.onnx")
    expected = run_program(plain, tmp_path).astype(int)
    ran = impasto("export", "--style", "first", "--gallery", gallery, "--int8", "-o", "int8.onnx")
    assert "levels from float in the mean" in ran.err
    assert ran.err.count("\n") == 4  # no library's warnings
    painted = run_program(ran, tmp_path)
    assert 0 < np.abs(painted - expected).mean() < 4
    kinds = [node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node]
    assert kinds.count("QuantizeLinear") > 3


def test_int8_without_onnxruntime(
    impasto: Run, gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only networks of their own need it."""
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson()}))
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *rest: None if name == "onnxruntime" else find_spec(name, *rest),
    )
    assert impasto("export", "--style", "first", "--gallery", gallery, "--int8").code == 0
    ran = impasto("export", "--style", "style.t7", "--int8")
    assert (ran.code, ran.err.count("\n")) == (7, 1)
    assert "pip install 'impasto[onnxruntime]'" in ran.err


def test_networks_of_their_own(impasto: Run, tmp_path: Path) -> None:
    """An export is a style again, in its own right."""
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson()}))
    write_image(tmp_path / "photo.jpg", Picture(picture(64, 48)), quality=100)
    ran = impasto("export", "--style", "style.t7")
    painted = run_program(ran, tmp_path).astype(int)
    assert impasto("photo.jpg", "--style", "style.onnx", "-o", "a.png").code == 0
    again = read_image(tmp_path / "a.png").pixels
    assert np.median(np.abs(again - painted)) <= 2  # two JPEG decoders
    ran = impasto("export", "--style", "style.onnx", "--size", "64x48", "-o", "one.onnx")
    assert run_program(ran, tmp_path).shape == (48, 64, 3)
    ran = impasto("export", "--style", "one.onnx", "--size", "32x32", "-o", "two.onnx")
    assert (ran.code, "takes 64x48 only" in ran.err) == (2, True)


def test_what_the_file_says_of_itself(impasto: Run, gallery: Path, tmp_path: Path) -> None:
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
        (["--style", "first", "--size", "4x4"], 2, "give multiples of 4, 12 or more"),
        (["--style", "first", "--size", "large"], 2, "write 640x480"),
    ],
)
def test_impossible_exports(
    impasto: Run, gallery: Path, arguments: list[str], code: int, says: str
) -> None:
    ran = impasto("export", *arguments, "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err
