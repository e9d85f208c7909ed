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
    gram_matrix,
    long_range_loss,
    shifted_covariance,
    style_loss,
)
from impasto.learning.vgg import Vgg19

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "STYLE_WEIGHT",
    "PictureLosses",
    "StyleTargets",
    "picture_losses",
]

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STYLE_WEIGHT = 15.0

LONG_RANGE_LAYER = "relu3_1"
SHIFTS = ((2, 0), (0, 2), (4, 0), (0, 4))
"""Across and down, in positions of that layer, which are 4 px apart: the rows of motifs that a
network paints on flat ground stand 8 px apart or a multiple of it, like its coarsest grid."""


@dataclass(frozen=True)
class LongRange:
    """Covariances of some paintings' features with those aside.

    Attributes:
        variances: paintings x C x C.
        covariances: paintings x shifts x C x C.
    """

    variances: Tensor
    covariances: Tensor

    def select(self, indices: Tensor) -> LongRange:
        """Those of some of the paintings, by their numbers."""
        return LongRange(self.variances[indices], self.covariances[indices])


@dataclass(frozen=True)
class StyleTargets:
    """What some paintings look like.

    Attributes:
        grams: Gram matrices, for each layer paintings x C x C.
        long_range: if it was asked for.
    """

    grams: Mapping[str, Tensor]
    long_range: LongRange | None = None

    @classmethod
    def of(
        cls, vgg: Vgg19, paintings: Sequence[Tensor], *, long_range: bool = False
    ) -> StyleTargets:
        """Measure paintings, each float 1 x 3 x H x W, RGB, 0-1, of any size."""
        with torch.no_grad():
            features = [vgg(painting, STYLE_LAYERS) for painting in paintings]
            grams = {
                layer: torch.cat([gram_matrix(each[layer]) for each in features])
                for layer in STYLE_LAYERS
            }
            apart = None
            if long_range:
                layers = [each[LONG_RANGE_LAYER].float() for each in features]
                apart = LongRange(
                    torch.cat([shifted_covariance(each, 0, 0) for each in layers]),
                    torch.cat([_covariances(each) for each in layers]),
                )
        return cls(MappingProxyType(grams), apart)

    def select(self, indices: Tensor) -> StyleTargets:
        """The targets of some of the paintings, by their numbers."""
        grams = {layer: grams[indices] for layer, grams in self.grams.items()}
        return StyleTargets(grams, self.long_range and self.long_range.select(indices))


class PictureLosses(NamedTuple):
    """Each N float32 numbers, one a picture.

    Attributes:
        content: scale-free content loss.
        style: scale-free style loss, mean over layers.
        long_range: scale-free, of one layer; 0 if the targets have none.
    """

    content: Tensor
    style: Tensor
    long_range: Tensor


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
    if targets.long_range is not None:
        apart = long_range_loss(
            _covariances(features[LONG_RANGE_LAYER]),
            targets.long_range.covariances,
            targets.long_range.variances,
        )
    return PictureLosses(content_terms, torch.stack(style).mean(dim=0), apart)


def _covariances(features: Tensor) -> Tensor:
    """N x shifts x C x C."""
    return torch.stack([shifted_covariance(features, *each) for each in SHIFTS], dim=1)
