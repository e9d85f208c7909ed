"""A network cut after every convolution, so that a picture can go through it layer by layer.

Instance normalisation needs the mean and variance of a whole layer before the next one can begin.
Where a picture's features are too large for memory, each layer is computed for all of the picture,
strip by strip, and waits on disk until its statistics are known: a *stage* is what lies between two
such waits. It reads features, normalises and adds them as the network does, and convolves.

A stage's graph (`bake_stage`) sees strips of rows. Left and right it pads as the network does;
above and below, whoever runs it gives it the rows that it has to see (`Stage.reads`), mirrored at
the picture's border. What stands between stored features and a convolution treats a mirrored row
just as the row that it mirrors, so that this is the same as padding the convolution itself. For
networks that pad by zeros, a further input blanks what is beyond the border.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats
from impasto.networks.export import INSTANCE_NORM_EPSILON, SMOOTHING
from impasto.networks.graph import GraphBuilder, Shape
from impasto.networks.spec import Conv, NetworkSpec, Smooth


@dataclass(frozen=True)
class Feature:
    """A feature that waits between stages, or the photo itself.

    Attributes:
        name: unique within the network.
        conv: the convolution that made it, if it has yet to be normalised and rectified.
    """

    name: str
    channels: int
    conv: Conv | None = None


@dataclass(frozen=True)
class Sum:
    """Two tensors added."""

    first: Tensor
    second: Tensor


@dataclass(frozen=True)
class Smoothed:
    """A tensor after a `Smooth` layer."""

    of: Tensor
    layer: Smooth


Tensor = Feature | Sum | Smoothed


@dataclass(frozen=True)
class Stage:
    """One convolution, and what comes before it since the last one.

    Attributes:
        entering: what it convolves.
        kept: the name under which ``entering`` has to wait, for a sum in a later stage.
    """

    conv: Conv
    entering: Tensor
    kept: str = ""

    @property
    def made(self) -> Feature:
        """The feature that the convolution makes."""
        return Feature(self.conv.name, self.conv.outputs, self.conv)

    @property
    def reads(self) -> tuple[tuple[Feature, int], ...]:
        """The features that it reads, and how many rows of each beyond those of the convolution's
        own strip, above and below.
        """
        seen = _walk(self.entering, self.halo)
        return tuple((each, rows) for each, rows in seen if isinstance(each, Feature))

    @property
    def halo(self) -> int:
        """Rows that the convolution sees beyond its strip, above and below."""
        conv = self.conv
        if conv.transposed:
            before = (conv.kernel - 1 - conv.padding) // conv.stride
            return max(before, (conv.stride - 1 + conv.padding) // conv.stride)
        return conv.padding

    @property
    def blanked(self) -> frozenset[int]:
        """Numbers of rows beyond the strip for which zeros have to be laid over what is beyond the
        picture, in networks that see zeros there.
        """
        own = {self.halo} if self.conv.padding or self.conv.transposed else set()
        seen = _walk(self.entering, self.halo)
        return frozenset(own | {rows + 1 for each, rows in seen if isinstance(each, Smoothed)})


def cut_stages(spec: NetworkSpec) -> list[Stage]:
    """Return all stages of a network, in order, up to its last normalised convolution."""
    stages: list[Stage] = []

    def convolve(conv: Conv, tensor: Tensor) -> Tensor:
        stages.append(Stage(conv, tensor))
        return stages[-1].made

    def smooth(layer: Smooth, tensor: Tensor) -> Tensor:
        return Smoothed(tensor, layer)

    def add(tensor: Tensor, earlier: Tensor) -> Tensor:
        if isinstance(earlier, Sum | Smoothed):
            # It would keep all that it is made of waiting; so what a stage saw of it is kept.
            number = next(n for n, stage in enumerate(stages) if stage.entering is earlier)
            conv = stages[number].conv
            kept = f"{conv.name} sees"
            stages[number] = replace(stages[number], kept=kept)
            earlier = Feature(kept, conv.inputs)
        return Sum(tensor, earlier)

    photo: Tensor = Feature("photo", 3)
    spec.fold(photo, convolve, smooth, add)
    while stages and not stages[-1].conv.norm:
        stages.pop()
    return stages


def last_readers(stages: Sequence[Stage]) -> dict[str, int]:
    """Return for each feature that waits the number of the last stage that reads it."""
    return {
        feature.name: number for number, stage in enumerate(stages) for feature, _ in stage.reads
    }


def waiting_per_px(spec: NetworkSpec) -> float:
    """Return the most numbers that wait at a time, for each pixel of the picture."""
    stages = cut_stages(spec)
    last = last_readers(stages)
    scales = {"photo": 1.0}
    waiting: dict[str, float] = {}
    most = 0.0
    for number, stage in enumerate(stages):
        conv = stage.conv
        scale = scales[stage.reads[0][0].name]
        scales[stage.kept], scales[conv.name] = scale, scale * conv.scale
        waiting[stage.kept] = conv.inputs * scale**2
        waiting[conv.name] = conv.outputs * scales[conv.name] ** 2
        most = max(most, sum(waiting[name] for name in waiting if last.get(name, -1) >= number))
        waiting = {name: each for name, each in waiting.items() if last.get(name, -1) > number}
    return most


def bake_stage(
    spec: NetworkSpec,
    weights: Mapping[str, Floats],
    stage: Stage,
    normalisation: Mapping[str, tuple[Floats, Floats]],
) -> bytes:
    """Return a stage as a serialised ONNX model.

    It takes the features that the stage reads, by their names, float32, 1 x channels x rows x
    width, and for networks that pad by zeros ``inside 0``, ``inside 1``...: for every number of
    rows beyond the strip that something needs, 1 x 1 x rows x 1, 1 where a row is in the picture
    and 0 beyond it. It gives ``made``, what the convolution makes, with ``mean`` and ``variance``
    of its channels; and ``kept`` if the stage keeps what enters it, with all rows that were seen.

    Args:
        normalisation: factor and offset of every channel of each normalised layer that it reads.
    """
    return _StageGraph(spec, weights, normalisation).write(stage)


class _StageGraph(GraphBuilder):
    def __init__(
        self,
        spec: NetworkSpec,
        weights: Mapping[str, Floats],
        normalisation: Mapping[str, tuple[Floats, Floats]],
    ) -> None:
        super().__init__()
        self.spec = spec
        self.weights = weights
        self.normalisation = normalisation

    def write(self, stage: Stage) -> bytes:
        entering = self.tensor(stage.entering, stage.halo)
        channels = stage.conv.outputs
        outputs: dict[str, Shape] = {
            "made": (1, channels, "rows made", "width made"),
            "mean": (1, channels, 1, 1),
            "variance": (1, channels, 1, 1),
        }
        if stage.kept:
            self.node("Identity", entering, output="kept")
            outputs["kept"] = (1, stage.conv.inputs, f"rows {stage.halo}", "width")
        made = self.node("Identity", self.convolve(stage, entering), output="made")
        self.mean_and_variance(made, "mean", "variance")
        seen: dict[str, Shape] = {
            feature.name: (1, feature.channels, f"rows {rows}", "width")
            for feature, rows in stage.reads
        }
        if self.spec.padding == "zero":
            seen.update({f"inside {rows}": (1, 1, f"rows {rows}", 1) for rows in stage.blanked})
        name = f"impasto-{self.spec.name}-{stage.conv.name}"
        return self.serialised(name, seen, outputs)

    def tensor(self, tensor: Tensor, halo: int) -> str:
        """Add what makes a tensor, with so many rows beyond the strip."""
        if isinstance(tensor, Sum):
            return self.node(
                "Add", self.tensor(tensor.first, halo), self.tensor(tensor.second, halo)
            )
        if isinstance(tensor, Smoothed):
            channels = tensor.layer.channels
            seen = self.blank_beyond(self.tensor(tensor.of, halo + 1), halo + 1)
            kernel = self.constant(np.repeat(SMOOTHING, channels, axis=0))
            padded = self.beside(seen, 1)
            return self.node("Conv", padded, kernel, kernel_shape=[3, 3], group=channels)
        conv, name = tensor.conv, tensor.name
        if conv and conv.norm:  # what was stored has yet to be normalised and rectified
            factor, offset = (each.reshape(1, -1, 1, 1) for each in self.normalisation[conv.name])
            scaled = self.node("Mul", name, self.constant(factor))
            name = self.node("Add", scaled, self.constant(offset))
        return self.node("Relu", name) if conv and conv.relu else name

    def convolve(self, stage: Stage, tensor: str) -> str:
        conv = stage.conv
        if conv.padding or conv.transposed:
            tensor = self.blank_beyond(tensor, stage.halo)
        inputs = [self.constant(np.asarray(self.weights[f"{conv.name}.weight"], dtype=np.float32))]
        if not conv.norm:
            inputs.append(self.constant(np.asarray(self.weights[f"{conv.name}.bias"])))
        if conv.transposed:
            tensor = self.node(
                "ConvTranspose",
                tensor,
                *inputs,
                kernel_shape=[conv.kernel] * 2,
                strides=[conv.stride] * 2,
                pads=[0, conv.padding] * 2,
                output_padding=[0, conv.stride - 1],
            )
            return self.without_halo(stage, tensor)
        tensor = self.node(
            "Conv",
            self.beside(tensor, conv.padding),
            *inputs,
            kernel_shape=[conv.kernel] * 2,
            strides=[conv.stride] * 2,
            dilations=[conv.dilation] * 2,
        )
        if conv.shuffle > 1:
            tensor = self.node("DepthToSpace", tensor, blocksize=conv.shuffle, mode="CRD")
        return tensor

    def without_halo(self, stage: Stage, tensor: str) -> str:
        """Keep only the rows of the strip, of what a transposed convolution makes of all."""
        conv = stage.conv
        above = stage.halo * conv.stride + conv.padding
        below = (stage.halo - 1) * conv.stride + conv.kernel - conv.padding
        end = -below if below else np.iinfo(np.int64).max
        bounds = (self.integers([above]), self.integers([int(end)]), self.integers([2]))
        return self.node("Slice", tensor, *bounds)

    def beside(self, tensor: str, padding: int) -> str:
        """Pad left and right."""
        if not padding:
            return tensor
        sides = self.integers([0, 0, 0, padding] * 2)
        mode = "reflect" if self.spec.padding == "reflect" else "constant"
        return self.node("Pad", tensor, sides, mode=mode)

    def blank_beyond(self, tensor: str, halo: int) -> str:
        """Lay zeros above and below the picture, in networks that see zeros there."""
        if self.spec.padding == "reflect":
            return tensor
        return self.node("Mul", tensor, f"inside {halo}")


def _walk(tensor: Tensor, halo: int) -> Iterator[tuple[Tensor, int]]:
    """Yield a tensor and all that it is made of, each with its rows beyond the strip."""
    yield tensor, halo
    if isinstance(tensor, Sum):
        yield from _walk(tensor.first, halo)
        yield from _walk(tensor.second, halo)
    elif isinstance(tensor, Smoothed):
        yield from _walk(tensor.of, halo + 1)


def folded(
    scale: Floats, shift: Floats, mean: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Return normalisation by those statistics as a factor and an offset."""
    factor = scale / np.sqrt(variance + INSTANCE_NORM_EPSILON)
    return factor.astype(np.float32), (shift - mean * factor).astype(np.float32)
