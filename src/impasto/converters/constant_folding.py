"""Constant folding: what does not depend on the picture is computed once, and its nodes removed.

Exporters write borders and the choice of a style as little computations of their own, which hide
from shape inference which sizes a network takes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

MAX_ELEMENTS = 1 << 20
ELEMENTWISE = {"Add", "Sub", "Mul", "Div"}
REARRANGING = {
    *{"Identity", "Cast", "Concat", "Reshape", "Transpose", "Slice", "Squeeze", "Unsqueeze"},
    *{"Shape", "ReduceSum", "ReduceMean", "Floor", "Sqrt", "Clip", "Relu"},
}
"""Their result is no larger than all that goes in."""

Array = NDArray[Any]


def fold_constants(model: ModelProto) -> None:
    """Replace the nodes whose inputs are all constant by constants, in place.

    Nodes of other kinds, and those whose result would be large, stay as they are.
    """
    graph = model.graph
    stored = {each.name: each for each in graph.initializer}
    values: dict[str, Array] = {}  # of the constants that a node was seen to need
    kept: list[NodeProto] = []
    for node in graph.node:
        for name in node.input:
            if name in stored and name not in values:
                values[name] = numpy_helper.to_array(stored[name])
        folded = _fold(model, node, values)
        if folded is None:
            kept.append(node)
        else:
            values[node.output[0]] = folded
    needed = {name for node in kept for name in node.input} | {each.name for each in graph.output}
    constants = [
        stored[name] if name in stored else numpy_helper.from_array(np.asarray(value), name)
        for name, value in values.items()
        if name in needed
    ]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(kept)
    graph.initializer.extend(constants)


def _fold(model: ModelProto, node: NodeProto, values: dict[str, Array]) -> Array | None:
    """Return a node's result, if all its inputs are among ``values``."""
    if len(node.output) != 1 or not all(name in values for name in node.input if name):
        return None
    inputs = {name: values[name] for name in node.input if name}
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_empty_tensor_value_info(name) for name in inputs],
        [helper.make_empty_tensor_value_info(node.output[0])],
    )
    alone = helper.make_model(graph, opset_imports=list(model.opset_import))
    try:
        if _most_elements(node, list(inputs.values())) > MAX_ELEMENTS:
            return None
        (result,) = ReferenceEvaluator(alone).run(None, inputs)
    except Exception:  # of damaged nodes: what they are worth is found out by shape inference
        return None
    return np.asarray(result)


def _most_elements(node: NodeProto, inputs: list[Array]) -> float:
    """Return how many elements a node's result has at most; infinitely many if it is not to be
    folded.
    """
    kind = node.op_type
    if kind == "Constant":
        return 0
    if kind in ELEMENTWISE:
        return math.prod(np.broadcast_shapes(*(each.shape for each in inputs)))
    if kind == "Gather":
        return math.prod(each.size for each in inputs)
    if kind == "ConstantOfShape":
        return math.prod(int(side) for side in inputs[0].ravel())
    if kind == "Conv" and not any(any(each.ints) for each in node.attribute if each.name == "pads"):
        return int(inputs[0].size * inputs[1].shape[0])
    return sum(each.size for each in inputs) if kind in REARRANGING else math.inf
