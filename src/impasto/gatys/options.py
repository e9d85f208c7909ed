"""How Gatys' optimisation paints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Literal

from impasto.errors import OptionError
from impasto.images import Picture
from impasto.perceptual.vgg import Pooling, check_layers

DEFAULT_SIZE_PX = 1024
SMALLEST_PX = 32

Effect = Literal["subtle", "balanced", "bold"]
Weights = Mapping[str, float]
"""Weights by loss; and of faces, how much more the photo counts there."""

WEIGHTS = {
    "content": "content_weight",
    "self-similarity": "self_similarity_weight",
    "style": "style_weight",
    "total variation": "tv_weight",
    "faces": "face_weight",
}
"""The options they are given by."""


def _weights(
    similarity: float, style: float, variation: float = 2.0, faces: float = 6.0
) -> Weights:
    return {
        "content": 1.0,
        "self-similarity": similarity,
        "style": style,
        "total variation": variation,
        "faces": faces,
    }


EFFECTS: Mapping[Effect, Weights] = {
    "subtle": _weights(similarity=6.0, style=6.0),
    "balanced": _weights(similarity=3.0, style=15.0),
    "bold": _weights(similarity=3.0, style=40.0),
}
PAPER = _weights(similarity=0.0, style=1e3, variation=0.0, faces=0.0)


def _equal(*layers: str) -> Mapping[str, float]:
    return dict.fromkeys(layers, 1.0)


@dataclass(frozen=True)
class PaintOptions:
    """The way to paint by optimisation.

    Attributes:
        effect: how much of the painting: ``subtle``, ``balanced`` or ``bold``. It is a set of
            weights (`EFFECTS`) for the scale-free losses; weights that are given win over it.
        content_weight: alpha in the paper's equation 7.
        self_similarity_weight: of what resembles what in the photo, which holds on to the layout
            while colours and forms change.
        style_weight: beta in equation 7.
        tv_weight: of total variation; smooths noise away.
        face_weight: how much more content and self-similarity count in faces. They are looked for
            where the extra ``faces`` is installed.
        content_layers: weights of VGG-19 layers for the content (the paper: relu4_2).
        style_layers: weights of layers for the style, relative to each other (the paper: relu1_1,
            relu2_1, relu3_1, relu4_1 and relu5_1 alike).
        losses: ``scale-free``, each divided by its target's size, so that one set of weights serves
            all paintings; or ``paper``: equations 1, 4 and 5. The paper's sums have weights of
            another order (`PAPER`): start from a style weight of 1e3 to 1e4.
        pooling: ``max`` or ``average``, which paints calmer, larger planes.
        steps: iterations at the coarsest scale; every finer one has half as many as the one before,
            and a sixteenth of this number at least.
        start: ``content``, ``noise``, or a picture (scaled to fit).
        size_px: the longer side of the result; the photo's own if not given, `DEFAULT_SIZE_PX` at
            most.
        coarsest_px: the shorter side of the coarsest scale; scales about double. As large as
            ``size_px`` for a single scale.
        painting_scale: the paintings' shorter sides are the picture's times this, at every scale:
            larger gives larger strokes.
        keep_colors: the photo's colours (`impasto.images.keep_colors`).
        seed: of the noise, and of the places whose self-similarity is looked at.
        tile_px: pictures much larger than this are computed in tiles (`impasto.gatys.objective`)
            whose result is the same; smaller tiles take less memory and more time.
    """

    effect: Effect = "balanced"
    content_weight: float | None = None
    self_similarity_weight: float | None = None
    style_weight: float | None = None
    tv_weight: float | None = None
    face_weight: float | None = None
    content_layers: Mapping[str, float] = field(default_factory=lambda: _equal("relu4_2"))
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: _equal("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    )
    losses: Literal["scale-free", "paper"] = "scale-free"
    pooling: Pooling = "average"
    steps: int = 200
    start: Literal["content", "noise"] | Picture = "content"
    size_px: int | None = None
    coarsest_px: int = 64
    painting_scale: float = 1.0
    keep_colors: bool = False
    seed: int = 0
    tile_px: int = 832

    def __post_init__(self) -> None:
        _check_choice("effect", self.effect, tuple(EFFECTS))
        for name in (*WEIGHTS.values(), "seed"):
            if (value := getattr(self, name)) is not None:
                _check_range(name, value, 0)
        _check_range("painting_scale", self.painting_scale, 1e-6)
        _check_range("steps", self.steps, 1)
        for name in ("size_px", "coarsest_px", "tile_px"):
            if (value := getattr(self, name)) is not None:
                _check_range(name, value, SMALLEST_PX)
        _check_choice("losses", self.losses, ("scale-free", "paper"))
        _check_choice("pooling", self.pooling, ("max", "average"))
        if not isinstance(self.start, Picture):
            _check_choice("start", self.start, ("content", "noise"))
        check_layers(self.content_layers, "content_layers")
        check_layers(self.style_layers, "style_layers")

    @property
    def weights(self) -> Weights:
        """Weights that are given; for the rest the effect's, or the paper's with the paper's
        losses.
        """
        given = {loss: getattr(self, name) for loss, name in WEIGHTS.items()}
        usual = PAPER if self.losses == "paper" else EFFECTS[self.effect]
        return {**usual, **{loss: weight for loss, weight in given.items() if weight is not None}}


def _check_range(option: str, value: float, least: float) -> None:
    if not isinstance(value, Real) or not least <= value < math.inf:
        raise OptionError(f"{option} is {value!r:.80}", f"give a number from {least} up")


def _check_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise OptionError(f"{option} is {value!r:.80}", f"one of {', '.join(known)}")
