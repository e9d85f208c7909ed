"""The noise that texture_nets' first generators take beside the photo.

Ulyanov et al. 2016, section 3: at every scale, noise is joined to the photo. They draw it anew for
every picture. We depart from that: it is one tile, the same for every picture, so that a network
paints the same photo twice alike, a video does not flicker, and engines without random numbers run
it. The tiles of all scales cover the same `PERIOD_PX` x `PERIOD_PX` pixels of the photo.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from impasto._util.arrays import Floats
from impasto.converters.t7 import TorchObject
from impasto.converters.torch7_fields import TILE, ModuleFields, kind_of
from impasto.errors import InputError

PERIOD_PX = 256
MAKERS = ("NoiseFill", "GenNoise")
BRANCHING = ("Concat", "DepthConcat", "ConcatTable")
MAX_NUMBERS = 1 << 22  # in all tiles of a network


def with_noise(network: TorchObject, name: str) -> TorchObject:
    """Return a copy of a network whose makers of noise have it, as a tile among their fields.

    Raises:
        InputError: it makes textures of noise alone, or noise of absurd size.
    """
    copy, _ = _Tiler(name).copy(network, Fraction(1), ())
    assert isinstance(copy, TorchObject)
    return copy


class _Tiler:
    def __init__(self, name: str) -> None:
        self.name = name
        self.seed = 0
        self.numbers = 0

    def copy(self, module: Any, scale: Fraction, rest: tuple[Any, ...]) -> tuple[Any, Fraction]:
        """Return a module with its tiles, and the scale after it.

        Args:
            scale: how many pixels of the photo one of what it takes is wide.
            rest: what comes after it.
        """
        if not isinstance(module, TorchObject):
            return module, scale
        kind = kind_of(module)
        fields = ModuleFields(module, self.name, kind)
        if kind == "Sequential":
            children = fields.children()
            for number, child in enumerate(children):
                after = (*children[number + 1 :], *rest)
                children[number], scale = self.copy(child, scale, after)
            return _with_children(module, children), scale
        if kind in BRANCHING:
            made = [self.copy(child, scale, rest) for child in fields.children()]
            children = [child for child, _ in made]
            return _with_children(module, children), made[0][1] if made else scale
        if kind in MAKERS:
            tile = self._tile(fields, kind, scale, rest)
            return TorchObject(module.kind, {**module.fields, TILE: tile}), scale
        if kind == "SpatialUpSamplingNearest":
            return module, scale / fields.integer("scale_factor", least=1)
        if kind == "SpatialFullConvolution":
            return module, scale / fields.integer("dW", 1, least=1)
        if kind in ("SpatialAveragePooling", "SpatialConvolution", "SpatialConvolutionMM"):
            return module, scale * fields.integer("dW", 1, least=1)
        return module, scale

    def _tile(
        self, fields: ModuleFields, kind: str, scale: Fraction, rest: tuple[Any, ...]
    ) -> Floats:
        fills = kind == "NoiseFill"
        channels = fields.integer("num_noise_channels" if fills else "num_planes", least=1)
        side = PERIOD_PX / scale
        if side.denominator == 1:
            self.numbers += channels * int(side) ** 2
        if self.numbers > MAX_NUMBERS or side.denominator != 1:
            raise InputError(f"{self.name}: noise of {channels} channels at 1/{scale}", "none fits")
        if fills and _taken(rest) == channels:
            raise InputError(
                f"{self.name} makes textures of noise, without a photo", "give a network of a style"
            )
        random = np.random.default_rng(self.seed)
        self.seed += 1
        shape = (channels, int(side), int(side))
        tile = random.random(shape) if fills else random.normal(size=shape)
        return (tile * fields.number("mult", 1.0)).astype(np.float32)


def _with_children(module: TorchObject, children: list[Any]) -> TorchObject:
    modules = {float(number): child for number, child in enumerate(children, 1)}
    return TorchObject(module.kind, {**module.fields, "modules": modules})


def _taken(modules: tuple[Any, ...]) -> int | None:
    """Return how many channels the first convolution among modules takes."""
    for module in modules:
        if not isinstance(module, TorchObject):
            continue
        if kind_of(module) == "Sequential":
            taken = _taken(tuple(ModuleFields(module, "", "").children()))
            if taken is not None:
                return taken
        elif "nInputPlane" in module.fields:
            return ModuleFields(module, "", "").integer("nInputPlane")
    return None
