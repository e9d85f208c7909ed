"""Several styles in one picture, each in a region, in one pass.

In conditional instance normalisation, a style is a scale and a shift of every channel. Nothing says
that they must be the same everywhere: here, each place has its own, mixed from the styles by how
much each has a share in that place. The features of both sides meet in every layer, so that strokes
run into each other at a border; blended paintings would show through one another.

Every region is normalised by the statistics of the whole picture painted in its own style, for
these are what the style was trained with. So, further than half a receptive field from a border,
a region is the very painting that its style alone would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from impasto._util.arrays import Floats
from impasto.networks.export import INSTANCE_NORM_EPSILON, NetworkGraph
from impasto.networks.spec import Conv, NetworkSpec


def bake_regions(
    spec: NetworkSpec,
    weights: Mapping[str, Floats],
    style_vectors: Sequence[Floats],
    statistics: Sequence[Floats],
) -> bytes:
    """Write several styles into a network, as a serialised ONNX model.

    Besides ``photo``, it takes ``shares``: float32, 1 x styles x H x W, how much of each style
    there is in each place; they sum to 1.

    Args:
        style_vectors: as `bake` takes one.
        statistics: for each style, as a steered graph gives them; batch normalisation has its own,
            and takes none of these.

    Raises:
        ValueError: a vector or weight has the wrong shape, or there are not as many statistics as
            styles.
    """
    for vector in [*style_vectors, *statistics]:
        if vector.shape != (spec.style_size,):
            raise ValueError(f"a vector is {vector.shape}, network needs ({spec.style_size},)")
    if len(statistics) != len(style_vectors):
        raise ValueError(f"{len(statistics)} statistics for {len(style_vectors)} styles")
    return _Regional(spec, weights, style_vectors, statistics).write()


class _Regional(NetworkGraph):
    """A graph in which scale and shift are maps."""

    def __init__(
        self,
        spec: NetworkSpec,
        weights: Mapping[str, Floats],
        style_vectors: Sequence[Floats],
        statistics: Sequence[Floats],
    ) -> None:
        super().__init__(spec, weights)
        self.styles = len(style_vectors)
        self.vectors = np.stack(style_vectors)
        self.statistics = np.stack(statistics)
        self.scales = {conv.name: made for conv, _, made in spec.scaled()}
        self.shares = {1.0: "shares"}  # by the side of a layer's features over the picture's

    def normalise(self, conv: Conv, tensor: str) -> str:
        first, second = self.slices[conv.name]
        if self.spec.norm == "batch":
            mean, variance = (self.weights[f"{conv.name}.{of}"] for of in ("mean", "variance"))
        else:
            mean, variance = self.statistics[:, first], self.statistics[:, second]
        factor = self.vectors[:, first] / np.sqrt(variance + INSTANCE_NORM_EPSILON)
        offset = self.vectors[:, second] - mean * factor
        scaled = self.node("Mul", tensor, self._map(factor, conv))
        return self.node("Add", scaled, self._map(offset, conv))

    def _map(self, values: Floats, conv: Conv) -> str:
        """Spread styles x channels of numbers over a map: a 1x1 convolution of the shares."""
        scale = self.scales[conv.name]
        if scale not in self.shares:
            side = [round(1 / scale)] * 2
            self.shares[scale] = self.node("AveragePool", "shares", kernel_shape=side, strides=side)
        return self.node("Conv", self.shares[scale], self.constant(values.T[..., None, None]))

    def finish(self) -> bytes:
        return self.model(f"impasto-{self.spec.name}-regions", maps={"shares": self.styles})
