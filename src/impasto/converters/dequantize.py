"""Turning 8-bit networks back into floats, which every engine runs, and bfloat16 runs faster.

What QuantizeLinear and DequantizeLinear do to a tensor together is rounding, which is left out, and
clipping, which is kept: exporters hide a ReLU in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

Array = NDArray[Any]


def dequantize(model: ModelProto) -> None:
    """Make 8-bit constants floats, and of all other quantisation clipping, in place.

    Raises:
        ValueError: scales are missing, or differ between the channels of a tensor.
    """
    graph = model.graph
    if not any(node.op_type == "DequantizeLinear" for node in graph.node):
        return
    constants = _Constants(model)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(_floating(node, constants) for node in nodes)


def _floating(node: NodeProto, constants: _Constants) -> NodeProto:
    """Return what stands for a node among floats."""
    if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
        return node
    source, output = node.input[0], node.output[0]
    scale = constants.get(node.input[1]).astype(np.float32)
    zero = constants.get(node.input[2]) if len(node.input) > 2 else np.zeros(scale.shape, np.uint8)
    if node.op_type == "DequantizeLinear":
        if source in constants:
            values = constants.get(source)
            axis = next((each.i for each in node.attribute if each.name == "axis"), 1)
            lift = [-1 if place == axis else 1 for place in range(values.ndim)]
            if scale.size > 1:
                scale, zero = scale.reshape(lift), zero.reshape(lift)
            wide = (values.astype(np.float32) - zero.astype(np.float32)) * scale
            source = constants.add(f"{output}/float", wide)
        return helper.make_node("Identity", [source], [output])
    if scale.size != 1:
        raise ValueError(f"{output!r} has a scale for every channel")
    limits = np.iinfo(zero.dtype)
    ends = [
        (int(each) - int(zero.ravel()[0])) * scale.ravel()[0] for each in (limits.min, limits.max)
    ]
    names = [constants.add(f"{output}/limit{n}", np.float32(end)) for n, end in enumerate(ends)]
    return helper.make_node("Clip", [source, *names], [output])


class _Constants:
    """The constants of a graph by name."""

    def __init__(self, model: ModelProto) -> None:
        self._stored = {each.name: each for each in model.graph.initializer}
        self._graph = model.graph

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    def get(self, name: str) -> Array:
        if name not in self._stored:
            raise ValueError(f"{name!r} is no constant")
        return np.asarray(numpy_helper.to_array(self._stored[name]))

    def add(self, name: str, values: Array) -> str:
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
        return name
