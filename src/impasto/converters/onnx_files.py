"""Style networks that are ONNX files already, checked."""

from __future__ import annotations

import onnx
from onnx import ModelProto, TensorProto, ValueInfoProto

from impasto.converters.dequantize import dequantize
from impasto.converters.onnx_scan import check_onnx_bytes
from impasto.errors import InputError

MAX_BYTES = 128 << 20
IR_VERSION = 8  # from 4 on, constants are not inputs, too


def read_onnx(content: bytes, name: str) -> ModelProto:
    """Return a model from a file's bytes: one graph of standard operators, with all its weights
    inside.

    Args:
        content: the file's bytes; what they would cost is known before they are loaded.

    Raises:
        InputError: it is damaged, or something else.
    """
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
    # The photo first; a style picture, which looks alike, says so in its name or comes second.
    inputs.sort(key=lambda each: (not is_picture(each), "style" in each.name.lower()))
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, IR_VERSION)
    for entry in model.opset_import:
        if entry.domain == "ai.onnx":
            entry.domain = ""
    return model


def is_picture(value: ValueInfoProto) -> bool:
    """Return whether an input takes a picture of three channels."""
    sides = [each.dim_value for each in value.type.tensor_type.shape.dim]
    return len(sides) == 4 and (sides[1] == 3 or sides[3] == 3)


def _check_graph(model: ModelProto) -> None:
    graph = model.graph
    if not graph.node or not graph.input or not graph.output:
        raise ValueError("it is empty")
    if graph.sparse_initializer or model.functions:
        raise ValueError("it has sparse weights or functions")
    if any(node.domain not in ("", "ai.onnx") for node in graph.node):
        raise ValueError("it has operators of its own")
    if any(each.data_location == TensorProto.EXTERNAL for each in graph.initializer):
        raise ValueError("its weights are in another file")
