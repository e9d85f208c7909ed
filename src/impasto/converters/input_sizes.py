"""Which sizes of pictures an ONNX network takes, from its shapes alone: nothing is run."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, shape_inference

from impasto.converters.constant_folding import fold_constants
from impasto.errors import InputError
from impasto.networks.input_spec import InputSpec

MULTIPLES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BASE_PX = 256
MAX_ELEMENTS = 1 << 27  # of any tensor for a picture of about BASE_PX
SMALL = 1 << 12  # elements of constants that may say something of sizes
REFLECTED = b"reflect"

WIDTH, HEIGHT = -1, -2

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Where a picture's sides are in a tensor: 1 x 3 x H x W, or 1 x H x W x 3.

    Attributes:
        channels_last: the latter.
    """

    channels_last: bool = False

    def shape(self, width: int, height: int) -> Shape:
        """Return the shape of a tensor that holds a picture of that size."""
        return (1, height, width, 3) if self.channels_last else (1, 3, height, width)


def picture_size(model: ModelProto, name: str) -> tuple[Layout, tuple[int, int] | None]:
    """Return the layout of the first input, and its width and height if they are fixed.

    Raises:
        InputError: the input is no picture.
    """
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    sides = [each.dim_value for each in dimensions]  # 0 where it is free
    for layout, channels, place in ((Layout(), 1, 2), (Layout(channels_last=True), 3, 1)):
        if len(sides) == 4 and sides[channels] == 3:
            height, width = sides[place : place + 2]
            fixed = (width, height) if width > 0 and height > 0 else None
            return layout, fixed
    raise InputError(
        f"{name}: its input of {sides} is no picture of three channels", "give a style network"
    )


def set_size(model: ModelProto, layout: Layout, width: int, height: int) -> None:
    """Fix the size of the picture that a model takes; 0 frees a side."""
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    roles = layout.shape(WIDTH, HEIGHT)
    for dimension, side, role in zip(dimensions, layout.shape(width, height), roles, strict=True):
        if side:
            dimension.dim_value = side
        else:
            dimension.dim_param = "width" if role == WIDTH else "height"


def find_input_spec(
    model: ModelProto, layout: Layout, fixed_px: tuple[int, int] | None, name: str
) -> InputSpec:
    """Return which pictures a network takes.

    Sides of any length in steps of `InputSpec.multiple`, if it makes pictures of the size that it
    takes; otherwise only ``fixed_px``, the size in the file.

    Raises:
        InputError: not even that, or it would take absurd memory.
    """
    sizes = _Sizes(model, layout)
    for multiple in MULTIPLES:
        if sizes.keeps(BASE_PX + multiple, BASE_PX + 3 * multiple):
            sides = range(multiple, BASE_PX + 2 * multiple, multiple)
            least = bisect.bisect_left(sides, True, key=lambda side: sizes.keeps(side, side))
            return InputSpec(multiple, sides[least])
    if fixed_px and sizes.keeps(*fixed_px):
        return InputSpec(fixed_px=fixed_px)
    raise InputError(
        f"{name} does not make a picture of the size that it takes ({sizes.problem})",
        "give a style network",
    )


