"""Networks for other programs: their graphs do all that impasto does around them.

That is grain over the photo, the reflection around it, and, where pictures are of one size, all
passes from coarse to fine (`impasto.multiscale`), which share their weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from impasto.errors import OptionError
from impasto.images import GRAIN_PX, grain_tile
from impasto.networks.graph import GraphBuilder
from impasto.networks.input_spec import BakedNetwork, InputSpec

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["stand_alone"]

Size = tuple[int, int]
Padding = tuple[int, int, int, int]

OLDEST_OPSET = 11  # whose Pad and Slice are those used here
MOST_LEVELS = 127  # of grain, in 8 bits; networks that ship have 40
MOST_REDUCED = 2  # at once, as linear interpolation sees two pixels
TO_THE_END = 1 << 31


def stand_alone(network: BakedNetwork, passes: Sequence[Size] = ()) -> BakedNetwork:
    """Put what pictures need around a network into its graph.

    Args:
        network: its input spec says what they need.
        passes: widths and heights to paint at, one after the other
            (`impasto.multiscale.pass_sizes`); the last is the pictures' own. Without, pictures are
            of any size that the network takes, and painted once.

    Returns:
        the network; of its input spec, sizes are left.

    Raises:
        OptionError: the network does not take pictures of that size.
    """
    import onnx

    input_spec = network.input_spec
    if input_spec.fixed_px and passes and passes[-1] != input_spec.fixed_px:
        width, height = input_spec.fixed_px
        raise OptionError(f"this network takes {width}x{height} only", "leave the size out")
    model = onnx.load_from_string(network.graph)
    opset = next(each.version for each in model.opset_import if not each.domain)
    graph = _Surroundings(model, input_spec)
    tensor = "photo"
    if input_spec.fixed_px:
        tensor, left = graph.embed(model, tensor), input_spec
    elif passes:
        now = passes[-1]
        for size in passes:
            padding_px = input_spec.padding_px(*size)
            if any(padding_px) and (opset < OLDEST_OPSET or not _reflects(size, padding_px)):
                raise OptionError(
                    f"this network does not take {size[0]}x{size[1]}",
                    f"give multiples of {input_spec.multiple}, {input_spec.smallest_px} or more",
                )
            tensor = graph.paint(graph.resize(tensor, now, size), padding_px, size)
            now = size
        left = InputSpec(fixed_px=now)
    else:
        padding_px, left = _of_any_size(input_spec)
        tensor = graph.paint(tensor, padding_px)
    graph.node("Identity", tensor, output="painting")
    return BakedNetwork(graph.model("impasto", opset=opset, fixed_px=left.fixed_px), left)


def _reflects(size: Size, padding_px: Padding) -> bool:
    """Return whether a picture is large enough to be mirrored once."""
    return max(padding_px[0::2]) < size[0] and max(padding_px[1::2]) < size[1]


def _of_any_size(input_spec: InputSpec) -> tuple[Padding, InputSpec]:
    """Return the padding of pictures whose sides are multiples, and which are large enough."""
    pad, multiple = input_spec.pad_px, input_spec.multiple
    after = -(-2 * pad // multiple) * multiple - pad
    smallest = max(input_spec.smallest_px - pad - after, after + 1)
    return (pad, pad, after, after), InputSpec(multiple, -(-smallest // multiple) * multiple)


class _Surroundings(GraphBuilder):
    """What is around a network, and the network itself, as often as it is needed."""

    def __init__(self, model: ModelProto, input_spec: InputSpec) -> None:
        super().__init__()
        self._model = model
        self._input_spec = input_spec

    def paint(self, tensor: str, padding_px: Padding, size: Size | None = None) -> str:
        """Paint once, over a picture of a size, or of any."""
        left, top, right, bottom = padding_px
        tensor = self._add_grain(tensor, size)
        if not any(padding_px):
            return self.embed(self._model, tensor)
        sides = self.integers([0, 0, top, left, 0, 0, bottom, right])
        tensor = self.embed(self._model, self.node("Pad", tensor, sides, mode="reflect"))
        ends = [-bottom or TO_THE_END, -right or TO_THE_END]
        return self._slice(tensor, [top, left], self.integers(ends))

    def resize(self, tensor: str, size: Size, wanted: Size) -> str:
        """Resize a tensor, linearly: OpenCV 4 has no other that would do."""
        while size != wanted:
            width, height = (
                max(side, -(-now // MOST_REDUCED)) for now, side in zip(size, wanted, strict=True)
            )
            size = width, height
            shape = self.integers([1, 3, height, width])
            tensor = self.node(
                *("Resize", tensor, "", "", shape),
                mode="linear",
                coordinate_transformation_mode="half_pixel",
            )
        return tensor

    def _add_grain(self, tensor: str, size: Size | None) -> str:
        """Add grain as `impasto.images.add_grain` does."""
        input_spec = self._input_spec
        if not (input_spec.grain or input_spec.coarse_grain):
            return tensor
        levels = np.rint(255 * grain_tile(input_spec.grain, input_spec.coarse_grain))
        levels = levels.clip(-MOST_LEVELS, MOST_LEVELS).astype(np.int8)[None, None]
        scaling = self.constant(1 / 255, "level"), self.bytes_(np.array(0, np.int8), "no_level")
        tile = self.node("DequantizeLinear", self.bytes_(levels, "grain"), *scaling)
        if size:
            sides = self.integers([size[1], size[0]])
            repeats = self.integers([1, 1, *(-(-side // GRAIN_PX) for side in size[::-1])])
        else:
            sides = self.node("Slice", self.node("Shape", tensor), *map(self.integers, ([2], [4])))
            up = self.node("Add", sides, self.integers([GRAIN_PX - 1]))
            tiles = self.node("Div", up, self.integers([GRAIN_PX]))
            repeats = self.node("Concat", self.integers([1, 1]), tiles, axis=0)
        grain = self._slice(self.node("Tile", tile, repeats), [0, 0], sides)
        grainy = self.node("Add", tensor, grain)
        return self.node("Clip", grainy, self.constant(0.0), self.constant(1.0))

    def _slice(self, tensor: str, starts: Sequence[int], ends: str) -> str:
        """Cut height and width."""
        return self.node("Slice", tensor, self.integers(starts), ends, self.integers([2, 3]))
