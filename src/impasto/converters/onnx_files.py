"""Style networks that are ONNX files already: checked, freed of a fixed size, and of a second
input that chooses the style.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.converters.dequantize import dequantize
from impasto.converters.onnx_scan import check_onnx_bytes
from impasto.converters.style_inputs import is_picture, predict_vector, read_style_picture
from impasto.errors import InputError, OptionError
from impasto.images import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

__all__ = ["choose_style", "read_onnx"]

MAX_BYTES = 128 << 20
IR_VERSION = 8  # from 4 on, constants are not inputs, too
MAX_NUMBERS = 1 << 16


def read_onnx(content: bytes, name: str) -> ModelProto:
    """A model from a file's bytes: one graph of standard operators, with all its weights inside.

    Args:
        content: the file's bytes; what they would cost is known before they are loaded.
        name: of the file, for errors.

    Raises:
        InputError: it is damaged, or something else.
    """
    import onnx

    try:
        if len(content) > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
        check_onnx_bytes(content)
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
        _check_graph(model)
        dequantize(model)
    except Exception as error:  # protobuf and the checker have their own, without a common base
        problem = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise InputError(
            f"{name} is no ONNX file of a style network ({problem})", "get another"
        ) from error
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if not 1 <= len(inputs) <= 2 or len(model.graph.output) != 1:
        raise InputError(
            f"{name} has {len(inputs)} inputs and {len(model.graph.output)} outputs",
            "give a network from one picture, and perhaps a style, to one picture",
        )
    del model.graph.input[:]
    model.graph.input.extend(sorted(inputs, key=_place))
    model.ir_version = max(model.ir_version, IR_VERSION)
    for entry in model.opset_import:
        if entry.domain == "ai.onnx":
            entry.domain = ""
    return model


def _place(value: ValueInfoProto) -> tuple[bool, bool]:
    """The photo first; a style picture, which looks alike, says so in its name or comes second."""
    return not is_picture(value), "style" in value.name.lower()


def _check_graph(model: ModelProto) -> None:
    from onnx import TensorProto

    graph = model.graph
    if not graph.node or not graph.input or not graph.output:
        raise ValueError("it is empty")
    if graph.sparse_initializer or model.functions:
        raise ValueError("it has sparse weights or functions")
    if any(node.domain not in ("", "ai.onnx") for node in graph.node):
        raise ValueError("it has operators of its own")
    if any(each.data_location == TensorProto.EXTERNAL for each in graph.initializer):
        raise ValueError("its weights are in another file")


def choose_style(model: ModelProto, choice: str | None, name: str) -> None:
    """Write the style into a model whose second input chooses it; others are left as they are.

    Args:
        model: its second input takes as many weights as there are styles, the number of one, a
            picture, or a vector that another network makes of one; it becomes a constant.
        choice: a style's number, from 0; the file of a picture; or of the vector (``.npy``).
        name: of the model's file, for errors.

    Raises:
        OptionError: there is no such style, none was chosen, or there is nothing to choose.
        InputError: the file with the vector or picture is missing, damaged or of another size.
    """
    from onnx import numpy_helper

    graph = model.graph
    if len(graph.input) == 1:
        if choice is not None:
            raise OptionError(f"{name} has one style only", f"give {name} without #{choice}")
        return
    second = graph.input[1]
    values = _style_values(second, choice, name)
    graph.initializer.append(numpy_helper.from_array(values, second.name))
    del graph.input[1]


def _style_values(second: ValueInfoProto, choice: str | None, name: str) -> NDArray[np.generic]:
    from onnx import helper

    if is_picture(second):
        if choice is None or choice.isdecimal():
            raise OptionError(f"{name} needs a painting", f"write {name}#painting.jpg")
        return read_style_picture(choice, second)
    kind = second.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
    shape = tuple(each.dim_value or 1 for each in kind.shape.dim)
    count = math.prod(shape)
    if not 0 < count <= MAX_NUMBERS or dtype.kind not in "iuf":
        raise InputError(f"{name} takes a second input of shape {shape}", "none like it is known")
    names_vector = len(shape) > 2  # 1 x 1 x 1 x 100, say, from another network
    one_number = dtype.kind != "f" and count == 1
    wanted = "a style's number"
    if names_vector:
        wanted = f"a painting, or a .npy file of {count} numbers"
    if choice is None:
        raise OptionError(f"{name} needs {wanted}", f"write {name}#... with it")
    if choice.endswith(".npy"):
        return _read_vector(choice, count).astype(dtype).reshape(shape)
    if names_vector and Path(choice).suffix.lower() in IMAGE_SUFFIXES:
        return predict_vector(name, choice, count).astype(dtype).reshape(shape)
    if names_vector or not choice.isdecimal():
        raise OptionError(f"{name}#{choice} is not {wanted}", f"write {name}#... with it")
    index = int(choice[:9])
    if one_number:
        return np.full(shape, index, dtype=dtype)
    if index >= count:
        raise OptionError(f"{name} has no style {index}", f"give a number from 0 to {count - 1}")
    values = np.zeros(count, dtype=dtype)
    values[index] = 1
    return values.reshape(shape)


def _read_vector(path: str, count: int) -> NDArray[np.float32]:
    try:
        vector = np.load(path, mmap_mode="r", allow_pickle=False)
        if vector.size != count or vector.dtype.kind not in "iuf":
            raise ValueError(f"it has {vector.size} numbers, not {count}")
        return np.array(vector, dtype=np.float32)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        problem = (str(error).splitlines() or ["damaged"])[0][:120]
        raise InputError(
            f"{path} holds no vector for this network ({problem})", "get another"
        ) from error
