"""What Gatys' optimisation minimises, for pictures of any size and with styles in several places.

Style in several places: Gatys et al. 2017, "Controlling perceptual factors in neural style
transfer", section 4 (guided Gram matrices): a layer's features are weighted by how much each place
belongs to a region before their products are summed up (equation 4). Departures: a guided Gram
matrix is divided by its region's size, so that scale-free losses compare it with that of a whole
painting; and regions count by their size, so that a pixel of a small region is not pulled harder
than one of a large one.

Large pictures: a Gram matrix is a sum over places. So tiles are gone through twice: for the sums,
from which the slope of the loss by each Gram matrix follows; and for the gradient, where a tile's
own part of these sums, times that slope, is differentiated. Tiles see as far as VGG-19's features
do beyond what they sum up, so that the gradient is that of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from impasto.gatys.options import SMALLEST_PX, PaintOptions
from impasto.images import resize
from impasto.large.tiles import Span, cut
from impasto.perceptual.losses import (
    TINY,
    gram_matrix,
    paper_style_loss,
    style_loss,
    total_variation,
)
from impasto.perceptual.tensors import to_tensor
from impasto.perceptual.vgg import Vgg19, feature_step_px, reach_px

__all__ = ["Objective", "Part"]

GRID_PX = 16  # the coarsest layers' step; tiles begin on it
Pixels = NDArray[np.uint8]
Grams = dict[tuple[int, str], Tensor]
"""By part and layer."""


@dataclass(frozen=True, eq=False)
class Part:
    """The style of one region.

    Attributes:
        paintings: H x W x 3, uint8, RGB, each.
        weights: how much each counts; they sum to 1.
    """

    paintings: Sequence[Pixels]
    weights: Sequence[float]


@dataclass(frozen=True)
class _Tile:
    rows: Span
    columns: Span

    def window(self, picture: Tensor) -> Tensor:
        """What VGG-19 has to see."""
        rows, columns = self.rows, self.columns
        return picture[
            ...,
            rows.window_start : rows.window_stop,
            columns.window_start : columns.window_stop,
        ]

    def core(self, features: Tensor, step: int) -> Tensor:
        """The features that are this tile's own, of those of its window."""
        rows, columns = (
            slice(span.core.start // step, -(-span.core.stop // step))
            for span in (self.rows, self.columns)
        )
        return features[..., rows, columns]

    def part(self, whole: Tensor, step: int) -> Tensor:
        """The same of the features of the whole picture."""
        rows, columns = (
            slice(span.start // step, -(-span.stop // step)) for span in (self.rows, self.columns)
        )
        return whole[..., rows, columns]


class Objective:
    """The weighted sum of losses at one scale, and its gradient.

    Args:
        vgg: computes features.
        photo: H x W x 3, uint8, RGB.
        parts: the regions' styles.
        guides: parts x height x width, 0-1: how much each part has to say in each place; there is
            but one part, and it has all to say, if not given.
        size: width and height of the picture at this scale.
        final_size: of the finest scale.
        options: the weights, layers and kinds of losses.

    Attributes:
        losses: of the last call: ``content``, ``style`` and ``total variation`` before their
            weights, and ``total``.
        dtype: that features are computed in.
    """

    def __init__(
        self,
        vgg: Vgg19,
        photo: Pixels,
        parts: Sequence[Part],
        guides: NDArray[np.float32] | None,
        size: tuple[int, int],
        final_size: tuple[int, int],
        options: PaintOptions,
    ) -> None:
        self.losses: dict[str, float] = {}
        self.dtype = vgg.dtype
        self._vgg = vgg
        self._options = options
        self._parts = parts
        self._device = vgg.get_buffer("mean_bgr").device
        self._layers = {*options.content_layers, *options.style_layers}
        self._tiles = self._cut(*size)
        area = size[0] * size[1]
        # The paper's content loss is a sum over positions. At a coarser scale it is multiplied up,
        # so that its balance with style, whose loss has no such factor, is the final size's.
        factor = final_size[0] * final_size[1] / area
        with torch.no_grad():
            self._guides = self._pooled(guides)
            self._shares = self._part_shares(guides)
            picture = to_tensor(resize(photo, *size)).to(self._device)
            self._content = [
                self._own(tile, picture, options.content_layers) for tile in self._tiles
            ]
            self._content_factors = {
                layer: 0.5 * factor if options.losses == "paper" else 1 / (self._size(layer) + TINY)
                for layer in options.content_layers
            }
            self._targets = [
                [self._painting_grams(each, area) for each in part.paintings] for part in parts
            ]

    def __call__(self, picture: Tensor) -> tuple[float, Tensor]:
        """The loss and its gradient, 1 x 3 x H x W as the picture."""
        options = self._options
        picture = picture.detach().requires_grad_()
        variation = total_variation(picture).sum()
        (gradient,) = torch.autograd.grad(options.tv_weight * variation, picture)
        paint = self._at_once if len(self._tiles) == 1 else self._by_tiles
        content, style, further = paint(picture.detach())
        gradient += further
        total = (
            options.content_weight * content
            + options.style_weight * style
            + options.tv_weight * variation.item()
        )
        self.losses = {
            "content": content,
            "style": style,
            "total variation": variation.item(),
            "total": total,
        }
        return total, gradient

    def _at_once(self, picture: Tensor) -> tuple[float, float, Tensor]:
        """Content, style, and the gradient of both under their weights."""
        picture = picture.requires_grad_()
        features = self._own(self._tiles[0], picture, self._layers)
        content, style = self._content_part(features, 0), self._style(self._sums(features, 0))
        options = self._options
        total = options.content_weight * content + options.style_weight * style
        (gradient,) = torch.autograd.grad(total, picture)
        return content.item(), style.item(), gradient

    def _by_tiles(self, picture: Tensor) -> tuple[float, float, Tensor]:
        options = self._options
        grams: Grams = {}
        with torch.no_grad():
            for number, tile in enumerate(self._tiles):
                features = self._own(tile, picture, options.style_layers)
                for key, part in self._sums(features, number).items():
                    grams[key] = grams[key] + part if key in grams else part
        leaves = {key: gram.requires_grad_() for key, gram in grams.items()}
        style = self._style(leaves)
        slopes = dict(
            zip(
                leaves,
                torch.autograd.grad(options.style_weight * style, list(leaves.values())),
                strict=True,
            )
        )
        gradient, content = torch.zeros_like(picture), 0.0
        for number, tile in enumerate(self._tiles):
            window = tile.window(picture).clone().requires_grad_()
            own = self._cores(tile, self._vgg(window, self._layers))
            part = self._content_part(own, number)
            total = options.content_weight * part
            for key, sums in self._sums(own, number).items():
                total = total + (slopes[key] * sums).sum()
            (further,) = torch.autograd.grad(total, window)
            tile.window(gradient).add_(further)
            content += part.item()
        return content, style.item(), gradient

    def _content_part(self, own: Mapping[str, Tensor], number: int) -> Tensor:
        """What a tile adds to the content loss: `impasto.perceptual.losses.content_loss`, or the
        paper's equation 1, whose sums are over places.
        """
        terms = []
        for layer, weight in self._options.content_layers.items():
            difference = own[layer].float() - self._content[number][layer].float()
            terms.append(weight * self._content_factors[layer] * difference.square().sum())
        return torch.stack(terms).sum()

    def _sums(self, own: Mapping[str, Tensor], number: int) -> Grams:
        """What a tile adds to each part's Gram matrices."""
        sums: Grams = {}
        for layer in self._options.style_layers:
            features, step = own[layer], feature_step_px(layer)
            places = features.shape[2] * features.shape[3]
            if places == 0:  # the last tile, narrower than a step
                continue
            if self._guides is None:
                share = places / self._places(layer)
                sums[0, layer] = gram_matrix(features) * share
                continue
            guides = self._tiles[number].part(self._guides[step], step)
            masses = self._guides[step].square().sum(dim=(1, 2))
            for part, guide in enumerate(guides):
                if self._shares[part] > 0:
                    guided = gram_matrix(features * guide.to(features.dtype))
                    sums[part, layer] = guided * (places / (masses[part] + TINY))
        return sums

    def _style(self, grams: Grams) -> Tensor:
        """Mean over layers (scale-free), or equation 5: the weighted sum of equation 4."""
        options = self._options
        scale_free = options.losses == "scale-free"
        loss = style_loss if scale_free else paper_style_loss
        terms = []
        for (part, layer), gram in grams.items():
            weight = options.style_layers[layer] * self._shares[part]
            shares = self._parts[part].weights
            for share, target in zip(shares, self._targets[part], strict=True):
                terms.append(weight * share * loss(gram, target[layer]))
        total = torch.stack(terms).sum()
        return total / sum(options.style_layers.values()) if scale_free else total

    def _painting_grams(self, painting: Pixels, area: float) -> dict[str, Tensor]:
        options = self._options
        scaled = _scale_to_area(painting, area * options.painting_scale**2)
        picture = to_tensor(scaled).to(self._device)
        grams: dict[str, Tensor] = {}
        places: dict[str, int] = {}
        for tile in self._cut(scaled.shape[1], scaled.shape[0]):
            for layer, own in self._own(tile, picture, options.style_layers).items():
                count = own.shape[2] * own.shape[3]
                if count == 0:  # the last, narrower than a step
                    continue
                gram = gram_matrix(own) * count
                grams[layer] = grams[layer] + gram if layer in grams else gram
                places[layer] = places.get(layer, 0) + count
        return {layer: gram / places[layer] for layer, gram in grams.items()}

    def _cut(self, width: int, height: int) -> list[_Tile]:
        core = self._options.tile_px
        margin = -(-reach_px(self._layers) // GRID_PX) * GRID_PX
        if width * height <= (core + 2 * margin) ** 2:
            core = max(width, height)
        rows, columns = (cut(side, core, margin, GRID_PX) for side in (height, width))
        return [_Tile(row, column) for row in rows for column in columns]

    def _own(
        self, tile: _Tile, picture: Tensor, layers: Mapping[str, float] | set[str]
    ) -> dict[str, Tensor]:
        return self._cores(tile, self._vgg(tile.window(picture), layers))

    def _cores(self, tile: _Tile, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {layer: tile.core(each, feature_step_px(layer)) for layer, each in features.items()}

    def _size(self, layer: str) -> float:
        """The photo's features, squared and summed."""
        return sum(own[layer].float().square().sum().item() for own in self._content)

    def _places(self, layer: str) -> int:
        last = self._tiles[-1]
        step = feature_step_px(layer)
        return (last.rows.stop // step) * (last.columns.stop // step)

    def _pooled(self, guides: NDArray[np.float32] | None) -> dict[int, Tensor] | None:
        """The guides at the size of each layer's features: means over areas."""
        if guides is None:
            return None
        maps = torch.from_numpy(guides).to(self._device)[None]
        steps = {feature_step_px(layer) for layer in self._options.style_layers}
        return {step: F.avg_pool2d(maps, step)[0] for step in steps}

    def _part_shares(self, guides: NDArray[np.float32] | None) -> list[float]:
        """How much of what is painted each part has."""
        if guides is None:
            return [1.0] * len(self._parts)
        masses = guides.sum(axis=(1, 2), dtype=np.float64)
        return list(masses / max(masses.sum(), TINY))


def _scale_to_area(pixels: Pixels, area: float) -> Pixels:
    height, width = pixels.shape[:2]
    scale = math.sqrt(area / (width * height))
    return resize(
        pixels, max(SMALLEST_PX, round(width * scale)), max(SMALLEST_PX, round(height * scale))
    )
