"""A network's layers, as data.

A `NetworkSpec` is a list of layers. Two readers turn it into something that runs:
`impasto.training.style_network` into a torch module to train, `impasto.networks.export` into an
ONNX graph. Whoever wants to know what our networks are reads this file.

Four kinds of layer suffice:

- `Conv`: convolution, then (each optional) pixel shuffle, normalisation, ReLU;
- `Residual`: a few `Conv` and a sum with their input (He et al. 2016, as in Johnson et al. 2016);
- `Smooth`: a small fixed blur, which makes bilinear what was doubled pixel by pixel;
- `Skip`: a sum with the output of an earlier layer, by its name.

Zeros around a picture paint a frame, and worse: a network learns from them where the border is, and
paints a sunset along the top of every photo. Padding every convolution by reflection cures both, at
no cost that we could measure. Johnson's network keeps the paper's way: the *input* is padded once
by reflection, ``pad_px`` on each side, and the output cropped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar

from impasto.errors import StyleError
from impasto.networks.input_spec import InputSpec

Tensor = TypeVar("Tensor")

# Bounds on what a file may ask for, checked before anything is allocated.
MAX_LAYERS = 64
MAX_CHANNELS = 1024
MAX_KERNEL = 31


@dataclass(frozen=True)
class Conv:
    """A convolution and what follows it: pixel shuffle, normalisation, ReLU, in that order.

    Attributes:
        name: unique within the network; the weights are stored under it.
        inputs: channels in.
        outputs: channels out of the whole layer, after the pixel shuffle.
        kernel: side of the square kernel, odd.
        stride: of the convolution; with ``transposed``, how much larger the output is.
        dilation: spacing of the kernel's taps.
        shuffle: the convolution makes ``outputs * shuffle**2`` channels, which pixel shuffle
            (Shi et al. 2016) turns into ``outputs`` channels at ``shuffle`` times the size.
        transposed: a transposed convolution (Johnson et al. 2016 call it stride 1/2).
        norm: instance or batch normalisation, whose scale and shift belong to the style.
        relu: rectified at the end.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    shuffle: int = 1
    transposed: bool = False
    norm: bool = True
    relu: bool = True

    @property
    def padding(self) -> int:
        """Zeros on each side that keep the size (before the stride)."""
        return self.dilation * (self.kernel - 1) // 2

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        """Shape of the weights: (out, in, k, k), or (in, out, k, k) where transposed."""
        channels = (self.outputs * self.shuffle**2, self.inputs)
        first, second = reversed(channels) if self.transposed else channels
        return first, second, self.kernel, self.kernel

    @property
    def trained_shape(self) -> tuple[int, int, int, int]:
        """Shape of the weights while they are trained: under pixel shuffle, those of one kernel
        over enlarged pixels (`impasto.networks.subpixel`).
        """
        if self.shuffle == 1:
            return self.kernel_shape
        side = self.shuffle * (self.kernel - 1) + 1
        return self.outputs, self.inputs, side, side

    @property
    def scale(self) -> float:
        """Side of the output over the side of the input."""
        return self.shuffle * (self.stride if self.transposed else 1 / self.stride)


@dataclass(frozen=True)
class Residual:
    """``x + convs(x)``; the last convolution has no ReLU."""

    convs: tuple[Conv, ...]


@dataclass(frozen=True)
class Skip:
    """``x + output of the layer named source``."""

    source: str


@dataclass(frozen=True)
class Smooth:
    """Each channel filtered by (1, 2, 1) / 4 across and down.

    After a pixel shuffle by 2 whose four phases are alike, that is bilinear enlargement, at next to
    no cost: without it, a 1x1 convolution under pixel shuffle paints stairs.
    """

    channels: int


Layer = Conv | Residual | Smooth | Skip


