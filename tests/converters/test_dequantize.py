from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from converters import foreign
from converters.hostile import onnx_graph
from impasto.converters.conventions import wrap
from impasto.converters.dequantize import dequantize
from impasto.engines.int8 import quantize_int8
from impasto.images.noise import natural_noise


def run(model: Any, planes: Any) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: planes})[0]


def test_floats_again() -> None:
    """As near to the network of floats as the rounding of its weights allows."""
    net = foreign.TransformerNet(blocks=1)
    model = onnx.load_from_string(foreign.zoo_onnx(net))
    del model.graph.input[1:]
    model.ir_version = 8
    graph = wrap(onnx.version_converter.convert_version(model, 17), "rgb255")
    pictures = [natural_noise(64, 64, seed) for seed in range(3)]
    quantized = onnx.load_from_string(quantize_int8(graph, pictures))
    planes = pictures[0].transpose(2, 0, 1)[None].astype(np.float32) / 255
    original, in_8_bits = run(onnx.load_from_string(graph), planes), run(quantized, planes)
    dequantize(quantized)
    assert not {"QuantizeLinear", "DequantizeLinear"} & {n.op_type for n in quantized.graph.node}
    again = run(quantized, planes)
    assert np.abs(again - original).mean() < np.abs(in_8_bits - original).mean() < 0.1


def test_clipping_is_kept() -> None:
    """A ReLU that is hidden in the least value."""
    node = helper.make_node
    constants = [("s", np.float32(1 / 64)), ("z", np.uint8(0))]
    content = onnx_graph(
        node("QuantizeLinear", ["image", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["out"]),
        constants=constants,
    )
    model = onnx.load_from_string(content)
    planes = np.linspace(-2, 9, 3 * 64, dtype=np.float32).reshape(1, 3, 8, 8)
    expected = run(model, planes)
    dequantize(model)
    np.testing.assert_allclose(run(model, planes), expected, atol=1 / 128 + 1e-6)


def test_scales_that_are_no_constants() -> None:
    model = onnx.load_from_string(
        onnx_graph(helper.make_node("DequantizeLinear", ["image", "image"], ["out"]))
    )
    with pytest.raises(ValueError, match="'image' is no constant"):
        dequantize(model)