def check_input_spec(model: ModelProto, layout: Layout, input_spec: InputSpec, name: str) -> None:
    """Check that a network keeps the size of a picture that its input spec allows.

    Raises:
        InputError: it does not, or would take absurd memory.
    """
    sizes = _Sizes(model, layout)
    side = -(-max(BASE_PX, input_spec.smallest_px) // input_spec.multiple) * input_spec.multiple
    if not sizes.keeps(*(input_spec.fixed_px or (side, side))):
        raise InputError(f"{name} is not what it says ({sizes.problem})", "get the file anew")


def find_shrinkage(model: ModelProto, layout: Layout) -> int:
    """Return by how many pixels paintings are smaller than photos, if all by as many."""
    sizes = _Sizes(model, layout)
    for multiple in MULTIPLES:
        side, other = BASE_PX + multiple, BASE_PX + 3 * multiple
        made = sizes.output(side, side)
        if made is None:
            continue
        lost = side - made[layout.shape(WIDTH, HEIGHT).index(WIDTH)]
        if 0 < lost < BASE_PX and sizes.makes((side + lost, other + lost), (side, other)):
            return lost
    return 0


class _Sizes:
    """Asks ONNX's shape inference what a network makes of pictures of some size."""

    def __init__(self, model: ModelProto, layout: Layout) -> None:
        self.problem = "its sizes cannot be told"
        self._layout = layout
        self._light = onnx.ModelProto()
        self._light.CopyFrom(model)
        graph, weights = self._light.graph, model.graph.initializer
        del graph.initializer[:]  # shapes do not depend on weights, but on small constants
        graph.initializer.extend(each for each in weights if math.prod(each.dims) <= SMALL)
        graph.input.extend(
            onnx.helper.make_tensor_value_info(each.name, each.data_type, each.dims)
            for each in weights
            if math.prod(each.dims) > SMALL
        )
        for attribute in (each for node in graph.node for each in node.attribute):
            if math.prod(attribute.t.dims) > SMALL:
                attribute.t.ClearField("raw_data")
                attribute.t.ClearField("float_data")
        del self._light.graph.value_info[:]
        for output in self._light.graph.output:
            output.type.tensor_type.ClearField("shape")

    def keeps(self, width: int, height: int) -> bool:
        """Return whether a picture of that size becomes one of the same size."""
        return self.makes((width, height), (width, height))

    def makes(self, taken: tuple[int, int], made: tuple[int, int]) -> bool:
        return self.output(*taken) == self._layout.shape(*made)

    def output(self, width: int, height: int) -> Shape | None:
        """Return the shape of what becomes of a picture, if the network can be run on it."""
        set_size(self._light, self._layout, width, height)
        try:
            inferred = shape_inference.infer_shapes(
                self._with_known_shape(), strict_mode=True, data_prop=True
            ).graph
        except Exception as error:  # its exceptions have no common base of their own
            self.problem = (str(error).strip().splitlines() or [""])[0][:120]
            return None
        shapes = {
            value.name: tuple(each.dim_value for each in value.type.tensor_type.shape.dim)
            for value in [*inferred.input, *inferred.value_info, *inferred.output]
            if value.type.tensor_type.HasField("shape")
        }
        if not all(self._possible(node, shapes) for node in inferred.node):
            return None
        return shapes.get(inferred.output[0].name)

    def _with_known_shape(self) -> ModelProto:
        """Return the model, in which all is constant that follows from the picture's size alone."""
        picture = self._light.graph.input[0]
        of_picture = [
            node
            for node in self._light.graph.node
            if node.op_type == "Shape" and node.input[0] == picture.name and not node.attribute
        ]
        if not of_picture:
            return self._light
        model = onnx.ModelProto()
        model.CopyFrom(self._light)
        shape = np.array([each.dim_value for each in picture.type.tensor_type.shape.dim])
        for node in of_picture:
            model.graph.node.remove(node)
            model.graph.initializer.append(onnx.numpy_helper.from_array(shape, node.output[0]))
        fold_constants(model)
        return model

    def _possible(self, node: NodeProto, shapes: dict[str, Shape]) -> bool:
        for output in node.output:
            shape = shapes.get(output)
            if shape is None or not all(side > 0 for side in shape):
                self.problem = f"the size of {node.op_type} {output!r} cannot be told"
                return False
            if math.prod(shape) > MAX_ELEMENTS:
                self.problem = f"{node.op_type} {output!r} would be too large"
                return False
        if node.op_type == "Pad" and any(
            each.name == "mode" and each.s == REFLECTED for each in node.attribute
        ):
            before, after = shapes.get(node.input[0], ()), shapes[node.output[0]]
            # Each side adds less than there is to mirror; the sum bounds both.
            return all(b - a < 2 * a for a, b in zip(before, after, strict=True))
        return True
