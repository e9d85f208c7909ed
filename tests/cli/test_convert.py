import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from cli.calls import Run
from converters import foreign
from converters.write_t7 import johnson, module, sequence, write_t7
from impasto.converters import installed_networks
from impasto.images import read_image


@pytest.fixture
def style(tmp_path: Path) -> Any:
    path = tmp_path / "the_scream.t7"
    path.write_bytes(write_t7({"model": johnson()}))
    return path


def test_installed_as_a_style(impasto: Run, style: Path, photo: Path, tmp_path: Path) -> None:
    ran = impasto("convert", "the_scream.t7")
    assert ran.code == 0
    found, parity = ran.out.splitlines()
    assert found.startswith(
        "jcjohnson/fast-neural-style: c9s1-4,d8,d16,R16x2,u8,u4,c9s1-3; instance normalisation; "
    )
    assert parity.startswith("parity: 0.00")
    assert "the_scream.t7 -> --style the_scream.t7" in ran.err
    assert installed_networks() == ["the_scream.t7"]
    style.unlink()
    assert impasto(photo, "--style", "the_scream.t7").code == 0
    assert read_image(tmp_path / "photo-the_scream.png").pixels.shape == (30, 40, 3)
    assert "the_scream.t7" in impasto("styles").out
    assert json.loads(impasto("styles", "--json").out)[-1]["name"] == "the_scream.t7"


def test_a_file_for_opencv_5(impasto: Run, style: Path, tmp_path: Path) -> None:
    ran = impasto("convert", style, "-o", "style.onnx")
    assert ran.code == 0
    assert installed_networks() == []
    said = {entry.key: entry.value for entry in onnx.load("style.onnx").metadata_props}
    assert said["family"] == "jcjohnson/fast-neural-style"
    net = cv2.dnn.readNetFromONNX(str(tmp_path / "style.onnx"))
    net.setInput(np.random.default_rng(0).random((1, 3, 48, 64), dtype=np.float32))
    painting = net.forward()
    assert painting.shape == (1, 3, 48, 64)
    assert 0 <= painting.min() < painting.max() <= 1
    assert impasto("convert", style, "-o", "style.onnx").code == 4


def test_directly_as_a_style(impasto: Run, style: Path, photo: Path, tmp_path: Path) -> None:
    """In all that paints: photos, mixtures refused in one line, speed, export."""
    assert impasto(photo, "--style", style, "--strength", "0.5", "--keep-colors").code == 0
    assert (tmp_path / "photo-the_scream.png").is_file()
    ran = impasto(photo, "--style", f"{style}+great-wave", "-o", "x.png")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "can be mixed" in ran.err
    ran = impasto("bench", "--style", style, "--size", "64x48", "--runs", "1", "--no-johnson")
    assert ran.code == 0


def test_a_convention(impasto: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(foreign.zoo_onnx(foreign.TransformerNet(blocks=1)))
    assert impasto("convert", "a.onnx", "-o", "b.onnx").code == 0
    assert impasto("convert", "a.onnx", "-o", "c.onnx", "--convention", "caffe").code == 0
    for name in "bc":
        assert impasto(photo, "--style", f"{name}.onnx", "-o", f"{name}.png").code == 0
    first, second = (read_image(f"{name}.png").pixels.astype(int) for name in "bc")
    assert np.abs(first - second).mean() > 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.t7"], 3, "nothing.t7 does not exist"),
        (["text.t7"], 3, "text.t7 is no whole .t7 file"),
        (["strange.t7"], 3, "nn.SpatialMaxPooling at Sequential[1]/SpatialMaxPooling"),
        (["text.t7", "-o", "text.pb"], 2, "end it in .onnx"),
        (["text.t7", "--convention", "rgb"], 2, "one of caffe, rgb255, rgb1, tanh"),
        (["text.jpg"], 2, "text.jpg is of no format"),
    ],
)
def test_what_cannot_be_converted(
    impasto: Run, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "text.t7").write_text("hello")
    (tmp_path / "strange.t7").write_bytes(write_t7(sequence(module("SpatialMaxPooling"))))
    ran = impasto("convert", *arguments)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err
    assert not list(tmp_path.glob("*.onnx"))
