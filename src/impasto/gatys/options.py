"""How Gatys' optimisation paints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from impasto.errors import OptionError
from impasto.images import Picture
from impasto.perceptual.vgg import Pooling, check_layers

__all__ = ["DEFAULT_SIZE_PX", "SMALLEST_PX", "PaintOptions"]

DEFAULT_SIZE_PX = 1024
SMALLEST_PX = 32


def _equal(*layers: str) -> Mapping[str, float]:
    return dict.fromkeys(layers, 1.0)


@dataclass(frozen=True)
class PaintOptions:
    """How to paint.

    Attributes:
        content_weight: alpha in the paper's equation 7.
        style_weight: beta in it.
        tv_weight: of total variation; smooths noise away.
        content_layers: weights of VGG-19 layers for the content (the paper: relu4_2).
        style_layers: weights of layers for the style, relative to each other (the paper: relu1_1,
            relu2_1, relu3_1, relu4_1 and relu5_1 alike).
        losses: ``scale-free``, each divided by its target's size, so that one set of weights serves
            all paintings; or ``paper``: equations 1, 4 and 5. The paper's sums have weights of
            another order: start from a content weight of 1 and a style weight of 1e3 to 1e4.
        pooling: ``max`` or ``average``.
        optimizer: ``lbfgs`` or ``adam``.
        learning_rate: of Adam, in units of the pixel range 0-1.
        steps: iterations at the coarsest scale; every finer one has half as many as the one before,
            and a sixteenth of this number at least.
        start: ``content``, ``noise``, or a picture (scaled to fit).
        size_px: the longer side of the result; the photo's own if not given, `DEFAULT_SIZE_PX` at
            most.
        coarsest_px: the longer side of the coarsest scale, about: scales double. As large as
            ``size_px`` for a single scale.
        painting_scale: the paintings' area is the picture's times the square of this: larger gives
            larger strokes.
        keep_colors: the photo's colours (`impasto.images.keep_colors`).
        seed: of the noise.
        tile_px: pictures much larger than this are computed in tiles (`impasto.gatys.objective`)
            whose result is the same; smaller tiles take less memory and more time.
    """

    content_weight: float = 1.0
    style_weight: float = 15.0
    tv_weight: float = 0.5
    content_layers: Mapping[str, float] = field(default_factory=lambda: _equal("relu4_2"))
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: _equal("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    )
    losses: Literal["scale-free", "paper"] = "scale-free"
    pooling: Pooling = "max"
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: float = 0.02
    steps: int = 200
    start: Literal["content", "noise"] | Picture = "content"
    size_px: int | None = None
    coarsest_px: int = 256
    painting_scale: float = 1.0
    keep_colors: bool = False
    seed: int = 0
    tile_px: int = 832

    def __post_init__(self) -> None:
        for name in ("content_weight", "style_weight", "tv_weight", "seed"):
            _check_range(name, getattr(self, name), 0)
        for name in ("learning_rate", "painting_scale"):
            _check_range(name, getattr(self, name), 1e-6)
        _check_range("steps", self.steps, 1)
        for name in ("size_px", "coarsest_px", "tile_px"):
            if (value := getattr(self, name)) is not None:
                _check_range(name, value, SMALLEST_PX)
        _check_choice("losses", self.losses, ("scale-free", "paper"))
        _check_choice("pooling", self.pooling, ("max", "average"))
        _check_choice("optimizer", self.optimizer, ("lbfgs", "adam"))
        if not isinstance(self.start, Picture):
            _check_choice("start", self.start, ("content", "noise"))
        check_layers(self.content_layers, "content_layers")
        check_layers(self.style_layers, "style_layers")


def _check_range(option: str, value: float, least: float) -> None:
    if not least <= value < math.inf:
        raise OptionError(f"{option} is {value}", f"give a number from {least} up")


def _check_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(f"{option} is {value!r}", f"one of {', '.join(known)}")
