"""Targets of paintings and photos, and how far pictures are from them, by losses on VGG-19.

The objective is the one that `impasto evaluate` reports: ``J = content + 15 * style``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.perceptual.correlations import (
    correlation_loss,
    cut_into_parts,
    deep_correlations,
    far_power,
    joint_correlations,
    local_correlation_loss,
    painting_regularity,
)
from impasto.perceptual.losses import content_loss, gram_matrix, style_loss
from impasto.perceptual.vgg import Vgg19

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STYLE_WEIGHT = 15.0

CORRELATION_LAYER, CORRELATION_REACH = "relu3_1", 12
"""The reach is in positions 4 px apart: rows of motifs that a network paints on flat ground are 16
to 32 px apart, multiples of its coarsest grid."""

PARTS_LAYER, PARTS_REACH = "relu2_1", 24
"""The reach is in positions 2 px apart: a ring of foam is 12 px wide."""


@dataclass(frozen=True)
class StyleTargets:
    """The style of some paintings, measured.

    Attributes:
        grams: Gram matrices, for each layer paintings x C x C.
        correlations: deep correlations of `CORRELATION_LAYER`, if they were asked for.
        regularity, power: how much parts of each painting repeat themselves, and how much they
            vary, as `local_correlation_loss` takes them; if they were asked for.
    """

    grams: Mapping[str, Tensor]
    correlations: Tensor | None = None
    regularity: Tensor | None = None
    power: Tensor | None = None

    @classmethod
    def of(
        cls,
        vgg: Vgg19,
        paintings: Sequence[Tensor],
        *,
        correlations: bool = False,
        parts: bool = False,
    ) -> StyleTargets:
        """Measure paintings, each float 1 x 3 x H x W, RGB, 0-1, of any size.

        Args:
            correlations: for the correlation loss, too.
            parts: for the local correlation loss, too.
        """
        with torch.no_grad():
            features = [vgg(painting, STYLE_LAYERS) for painting in paintings]
            grams = MappingProxyType(
                {
                    layer: torch.cat([gram_matrix(each[layer]) for each in features])
                    for layer in STYLE_LAYERS
                }
            )
            apart = regularity = power = None
            if correlations:
                apart = torch.cat([layer_correlations(each) for each in features])
            if parts:
                local = [painting_regularity(*part_powers(each)) for each in features]
                regularity, power = map(torch.cat, zip(*local, strict=True))
            return cls(grams, apart, regularity, power)

    def join(self, others: StyleTargets) -> StyleTargets:
        """Return these paintings, then others, of which the same was measured."""

        def both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
            return None if first is None or second is None else torch.cat([first, second])

        grams = {
            layer: torch.cat([each, others.grams[layer]]) for layer, each in self.grams.items()
        }
        return StyleTargets(
            grams,
            both(self.correlations, others.correlations),
            both(self.regularity, others.regularity),
            both(self.power, others.power),
        )

    def select(self, indices: Tensor) -> StyleTargets:
        """Return the targets of some of the paintings, by their numbers."""
        grams = {layer: grams[indices] for layer, grams in self.grams.items()}
        chosen = [
            None if each is None else each[indices]
            for each in (self.correlations, self.regularity, self.power)
        ]
        return StyleTargets(grams, *chosen)


@dataclass(frozen=True)
class PhotoTargets:
    """The content that pictures should keep of their photos.

    Attributes:
        content: `CONTENT_LAYER` features.
        repeated: photos x parts, how much parts of each photo repeat themselves, if it was asked
            for: the local correlation loss lets pictures do so, too.
    """

    content: Tensor
    repeated: Tensor | None = None

    @classmethod
    def of(cls, vgg: Vgg19, photos: Tensor, *, parts: bool = False) -> PhotoTargets:
        """Measure photos, float N x 3 x H x W, RGB, 0-1; their ``parts``, too, for the local
        correlation loss.
        """
        layers = (CONTENT_LAYER, PARTS_LAYER) if parts else (CONTENT_LAYER,)
        with torch.no_grad():
            features = vgg(photos, layers)
            repeated = part_powers(features)[0] if parts else None
        return cls(features[CONTENT_LAYER], repeated)

    def repeat(self, times: int) -> PhotoTargets:
        """Return the targets with each photo so often, in a row."""
        return PhotoTargets(
            self.content.repeat_interleave(times, dim=0),
            None if self.repeated is None else self.repeated.repeat_interleave(times, dim=0),
        )


class PictureLosses(NamedTuple):
    """Losses of N pictures, each N float32 numbers.

    Attributes:
        content: scale-free content loss.
        style: scale-free style loss, mean over layers.
        correlation: scale-free correlation loss of one layer; 0 if the targets have none.
        local_correlation: that of parts by themselves; 0 if the photos' targets have none.
    """

    content: Tensor
    style: Tensor
    correlation: Tensor
    local_correlation: Tensor

    @property
    def objective(self) -> Tensor:
        """J = content + 15 * style."""
        return self.content + STYLE_WEIGHT * self.style


def picture_losses(
    vgg: Vgg19, pictures: Tensor, photos: PhotoTargets, targets: StyleTargets, exact: bool = True
) -> PictureLosses:
    """Measure how far pictures are from a photo's content and a painting's style.

    Args:
        pictures: N x 3 x H x W, 0-1.
        photos: of the N photos.
        targets: of N paintings, or of one.
        exact: as `gram_matrix` takes it.
    """
    features = vgg(pictures, (CONTENT_LAYER, *STYLE_LAYERS))
    style = [
        style_loss(gram_matrix(features[layer], exact), targets.grams[layer])
        for layer in STYLE_LAYERS
    ]
    content = content_loss(features[CONTENT_LAYER], photos.content)
    apart = local = torch.zeros_like(content)
    if targets.correlations is not None:
        apart = correlation_loss(layer_correlations(features), targets.correlations)
    if photos.repeated is not None:
        assert targets.regularity is not None
        assert targets.power is not None
        local = local_correlation_loss(
            *part_powers(features), photos.repeated, targets.regularity, targets.power
        )
    return PictureLosses(content, torch.stack(style).mean(dim=0), apart, local)


def layer_correlations(features: Mapping[str, Tensor]) -> Tensor:
    """Return deep correlations of `CORRELATION_LAYER`, as the correlation loss compares them."""
    return deep_correlations(_thinned(features[CORRELATION_LAYER]), CORRELATION_REACH)


def part_powers(features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return `far_power` of each part of `PARTS_LAYER`, N x parts each."""
    cut = cut_into_parts(_thinned(features[PARTS_LAYER]))
    far, own = far_power(joint_correlations(cut.flatten(0, 1), PARTS_REACH))
    return far.reshape(cut.shape[:2]), own.reshape(cut.shape[:2])


def _thinned(features: Tensor) -> Tensor:
    # A quarter of the channels sees what repeats as well as all, and is quicker.
    return features[:, ::4]
