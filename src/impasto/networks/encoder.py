"""The encoder: from any painting to a style vector of one trunk, in a moment.

After Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural artistic
stylization network" (arXiv 1705.06830), section 3. Departures, all for a net of 1 MB instead of an
Inception-v3 of 90:

- a small net of its own;
- the features of *every* layer are pooled over the painting, and their deviation beside their mean:
  style losses compare second moments at several depths, and these are the nearest to them that
  costs nothing;
- most convolutions are at 1/4 and 1/8 of the painting's size, where VGG-19 has the two layers whose
  style losses are hardest to bring down;
- a vector is the known styles' mean and a combination of `EncoderSpec.bottleneck` directions (the
  paper has a bottleneck of 100, too), so that an encoder without training gives that mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats
from impasto.errors import StyleError
from impasto.networks.graph import GraphBuilder
from impasto.networks.tensors import checked_weights, read_tensors, write_tensors

FORMAT = "impasto-encoder-1"
MAX_FILE_BYTES = 16 << 20
POOL_EPSILON = 1e-5
KERNEL = 3


@dataclass(frozen=True)
class Convolution:
    """A 3x3 convolution, which sees the reflection of what is within beyond the border, and is
    rectified.

    Attributes:
        name: of its weights.
        inputs, outputs: channels.
        halves: the picture, to the even places; else what it finds is added to what it sees (He et
            al. 2016, arXiv 1512.03385).
    """

    name: str
    inputs: int
    outputs: int
    halves: bool

    @property
    def stride(self) -> int:
        """Stride in pixels of what it sees."""
        return 2 if self.halves else 1


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder's layers, as data.

    Attributes:
        channels: of each size; a convolution halves the picture to it.
        more: how many convolutions follow at each size; none at sizes beyond its end.
        hidden: numbers between the pooled features and the bottleneck, rectified.
        bottleneck: numbers that a vector is combined from.
        style_size: numbers in the trunk's style vectors.
        painting_px: the shorter side at which it looks at a painting.
    """

    channels: tuple[int, ...]
    more: tuple[int, ...] = ()
    hidden: int = 160
    bottleneck: int = 80
    style_size: int = 1
    painting_px: int = 384

    @property
    def convolutions(self) -> list[Convolution]:
        """All convolutions, in order."""
        found = []
        inputs = 3
        for size, (outputs, more) in enumerate(zip_longest(self.channels, self.more, fillvalue=0)):
            found.append(Convolution(f"down{size + 1}", inputs, outputs, halves=True))
            for number in range(more):
                name = f"more{size + 1}_{number + 1}"
                found.append(Convolution(name, outputs, outputs, halves=False))
            inputs = outputs
        return found

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by its name."""
        shapes: dict[str, tuple[int, ...]] = {}
        pooled = 0
        for each in self.convolutions:
            shapes[f"{each.name}.weight"] = (each.outputs, each.inputs, KERNEL, KERNEL)
            shapes[f"{each.name}.bias"] = (each.outputs,)
            pooled += 2 * each.outputs
        sizes = (pooled, self.hidden, self.bottleneck, self.style_size)
        for name, start in (("hidden", 0), ("code", 1), ("style", 2)):
            shapes[f"{name}.weight"] = (sizes[start + 1], sizes[start])
            shapes[f"{name}.bias"] = (sizes[start + 1],)
        return shapes

    def to_json(self) -> str:
        """Return the spec as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> EncoderSpec:
        """Read what `to_json` wrote.

        Raises:
            StyleError: it is not an encoder's description, or asks for absurd sizes.
        """
        try:
            fields = dict(json.loads(text))
            more = tuple(fields.get("more", ()))
            spec = cls(**{**fields, "channels": tuple(fields["channels"]), "more": more})
            sizes = (*spec.channels, spec.hidden, spec.bottleneck)
            _check(1, 8, len(spec.channels))
            _check(0, len(spec.channels), len(spec.more))
            _check(0, 8, *spec.more)
            _check(1, 1024, *sizes)
            _check(1, 65536, spec.style_size)
            _check(64, 1024, spec.painting_px)
        except (ValueError, TypeError, KeyError) as error:
            raise StyleError(
                f"damaged description of an encoder ({error})", "get the file anew"
            ) from error
        return spec


