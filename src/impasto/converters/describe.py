"""A style network described in one line, from its ONNX graph."""

from __future__ import annotations

import itertools
import math

from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

NOISE = "noise "
"""Begins the name of a constant that is noise, and no weight."""

NORMALIZATIONS = {"InstanceNormalization": "instance", "BatchNormalization": "batch"}
SMALL = 64  # elements of a constant that is no weight


def describe(model: ModelProto) -> str:
    """Return a network's layers in jcjohnson's notation, its normalisation, its size.

    c9s1-32 is a 9x9 convolution of stride 1 to 32 channels, d64 a 3x3 one of stride 2, R128 a
    residual block of two convolutions, u64 a transposed 3x3 convolution of stride 2 (f5s4-64 any
    other), U2 an enlargement by 2. R128x5 are five blocks.
    """
    shapes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    layers: list[str] = []
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[1].startswith(NOISE):
            continue
        if node.op_type in ("Conv", "ConvTranspose"):
            layers.append(_convolution(node, shapes.get(node.input[1], ())))
        elif node.op_type in ("Resize", "Upsample"):
            layers.append(_enlargement(model, node))
        elif node.op_type == "Add" and _closes_block(node, makers) and len(layers) > 2:
            channels = layers.pop().rpartition("-")[2]
            layers[-1] = f"R{channels}"
    kinds = {node.op_type for node in model.graph.node}
    norms = [name for kind, name in NORMALIZATIONS.items() if kind in kinds]
    weights = _count_weights(model)
    normalization = " and ".join(norms) or "written-out or no"
    runs = ((layer, len(list(run))) for layer, run in itertools.groupby(layers))
    joined = ",".join(layer if count == 1 else f"{layer}x{count}" for layer, count in runs)
    return f"{joined}; {normalization} normalisation; {weights:,} weights"


def _count_weights(model: ModelProto) -> int:
    """Count the elements of all constants that were learned: no whole numbers, no single ones, no
    statistics of batch normalisation, no scales of an enlargement, no noise.
    """
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
    others = {"BatchNormalization": 3, "Resize": 1, "Upsample": 1}  # from which input on
    statistics = {
        name
        for node in model.graph.node
        if node.op_type in others
        for name in node.input[others[node.op_type] :]
    }
    return sum(
        math.prod(each.dims)
        for each in model.graph.initializer
        if each.data_type in kinds
        and len(each.dims)
        and each.name not in statistics
        and not each.name.startswith(NOISE)
    )


def _convolution(node: NodeProto, kernel: tuple[int, ...]) -> str:
    numbers = {each.name: list(each.ints) or [each.i] for each in node.attribute}
    stride = (numbers.get("strides") or [1])[0]
    group = numbers.get("group", [1])[0]
    if len(kernel) != 4:
        return "c?"
    side = kernel[2]
    if node.op_type == "ConvTranspose":
        channels = kernel[1] * group
        return f"u{channels}" if (side, stride) == (3, 2) else f"f{side}s{stride}-{channels}"
    if (side, stride) == (3, 2):
        return f"d{kernel[0]}"
    return f"c{side}s{stride}-{kernel[0]}"


def _enlargement(model: ModelProto, node: NodeProto) -> str:
    constants = {each.name: each for each in model.graph.initializer}
    constants |= {
        each.output[0]: each.attribute[0].t
        for each in model.graph.node
        if each.op_type == "Constant" and each.attribute[0].HasField("t")
    }
    for name in node.input[1:]:
        if name in constants and tuple(constants[name].dims) == (4,):
            scale = float(numpy_helper.to_array(constants[name])[-1])
            return f"U{scale:g}" if scale < SMALL else "U?"
    return "U?"


def _closes_block(node: NodeProto, makers: dict[str, NodeProto]) -> bool:
    """Return whether it is a sum of a normalised layer and what went into the block."""
    into = [makers[name].op_type for name in node.input if name in makers]
    return len(into) == 2 and any(kind in (*NORMALIZATIONS, "Conv") for kind in into)
