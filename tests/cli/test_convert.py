import cv2
import numpy as np
import pytest

from legacy.write_t7 import johnson, module, sequence, write_t7


def test_a_file_for_opencv_5(impasto, tmp_path):
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson()}))
    ran = impasto("convert", "style.t7")
    assert ran.code == 0
    assert ran.out.startswith("c9s1-8,d16,d16,R16,R16,u16,u8,c9s1-3; instance normalisation")
    assert "style.t7 -> style.onnx" in ran.err
    net = cv2.dnn.readNetFromONNX(str(tmp_path / "style.onnx"))
    net.setInput(np.random.default_rng(0).random((1, 3, 48, 64), dtype=np.float32))
    painting = net.forward()
    assert painting.shape == (1, 3, 32, 48)  # this tiny one pads less than it shaves
    assert 0 <= painting.min() < painting.max() <= 1
    assert impasto("convert", "style.t7").code == 4


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.t7"], 3, "nothing.t7 does not exist"),
        (["text.t7"], 3, "text.t7 is no whole .t7 file"),
        (["strange.t7"], 3, "nn.SpatialMaxPooling at Sequential[1]/SpatialMaxPooling"),
        (["text.t7", "-o", "text.pb"], 2, "end it in .onnx"),
    ],
)
def test_what_cannot_be_converted(impasto, tmp_path, arguments, code, says):
    (tmp_path / "text.t7").write_text("hello")
    (tmp_path / "strange.t7").write_bytes(write_t7(sequence(module("SpatialMaxPooling"))))
    ran = impasto("convert", *arguments)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err
    assert not list(tmp_path.glob("*.onnx"))
