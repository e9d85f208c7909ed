"""What a painting should look like, and how far pictures are from it: VGG-19 and the losses joined.

The objective is the one that `impasto evaluate` reports: ``J = content + 15 * style``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.learning.losses import (
    content_loss,
    correlation_loss,
    deep_correlations,
    gram_matrix,
    style_loss,
)
from impasto.learning.vgg import Vgg19

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "STYLE_WEIGHT",
    "PictureLosses",
    "StyleTargets",
    "layer_correlations",
    "picture_losses",
]

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STYLE_WEIGHT = 15.0

CORRELATION_LAYER, CORRELATION_REACH = "relu3_1", 12
"""In positions 4 px apart: rows of motifs that a network paints on flat ground are 16 to 32 px
apart, multiples of its coarsest grid."""


@dataclass(frozen=True)
class StyleTargets:
    """What some paintings look like.

    Attributes:
        grams: Gram matrices, for each layer paintings x C x C.
        correlations: deep correlations of `CORRELATION_LAYER`, if they were asked for.
    """

    grams: Mapping[str, Tensor]
    correlations: Tensor | None = None

    @classmethod
    def of(
        cls, vgg: Vgg19, paintings: Sequence[Tensor], *, correlations: bool = False
    ) -> StyleTargets:
        """Measure paintings, each float 1 x 3 x H x W, RGB, 0-1, of any size."""
        with torch.no_grad():
            features = [vgg(painting, STYLE_LAYERS) for painting in paintings]
            grams = {
                layer: torch.cat([gram_matrix(each[layer]) for each in features])
                for layer in STYLE_LAYERS
            }
            apart = [layer_correlations(each) for each in features] if correlations else None
        return cls(MappingProxyType(grams), None if apart is None else torch.cat(apart))

    def select(self, indices: Tensor) -> StyleTargets:
        """The targets of some of the paintings, by their numbers."""
        grams = {layer: grams[indices] for layer, grams in self.grams.items()}
        apart = None if self.correlations is None else self.correlations[indices]
        return StyleTargets(grams, apart)


class PictureLosses(NamedTuple):
    """Each N float32 numbers, one a picture.

    Attributes:
        content: scale-free content loss.
        style: scale-free style loss, mean over layers.
        correlation: scale-free correlation loss of one layer; 0 if the targets have none.
    """

    content: Tensor
    style: Tensor
    correlation: Tensor

    @property
    def objective(self) -> Tensor:
        """J = content + 15 * style."""
        return self.content + STYLE_WEIGHT * self.style


def picture_losses(
    vgg: Vgg19, pictures: Tensor, content: Tensor, targets: StyleTargets, exact: bool = True
) -> PictureLosses:
    """How far pictures are from a photo's content and a painting's style.

    Args:
        pictures: N x 3 x H x W, 0-1.
        content: `CONTENT_LAYER` features of the N photos.
        targets: of N paintings, or of one.
        exact: as `gram_matrix` takes it.
    """
    features = vgg(pictures, (CONTENT_LAYER, *STYLE_LAYERS))
    style = [
        style_loss(gram_matrix(features[layer], exact), targets.grams[layer])
        for layer in STYLE_LAYERS
    ]
    content_terms = content_loss(features[CONTENT_LAYER], content)
    apart = torch.zeros_like(content_terms)
    if targets.correlations is not None:
        apart = correlation_loss(layer_correlations(features), targets.correlations)
    return PictureLosses(content_terms, torch.stack(style).mean(dim=0), apart)


def layer_correlations(features: Mapping[str, Tensor]) -> Tensor:
    """Deep correlations of `CORRELATION_LAYER`, as the correlation loss compares them."""
    # A quarter of the channels sees what repeats as well as all, and is quicker.
    return deep_correlations(features[CORRELATION_LAYER][:, ::4], CORRELATION_REACH)
