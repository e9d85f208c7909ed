"""Networks for other programs: their graphs do all that impasto does around them.

That is grain over the photo, the reflection around it, and, where pictures are of one size, all
passes from coarse to fine (`impasto.multiscale`) or a draft and all its revisions
(`impasto.two_part_model`), which share their weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto

from impasto.errors import OptionError
from impasto.images import AROUND_PX, GRAIN_PX, PLAIN_SLOPE, grain_levels
from impasto.networks.graph import GraphBuilder
from impasto.networks.input_spec import BakedNetwork, InputSpec

Size = tuple[int, int]
Padding = tuple[int, int, int, int]

OLDEST_OPSET = 11  # whose Pad and Slice are those used here
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
    input_spec = network.input_spec
    if input_spec.fixed_px and passes and passes[-1] != input_spec.fixed_px:
        width, height = input_spec.fixed_px
        raise OptionError(f"this network takes {width}x{height} only", "leave the size out")
    model = onnx.load_from_string(network.graph)
    opset = next(each.version for each in model.opset_import if not each.domain)
    graph, part, tensor = _Surroundings(), _Part(model, input_spec, "net"), "photo"
    if input_spec.fixed_px:
        tensor, left = graph.embed(model, tensor), input_spec
    elif passes:
        now = passes[-1]
        for size in passes:
            padding_px = input_spec.padding_px(*size)
            # A picture is mirrored once: it must be larger than what is added to it.
            reflects = max(padding_px[0::2]) < size[0] and max(padding_px[1::2]) < size[1]
            if any(padding_px) and (opset < OLDEST_OPSET or not reflects):
                raise OptionError(
                    f"this network does not take {size[0]}x{size[1]}",
                    f"give multiples of {input_spec.multiple}, {input_spec.smallest_px} or more",
                )
            tensor = graph.paint(part, [graph.resize(tensor, now, size)], padding_px, size)
            now = size
        left = InputSpec(fixed_px=now)
    else:
        padding_px, left = _of_any_size(input_spec)
        tensor = graph.paint(part, [tensor], padding_px)
    graph.node("Identity", tensor, output="painting")
    return BakedNetwork(graph.model("impasto", opset=opset, fixed_px=left.fixed_px), left)


def stand_alone_in_parts(
    draft: BakedNetwork, revision: BakedNetwork, sizes: Sequence[Size]
) -> BakedNetwork:
    """Put a draft, all its revisions, and what pictures need around them into one graph.

    Args:
        draft, revision: their input specs say what pictures need.
        sizes: widths and heights of the draft and of every revision
            (`impasto.two_part_model.revision_sizes`); the last is the pictures' own.
    """
    graph = _Surroundings()
    first, second = (
        _Part(onnx.load_from_string(network.graph), network.input_spec, name)
        for network, name in ((draft, "draft"), (revision, "revision"))
    )
    painting, now, whole = "", sizes[0], sizes[-1]
    for size in sizes:
        seen = [graph.resize("photo", whole, size)]
        part = second if painting else first
        if painting:
            seen.append(graph.resize(painting, now, size))
        painting, now = graph.paint(part, seen, part.input_spec.padding_px(*size), size), size
    graph.node("Identity", painting, output="painting")
    return BakedNetwork(graph.model("impasto", fixed_px=whole), InputSpec(fixed_px=whole))


def _of_any_size(input_spec: InputSpec) -> tuple[Padding, InputSpec]:
    """Return the padding of pictures whose sides are multiples, and which are large enough."""
    pad, multiple = input_spec.pad_px, input_spec.multiple
    after = -(-2 * pad // multiple) * multiple - pad
    smallest = max(input_spec.smallest_px - pad - after, after + 1)
    return (pad, pad, after, after), InputSpec(multiple, -(-smallest // multiple) * multiple)


@dataclass(frozen=True)
class _Part:
    """A network, what pictures need for it, and a name for its constants."""

    model: ModelProto
    input_spec: InputSpec
    name: str


class _Surroundings(GraphBuilder):
    """A graph of networks, as often as they are needed, and of what is around them."""

    def paint(
        self, part: _Part, seen: Sequence[str], padding_px: Padding, size: Size | None = None
    ) -> str:
        """Paint once, at a size, or at any.

        Args:
            seen: the photo, and the painting so far if the part revises it.
            padding_px: what is mirrored at the left, top, right and bottom.
            size: width and height, if they are known.
        """
        left, top, right, bottom = padding_px
        photo = self._add_plain_grain(part, seen[0], size)
        seen = [self._add_grain(part, photo, size), *seen[1:]]
        if not any(padding_px):
            return self.embed(part.model, *seen, name=part.name)
        sides = self.integers([0, 0, top, left, 0, 0, bottom, right])
        padded = [self.node("Pad", each, sides, mode="reflect") for each in seen]
        tensor = self.embed(part.model, *padded, name=part.name)
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

    def _add_grain(self, part: _Part, tensor: str, size: Size | None) -> str:
        """Add grain as `impasto.images.add_grain` does."""
        input_spec = part.input_spec
        if not (input_spec.grain or input_spec.coarse_grain):
            return tensor
        levels = grain_levels(input_spec.grain, input_spec.coarse_grain)
        grain = self._tiled(levels, f"{part.name}/grain", tensor, size, level=1 / 255)
        return self._add_clipped(tensor, grain)

    def _add_plain_grain(self, part: _Part, tensor: str, size: Size | None) -> str:
        """Add grain as `impasto.images.add_plain_grain` does."""
        amount = part.input_spec.plain_grain
        if not amount:
            return tensor
        levels = grain_levels(0.0, amount)
        grain = self._tiled(levels, f"{part.name}/plain_grain", tensor, size, level=1.0)
        on_plain = self.node("Round", self.node("Mul", grain, self._plain_ground(tensor)))
        # Half of the photo, in whole levels; a quarter, as 255 times a float is not always whole.
        halved = self.node("Mul", tensor, self.constant(255 / 2))
        halved = self.node("Floor", self.node("Add", halved, self.constant(0.25)))
        level = self.constant(1 / 255)
        grainy = self._add_clipped(tensor, self.node("Mul", on_plain, level))
        grainy = self.node("Max", grainy, self.node("Mul", halved, level))
        return self.node("Min", grainy, self.node("Add", tensor, tensor))

    def _plain_ground(self, tensor: str) -> str:
        """Measure what `impasto.images.plain_ground` does, 1 x 1 x H x W."""
        differences = np.zeros((2, 3, 2, 2), np.float32)
        differences[:, :, 0, 0] = -1 / 3
        differences[0, :, 0, 1] = differences[1, :, 1, 0] = 1 / 3
        mirrored = self.node(
            *("Pad", tensor, self.integers([0, 0, 0, 0, 0, 0, 1, 1])), mode="reflect"
        )
        slopes = self.node("Abs", self.node("Conv", mirrored, self.constant(differences)))
        around = self.node(
            *("AveragePool", slopes),
            kernel_shape=[AROUND_PX, AROUND_PX],
            pads=[AROUND_PX // 2] * 4,
        )
        both = self.constant(np.ones((1, 2, 1, 1), np.float32))
        slope = self.node("Conv", around, both)
        squared = self.node("Mul", slope, slope)
        half = self.constant(PLAIN_SLOPE**2)
        return self.node("Div", half, self.node("Add", squared, half))

    def _add_clipped(self, tensor: str, grain: str) -> str:
        grainy = self.node("Add", tensor, grain)
        return self.node("Clip", grainy, self.constant(0.0), self.constant(1.0))

    def _tiled(
        self, levels: NDArray[np.int8], name: str, tensor: str, size: Size | None, *, level: float
    ) -> str:
        """Lay grain out as far as a picture goes, as floats of which a level is so much."""
        scaling = self.constant(level), self.array(np.array(0, np.int8), "no_level")
        tile = self.node("DequantizeLinear", self.array(levels[None, None], name), *scaling)
        if size:
            sides = self.integers([size[1], size[0]])
            repeats = self.integers([1, 1, *(-(-side // GRAIN_PX) for side in size[::-1])])
        else:
            sides = self.node("Slice", self.node("Shape", tensor), *map(self.integers, ([2], [4])))
            up = self.node("Add", sides, self.integers([GRAIN_PX - 1]))
            tiles = self.node("Div", up, self.integers([GRAIN_PX]))
            repeats = self.node("Concat", self.integers([1, 1]), tiles, axis=0)
        return self._slice(self.node("Tile", tile, repeats), [0, 0], sides)

    def _slice(self, tensor: str, starts: Sequence[int], ends: str) -> str:
        """Cut height and width."""
        return self.node("Slice", tensor, self.integers(starts), ends, self.integers([2, 3]))
