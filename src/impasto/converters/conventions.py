"""The order of channels and the range of values that a network was trained with, written into its
graph, so that it takes and gives RGB in 0-1, as all of ours do.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, numpy_helper

from impasto.converters.input_sizes import picture_size
from impasto.errors import OptionError
from impasto.networks.graph import GraphBuilder

Convention = Literal["caffe", "rgb255", "rgb1", "tanh", "texture"]
"""``caffe``: BGR, 0-255, minus the means of VGG's training set, as jcjohnson/fast-neural-style has
it; ``rgb255``: RGB, 0-255, as pytorch/examples and lengstrom/fast-style-transfer; ``rgb1``: RGB,
0-1; ``tanh``: RGB, -1 to 1; ``texture``: takes ``rgb1`` and gives ``caffe``, as texture_nets."""

MEAN_BGR_255 = np.array([103.939, 116.779, 123.68])
SWAP = np.eye(3)[::-1]  # RGB to BGR, and back
CLIP_WITH_INPUTS = 11  # the opset from which Clip has its limits as inputs

Array = NDArray[Any]


def check_convention(convention: str) -> Convention:
    """Return the convention of that name.

    Raises:
        OptionError: there is none.
    """
    for known in get_args(Convention):
        if convention == known:
            return known  # type: ignore[no-any-return]
    raise OptionError(
        f"unknown convention {convention!r}", f"one of {', '.join(get_args(Convention))}"
    )


def guess_convention(model: ModelProto) -> Convention:
    """Return what a network's end says of its range; 0-255 if it says nothing."""
    makers = {output: node for node in model.graph.node for output in node.output}
    node = makers.get(model.graph.output[0].name)
    while node is not None and node.op_type in ("Transpose", "Identity", "Clip"):
        if node.op_type == "Clip" and _highest(model, node) == 1:
            return "rgb1"
        node = makers.get(node.input[0])
    ends: dict[str, Convention] = {"Sigmoid": "rgb1", "Tanh": "tanh"}
    return ends.get(node.op_type, "rgb255") if node else "rgb255"


def _highest(model: ModelProto, clip: NodeProto) -> float | None:
    for attribute in clip.attribute:
        if attribute.name == "max":
            return float(attribute.f)
    for constant in model.graph.initializer:
        if len(clip.input) > 2 and constant.name == clip.input[2]:
            return float(numpy_helper.to_array(constant))
    return None


def wrap(model: ModelProto, convention: Convention, lost_px: int = 0) -> bytes:
    """Return a network with its convention inside, as a serialised model.

    Args:
        model: from one picture to one picture.
        convention: of both.
        lost_px: by so much smaller are its paintings than the photos; as much is mirrored around
            a photo first.

    Returns:
        a model from ``photo`` to ``painting``, float32, 1 x 3 x H x W, RGB, 0-1. H and W are free
        if they were in the input of ``model``.
    """
    into_colours, made_colours = _colours(convention)
    matrix, bias = made_colours
    back = np.linalg.inv(matrix)
    layout, fixed_px = picture_size(model, "")
    opset = next((each.version for each in model.opset_import if not each.domain), 1)

    graph = GraphBuilder()
    tensor = graph.reflect("photo", lost_px // 2) if lost_px else "photo"
    tensor = _affine(graph, tensor, *into_colours)
    if layout.channels_last:
        tensor = graph.node("Transpose", tensor, perm=[0, 2, 3, 1])
    tensor = graph.embed(model, tensor)
    if layout.channels_last:
        tensor = graph.node("Transpose", tensor, perm=[0, 3, 1, 2])
    tensor = _affine(graph, tensor, back, -back @ bias)
    if opset < CLIP_WITH_INPUTS:
        graph.node("Clip", tensor, output="painting", min=0.0, max=1.0)
    else:
        graph.node("Clip", tensor, graph.constant(0), graph.constant(1), output="painting")
    return graph.model("impasto-converted", opset=opset, fixed_px=fixed_px)


def from_photo(photo: Array, convention: Convention) -> Array:
    """Convert RGB in 0-1, 1 x 3 x H x W, to what a network wants."""
    (matrix, bias), _ = _colours(convention)
    made = np.einsum("oc,ncyx->noyx", matrix, photo) + bias[:, None, None]
    return np.asarray(made, dtype=np.float32)


def to_painting(made: Array, convention: Convention) -> Array:
    """Convert what a network made, 1 x 3 x H x W, to RGB in 0-1, clipped."""
    _, (matrix, bias) = _colours(convention)
    back = np.einsum("co,noyx->ncyx", np.linalg.inv(matrix), made - bias[:, None, None])
    return np.asarray(np.clip(back, 0, 1), dtype=np.float32)


def _colours(convention: Convention) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return matrices and biases that make the network's colours of RGB in 0-1: of those that it
    takes, and of those that it gives.
    """
    scales = {
        "caffe": (255 * SWAP, -MEAN_BGR_255),
        "rgb255": (255 * np.eye(3), np.zeros(3)),
        "rgb1": (np.eye(3), np.zeros(3)),
        "tanh": (2 * np.eye(3), -np.ones(3)),
    }
    if convention == "texture":
        return scales["rgb1"], scales["caffe"]
    return scales[convention], scales[convention]


def _affine(graph: GraphBuilder, tensor: str, matrix: Array, bias: Array) -> str:
    """Change the colour of every pixel: by a 1x1 convolution, or by numbers where they suffice."""
    factor = matrix[0, 0]
    if not np.array_equal(matrix, factor * np.eye(3)) or (bias.any() and np.ptp(bias)):
        kernel = graph.constant(matrix[..., None, None])
        return graph.node("Conv", tensor, kernel, graph.constant(bias), kernel_shape=[1, 1])
    if factor != 1:
        tensor = graph.node("Mul", tensor, graph.constant(factor))
    return graph.node("Add", tensor, graph.constant(bias[0])) if bias.any() else tensor