@dataclass(frozen=True)
class NetworkSpec:
    """A whole image transformation network, from RGB in 0-1 to RGB in 0-1.

    Attributes:
        padding: what convolutions see beyond the border: the picture's reflection, or zeros.
            Transposed convolutions always see zeros.
        pad_px: reflected pixels around the input, cropped from the output.
        norm: ``instance`` (Ulyanov et al. 2017) or ``batch`` (Johnson et al. 2016).
        grain: standard deviation, where white is 1, of the noise to lay over a photo before the
            network sees it (`impasto.images.grain`).
        coarse_grain: the same of its coarse kind, for styles that would set motifs in rows.
        plain_grain: the same of coarse grain on plain ground alone (`impasto.images.plain_ground`),
            for drafts: it makes forms of clear skies.
        revises: it sees a photo and an enlarged painting of it, six channels, and what it makes is
            added to that painting. Its features are scaled and shifted, not normalised: what it
            makes of a place depends on what is near, so that it paints in tiles of any size.
        output: ``linear``: 0.5 + the last layer, clipped to 0-1; ``tanh``: scaled to 0-1.
    """

    name: str
    layers: tuple[Layer, ...]
    padding: Literal["reflect", "zero"] = "reflect"
    pad_px: int = 0
    norm: Literal["instance", "batch"] = "instance"
    output: Literal["linear", "tanh"] = "linear"
    grain: float = 0.0
    coarse_grain: float = 0.0
    plain_grain: float = 0.0
    revises: bool = False

    def convs(self) -> Iterator[Conv]:
        """Yield all convolutions in order, those inside residual blocks included."""
        for layer in self.layers:
            if isinstance(layer, Conv):
                yield layer
            elif isinstance(layer, Residual):
                yield from layer.convs

    def fold(
        self,
        tensor: Tensor,
        convolve: Callable[[Conv, Tensor], Tensor],
        smooth: Callable[[Smooth, Tensor], Tensor],
        add: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """Return what becomes of a tensor of any kind, layer by layer.

        Args:
            convolve, smooth: what a layer makes of a tensor.
            add: the sum of a tensor and an earlier one.
        """
        made: dict[str, Tensor] = {}  # by each convolution, for skips
        for layer in self.layers:
            if isinstance(layer, Smooth):
                tensor = smooth(layer, tensor)
            elif isinstance(layer, Skip):
                tensor = add(tensor, made[layer.source])
            else:
                entering = tensor
                for conv in layer.convs if isinstance(layer, Residual) else (layer,):
                    made[conv.name] = tensor = convolve(conv, tensor)
                if isinstance(layer, Residual):
                    tensor = add(tensor, entering)
        return tensor

    def scaled(self) -> Iterator[tuple[Conv, float, float]]:
        """Yield all convolutions, each with the sides of what it takes and of what it makes over
        the picture's.
        """
        made = 1.0
        for conv in self.convs():
            taken, made = made, made * conv.scale
            yield conv, taken, made

    @property
    def multiple(self) -> int:
        """The number of pixels that sides of the padded input must be multiples of."""
        return round(1 / min(1.0, *(made for _, _, made in self.scaled())))

    @property
    def smallest_px(self) -> int:
        """The least side of the padded input: reflection needs more pixels than it adds."""
        reflected = self.scaled() if self.padding == "reflect" else ()
        smallest = max([1.0, *((conv.padding + 1) / taken for conv, taken, _ in reflected)])
        return -(-round(smallest) // self.multiple) * self.multiple

    @property
    def input_spec(self) -> InputSpec:
        """The pictures that a graph of this network takes."""
        return InputSpec(
            *(self.multiple, self.smallest_px, self.pad_px),
            *(self.grain, self.coarse_grain, self.plain_grain),
        )

    @property
    def style_size(self) -> int:
        """Numbers in a style vector: a scale and a shift per normalised channel."""
        return sum(2 * conv.outputs for conv in self.convs() if conv.norm)

    @property
    def last(self) -> Conv:
        """The convolution that makes the picture."""
        *_, last = self.convs()
        return last

    @property
    def last_layer_size(self) -> int:
        """Numbers by which a style changes the last layer, if it does: a kernel as it is trained,
        and a bias per channel.
        """
        return math.prod(self.last.trained_shape) + self.last.outputs

    @property
    def vector_sizes(self) -> tuple[int, int]:
        """Numbers in a style vector without and with a last layer of its own."""
        return self.style_size, self.style_size + self.last_layer_size

    @property
    def parameters(self) -> int:
        """Weights and biases that all styles share. Normalised layers have no bias: the style's
        shift does its work.
        """
        biases = (conv.outputs * conv.shuffle**2 for conv in self.convs() if not conv.norm)
        return sum(math.prod(conv.kernel_shape) for conv in self.convs()) + sum(biases)

    @property
    def multiply_adds_per_px(self) -> float:
        """Multiply-adds of the learned convolutions for one input pixel, padding not counted."""
        return sum(
            math.prod(conv.kernel_shape) * (taken if conv.transposed else made / conv.shuffle) ** 2
            for conv, taken, made in self.scaled()
        )

    @property
    def receptive_field_px(self) -> int:
        """Side of the square of input pixels that one output pixel depends on through convolutions
        (instance statistics, which see everything, not counted).
        """
        return round(1 + sum(c.dilation * (c.kernel - 1) / taken for c, taken, _ in self.scaled()))

    def style_slices(self) -> Iterator[tuple[Conv, slice, slice]]:
        """Yield each normalised convolution with the places of its scale and its shift in a style
        vector.
        """
        start = 0
        for conv in self.convs():
            if conv.norm:
                middle, end = start + conv.outputs, start + 2 * conv.outputs
                yield conv, slice(start, middle), slice(middle, end)
                start = end

    def to_json(self) -> str:
        """Return the spec as one line of JSON, for `from_json`; fields that have their default are
        left out, so that a field added later changes no older network's text.
        """
        tree = _tree(self)
        for layer, item in zip(self.layers, tree["layers"], strict=True):
            item["kind"] = type(layer).__name__
        return json.dumps(tree, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> NetworkSpec:
        """Read what `to_json` wrote.

        Raises:
            StyleError: it is not a network's description, or asks for absurd sizes.
        """
        try:
            tree = json.loads(text)
            layers = tuple(_layer(item) for item in tree.pop("layers"))
            spec = cls(layers=layers, **tree)
            _check(spec)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StyleError(
                f"damaged description of a network ({error})", "get the file anew"
            ) from error
        return spec


def _tree(value: Any) -> Any:
    """Return a spec or a part of it as lists and dictionaries, without what has its default."""
    if isinstance(value, tuple):
        return [_tree(item) for item in value]
    if not is_dataclass(value):
        return value
    return {
        field.name: _tree(getattr(value, field.name))
        for field in fields(value)
        if getattr(value, field.name) != field.default
    }


def _layer(item: dict[str, Any]) -> Layer:
    kind = item.pop("kind")
    if kind == "Conv":
        return Conv(**item)
    if kind == "Residual":
        return Residual(tuple(Conv(**conv) for conv in item["convs"]))
    if kind == "Smooth":
        return Smooth(**item)
    if kind == "Skip":
        return Skip(**item)
    raise ValueError(f"unknown kind of layer {kind!r}")


def _check(spec: NetworkSpec) -> None:
    """Check that channels fit together, names are unique, and every number is within its bound."""
    if spec.norm not in ("instance", "batch") or spec.output not in ("linear", "tanh"):
        raise ValueError(f"unknown norm {spec.norm!r} or output {spec.output!r}")
    if spec.padding not in ("reflect", "zero"):
        raise ValueError(f"unknown padding {spec.padding!r}")
    if not 1 <= len(list(spec.convs())) <= MAX_LAYERS or len(spec.layers) > MAX_LAYERS:
        raise ValueError("too few or too many layers")
    if not 0 <= spec.pad_px <= 256:
        raise ValueError(f"padding of {spec.pad_px} px")
    for amount in (spec.grain, spec.coarse_grain, spec.plain_grain):
        if not 0 <= amount <= 1:
            raise ValueError(f"grain of {amount}")
    channels: dict[str, int] = {}
    width = 6 if spec.revises else 3
    for layer in spec.layers:
        if isinstance(layer, Skip):
            if channels.get(layer.source) != width:
                raise ValueError(f"skip from {layer.source!r} does not fit")
            continue
        if isinstance(layer, Smooth):
            if layer.channels != width:
                raise ValueError(f"smoothing of {layer.channels} channels does not fit")
            continue
        entering = width
        for conv in layer.convs if isinstance(layer, Residual) else (layer,):
            _check_conv(conv)
            if conv.inputs != width or conv.name in channels:
                raise ValueError(f"layer {conv.name!r} does not fit")
            width = channels[conv.name] = conv.outputs
        if isinstance(layer, Residual) and width != entering:
            raise ValueError("a residual block changes the number of channels")
    if width != 3 or spec.last.norm:
        raise ValueError("the last layer does not make three channels, or is normalised")


def _check_conv(conv: Conv) -> None:
    whole = (conv.inputs, conv.outputs, conv.kernel, conv.stride, conv.dilation, conv.shuffle)
    if not all(type(number) is int and number >= 1 for number in whole):
        raise ValueError(f"layer {conv.name!r} has sizes that are not whole numbers from 1")
    if max(conv.inputs, conv.outputs) > MAX_CHANNELS or conv.kernel > MAX_KERNEL:
        raise ValueError(f"layer {conv.name!r} is too large")
    if conv.kernel % 2 == 0 or max(conv.stride, conv.dilation, conv.shuffle) > 16:
        raise ValueError(f"layer {conv.name!r} has an unsupported kernel, stride or dilation")


def _residual(name: str, channels: int, dilations: tuple[int, int] = (1, 1)) -> Residual:
    first, second = dilations
    return Residual(
        (
            Conv(f"{name}a", channels, channels, dilation=first),
            Conv(f"{name}b", channels, channels, dilation=second, relu=False),
        )
    )


STANDARD = NetworkSpec(
    name="standard",
    layers=(
        Conv("down1", 3, 16, kernel=5, stride=2),
        Conv("down2", 16, 40, stride=2),
        Conv("down3", 40, 96, stride=2),
        # Most of the work happens at an eighth of the size, where a 3x3 kernel spans 24 px: strokes
        # need a wide receptive field more than they need parameters.
        _residual("body1", 96, (1, 2)),
        _residual("body2", 96, (1, 2)),
        _residual("body3", 96, (1, 2)),
        Conv("up1", 96, 40, kernel=1, shuffle=2, relu=False),
        Smooth(40),
        Skip("down2"),
        Conv("merge", 40, 40),
        Conv("up2", 40, 16, shuffle=2),
        Conv("paint", 16, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.010,
)
"""The trunk that ships: 12 k multiply-adds a pixel against the 126 k of Johnson's network."""


TURBO = NetworkSpec(
    name="turbo",
    layers=(
        # What costs time is the layers at full and half size, not their multiply-adds: 8 channels
        # there save more than anything at an eighth could.
        Conv("down1", 3, 8, stride=2),
        Conv("down2", 8, 24, stride=2),
        Conv("down3", 24, 64, stride=2),
        _residual("body1", 64, (1, 2)),
        _residual("body2", 64, (1, 2)),
        _residual("body3", 64, (1, 2)),
        Conv("up1", 64, 24, kernel=1, shuffle=2, relu=False),
        Smooth(24),
        Skip("down2"),
        Conv("up2", 24, 8, shuffle=2),
        Conv("paint", 8, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.010,
)
"""For live video: 4.6 k multiply-adds a pixel, and nearly the receptive field of `STANDARD`."""


def johnson(norm: Literal["instance", "batch"] = "instance") -> NetworkSpec:
    """Return the network of Johnson et al. 2016, supplementary material table 1: c9s1-32, d64,
    d128, R128 x5, u64, u32, c9s1-3, scaled tanh.

    Departure: the paper pads by reflection once (40 px) and shrinks back through residual blocks
    without padding; we pad the same 40 px, keep the size with zeros inside, and crop at the end.
    """
    return NetworkSpec(
        name=f"johnson-{norm}",
        layers=(
            Conv("down1", 3, 32, kernel=9),
            Conv("down2", 32, 64, stride=2),
            Conv("down3", 64, 128, stride=2),
            *(_residual(f"body{number}", 128) for number in range(1, 6)),
            Conv("up1", 128, 64, stride=2, transposed=True),
            Conv("up2", 64, 32, stride=2, transposed=True),
            Conv("paint", 32, 3, kernel=9, norm=False, relu=False),
        ),
        padding="zero",
        pad_px=40,
        norm=norm,
        output="tanh",
    )


FINE_DRAFT = NetworkSpec(
    name="fine-draft",
    layers=(
        Conv("down1", 3, 24, kernel=5),
        Conv("down2", 24, 48, stride=2),
        Conv("down3", 48, 128, stride=2),
        *(_residual(f"body{number}", 128) for number in range(1, 6)),
        Conv("up1", 128, 48, shuffle=2),
        Smooth(48),
        Conv("up2", 48, 24, shuffle=2),
        Smooth(24),
        Conv("paint", 24, 3, kernel=5, norm=False, relu=False),
    ),
    grain=0.1,
    plain_grain=0.25,
)
"""Lays out large forms on a picture of 128 px: 126 k multiply-adds a pixel, which is 8 k for each
of 512 px. Nothing of the photo is handed past its body: a painting is made from nothing.
"""


FINE_REVISION = NetworkSpec(
    name="fine-revision",
    layers=(
        Conv("down1", 6, 24, kernel=5, stride=2),
        Conv("down2", 24, 72, stride=2),
        *(_residual(f"body{number}", 72) for number in range(1, 5)),
        Conv("up1", 72, 24, shuffle=2, relu=False),
        Smooth(24),
        Skip("down1"),
        Conv("merge", 24, 24),
        Conv("paint", 24, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.05,
    revises=True,
)
"""Adds brushwork, once for each doubling: 31 k multiply-adds a pixel."""


JOHNSON = johnson()

PRESETS = {
    "standard": STANDARD,
    "turbo": TURBO,
    "johnson-instance": JOHNSON,
    "johnson-batch": johnson("batch"),
}
"""The networks that can be asked for by name."""
