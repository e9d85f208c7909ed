"""What a painting should look like, and how far pictures are from it: VGG-19 and the losses joined.

The objective is the one that `impasto evaluate` reports: ``J = content + 15 * style``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from impasto.learning.losses import content_loss, gram_matrix, style_loss
from impasto.learning.vgg import Vgg19

__all__ = ["CONTENT_LAYER", "STYLE_LAYERS", "STYLE_WEIGHT", "StyleTargets", "content_and_style"]

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STYLE_WEIGHT = 15.0


@dataclass(frozen=True)
class StyleTargets:
    """Gram matrices of some paintings: for each layer, paintings x C x C."""

    grams: Mapping[str, Tensor]

    @classmethod
    def of(cls, vgg: Vgg19, paintings: Sequence[Tensor]) -> StyleTargets:
        """Measure paintings, each float 1 x 3 x H x W, RGB, 0-1, of any size."""
        with torch.no_grad():
            features = [vgg(painting, STYLE_LAYERS) for painting in paintings]
            grams = {
                layer: torch.cat([gram_matrix(each[layer]) for each in features])
                for layer in STYLE_LAYERS
            }
        return cls(MappingProxyType(grams))

    def select(self, indices: Tensor) -> StyleTargets:
        """The targets of some of the paintings, by their numbers."""
        return StyleTargets({layer: grams[indices] for layer, grams in self.grams.items()})


def content_and_style(
    vgg: Vgg19, pictures: Tensor, content: Tensor, targets: StyleTargets, exact: bool = True
) -> tuple[Tensor, Tensor]:
    """C and S of pictures (scale-free content loss; scale-free style loss, mean over layers).

    Args:
        pictures: N x 3 x H x W, 0-1.
        content: `CONTENT_LAYER` features of the N photos.
        targets: of N paintings, or of one.
        exact: as `gram_matrix` takes it.

    Returns:
        two tensors of N float32 numbers.
    """
    features = vgg(pictures, (CONTENT_LAYER, *STYLE_LAYERS))
    style = [
        style_loss(gram_matrix(features[layer], exact), targets.grams[layer])
        for layer in STYLE_LAYERS
    ]
    return content_loss(features[CONTENT_LAYER], content), torch.stack(style).mean(dim=0)