def _check(least: int, most: int, *numbers: int) -> None:
    for number in numbers:
        if type(number) is not int or not least <= number <= most:
            raise ValueError(f"{number} is not from {least} to {most}")


ENCODER = EncoderSpec((32, 64, 128, 128), more=(0, 1, 2), hidden=192, bottleneck=160)
"""The one to train; ``style_size`` is the trunk's."""


@dataclass(frozen=True)
class Encoder:
    """An encoder and the trunk that it is for.

    Attributes:
        weights: float16 arrays, by the names of `EncoderSpec.shapes`.
        trunk: the fingerprint of the trunk whose vectors it predicts.
    """

    spec: EncoderSpec
    weights: Mapping[str, NDArray[np.float16]]
    trunk: str

    @cached_property
    def graph(self) -> bytes:
        """An ONNX model from ``photo`` (a painting: 1 x 3 x H x W, RGB, 0-1) to ``vector``.

        It hands the painting through as ``painting``: to an engine it is a graph like any other.
        """
        weights = {name: array.astype(np.float32) for name, array in self.weights.items()}
        return _Graph(self.spec, weights).write()


class _Graph(GraphBuilder):
    def __init__(self, spec: EncoderSpec, weights: Mapping[str, Floats]) -> None:
        super().__init__()
        self.spec = spec
        self.weights = weights

    def write(self) -> bytes:
        tensor = self.node("Mul", self.node("Sub", "photo", self.constant(0.5)), self.constant(4.0))
        pooled: list[str] = []
        for each in self.spec.convolutions:
            found = self.node(
                "Relu",
                self.node(
                    "Conv",
                    self.reflect(tensor, KERNEL // 2),
                    *self.parameters(each.name),
                    kernel_shape=[KERNEL] * 2,
                    strides=[each.stride] * 2,
                ),
            )
            tensor = found if each.halves else self.node("Add", tensor, found)
            pooled += self.pool(tensor)
        tensor = self.node("Concat", *pooled, axis=1)
        tensor = self.node("Relu", self.linear("hidden", tensor))
        tensor = self.linear("style", self.linear("code", tensor))
        self.node("Reshape", tensor, self.integers([-1]), output="vector")
        self.node("Clip", "photo", self.constant(0.0), self.constant(1.0), output="painting")
        return self.model("impasto-encoder", outputs={"vector": self.spec.style_size})

    def pool(self, tensor: str) -> tuple[str, str]:
        """Return mean and deviation of every channel, each 1 x C x 1 x 1."""
        mean, variance = self.mean_and_variance(tensor)
        return mean, self.node("Sqrt", self.node("Add", variance, self.constant(POOL_EPSILON)))

    def linear(self, name: str, tensor: str) -> str:
        """Add a matrix, as a convolution of one pixel: every engine has that."""
        return self.node("Conv", tensor, *self.parameters(name), kernel_shape=[1, 1])

    def parameters(self, name: str) -> tuple[str, str]:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        if weight.ndim == 2:
            weight = weight[..., None, None]
        return self.constant(weight, f"{name}.weight"), self.constant(bias, f"{name}.bias")


def write_encoder(path: Path, encoder: Encoder) -> None:
    """Write a safetensors file: float16 weights, description and trunk as metadata.

    Raises:
        OutputError: it cannot be written.
    """
    metadata = {"format": FORMAT, "spec": encoder.spec.to_json(), "trunk": encoder.trunk}
    write_tensors(path, encoder.weights, metadata)


def read_encoder(path: Path) -> Encoder:
    """Read what `write_encoder` wrote.

    Raises:
        StyleError: the file is missing, damaged, or no encoder.
    """
    tensors, metadata = read_tensors(path, FORMAT, MAX_FILE_BYTES)
    spec = EncoderSpec.from_json(metadata.get("spec", ""))
    weights = checked_weights(path, spec.shapes(), tensors)
    return Encoder(spec, weights, metadata.get("trunk", ""))
