from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from converters import foreign
from converters.hostile import onnx_graph
from converters.write_t7 import johnson, padding, sequence
from impasto.converters.constant_folding import fold_constants
from impasto.converters.conventions import guess_convention
from impasto.converters.describe import describe
from impasto.converters.input_sizes import Layout, find_input_spec, find_shrinkage, picture_size
from impasto.converters.onnx_files import read_onnx
from impasto.converters.torch7_to_onnx import convert_module
from impasto.errors import InputError


def model_of(network: Any) -> Any:
    return onnx.load_from_string(convert_module(network, "net"))


@pytest.mark.parametrize(
    ("border", "smallest_px"),
    # A picture must be larger than what is mirrored; blocks of 3x3 at a quarter mirror one.
    [("reflect-start", 20), ("reflect", 8), ("replicate", 4), ("zero", 4)],
)
def test_framings(border: str, smallest_px: int) -> None:
    input_spec = find_input_spec(model_of(johnson(border=border)), Layout(), None, "net")
    assert (input_spec.multiple, input_spec.smallest_px) == (4, smallest_px)


def test_any_size() -> None:
    input_spec = find_input_spec(model_of(sequence(padding("Zero", 0))), Layout(), None, "net")
    assert (input_spec.multiple, input_spec.smallest_px) == (1, 1)


def test_shrinkage() -> None:
    """Two blocks that shave 2 pixels on each side at a quarter of the size."""
    assert find_shrinkage(model_of(johnson(border="none")), Layout()) == 32
    assert find_shrinkage(model_of(johnson()), Layout()) == 0


def test_no_picture() -> None:
    content = onnx_graph(helper.make_node("Relu", ["image"], ["out"])).replace(b"image", b"input")
    model = read_onnx(content, "net")
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 7
    with pytest.raises(InputError, match="no picture of three channels"):
        picture_size(model, "net")
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 3
    assert picture_size(model, "net") == (Layout(channels_last=True), None)


def test_folding() -> None:
    """The choice of a style becomes a constant, and what depends on the photo stays."""
    tables = np.arange(15, dtype=np.float32).reshape(5, 3)
    model = read_onnx(foreign.many_styles_onnx(tables), "net")
    second = model.graph.input.pop(1)
    chosen = np.eye(5, dtype=np.float32)[2]
    model.graph.initializer.append(onnx.numpy_helper.from_array(chosen, second.name))
    fold_constants(model)
    assert [node.op_type for node in model.graph.node] == ["Add", "Sigmoid"]
    (shift,) = model.graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(shift).ravel(), tables[2])


@pytest.mark.parametrize(
    ("nodes", "convention"),
    [
        ([("Relu", {})], "rgb255"),
        ([("Sigmoid", {})], "rgb1"),
        ([("Tanh", {})], "tanh"),
        ([("Sigmoid", {}), ("Identity", {})], "rgb1"),
        ([("Clip", {"min": 0.0, "max": 1.0})], "rgb1"),
        ([("Clip", {"min": 0.0, "max": 255.0})], "rgb255"),
        ([("Sigmoid", {}), ("Clip", {"min": 0.0, "max": 0.996})], "rgb1"),
    ],
)
def test_guesses(nodes: list[tuple[str, dict[str, Any]]], convention: str) -> None:
    names = ["image", *(str(n) for n in range(len(nodes) - 1)), "out"]
    made = [
        helper.make_node(kind, [before], [after], **more)
        for (kind, more), before, after in zip(nodes, names, names[1:], strict=False)
    ]
    assert guess_convention(onnx.load_from_string(onnx_graph(*made, opset=9))) == convention


def test_descriptions() -> None:
    text = describe(model_of(johnson(width=32, blocks=5, norm_kind="batch")))
    assert text == (
        "c9s1-32,d64,d128,R128x5,u64,u32,c9s1-3; batch normalisation; 1,679,235 weights"
    )
