"""The objective of Gatys' optimisation, for pictures of any size and with styles in several places.

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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto._util.arrays import Floats, Pixels
from impasto.gatys.options import SMALLEST_PX, PaintOptions
from impasto.images import resize
from impasto.images.tiles import Span, cut
from impasto.perceptual.losses import (
    TINY,
    gram_matrix,
    paper_style_loss,
    self_distances,
    self_similarity_loss,
    style_loss,
    total_variation,
)
from impasto.perceptual.tensors import to_tensor
from impasto.perceptual.vgg import Vgg19, feature_step_px, reach_px

GRID_PX = 16  # the coarsest layers' step; tiles begin on it
PLACES = "places"
Sums = dict[tuple[int, str], Tensor]
"""Sums over tiles: Gram matrices by part and layer; features of sampled places by number
and `PLACES`."""

SELF_SIMILARITY_LAYERS = ("relu3_1", "relu4_1")
MOST_PLACES = 384  # of which each is compared with each


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
        """Return what VGG-19 has to see."""
        rows, columns = self.rows, self.columns
        return picture[
            ...,
            rows.window_start : rows.window_stop,
            columns.window_start : columns.window_stop,
        ]

    def core(self, features: Tensor, step: int) -> Tensor:
        """Return the features that are this tile's own, of those of its window."""
        rows, columns = (
            slice(span.core.start // step, -(-span.core.stop // step))
            for span in (self.rows, self.columns)
        )
        return features[..., rows, columns]

    def part(self, whole: Tensor, step: int) -> Tensor:
        """Return this tile's part of the features of the whole picture."""
        rows, columns = (
            slice(span.start // step, -(-span.stop // step)) for span in (self.rows, self.columns)
        )
        return whole[..., rows, columns]

    def pick(self, core: Tensor, places: _Places) -> Tensor:
        """Return the features of places, N x C, float32; 0 where they are another tile's."""
        step = feature_step_px(places.layer)
        rows = places.rows - self.rows.start // step
        columns = places.columns - self.columns.start // step
        height, width = core.shape[2:]
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        picked = torch.zeros(len(rows), core.shape[1], device=core.device)
        picked[inside] = core[0, :, rows[inside], columns[inside]].T.float()
        return picked


@dataclass(frozen=True, eq=False)
class _Places:
    """Sampled places that are to resemble each other as they do in the photo.

    Attributes:
        layer: whose features are compared.
        weight: how much they count.
        rows, columns: where they are in the features of the whole picture.
    """

    layer: str
    weight: float
    rows: Tensor
    columns: Tensor


class Objective:
    """The weighted sum of losses at one scale, and its gradient.

    Args:
        guides: parts x height x width, 0-1: how much each part has to say in each place; there is
            but one part, and it has all to say, if not given.
        size: width and height of the picture at this scale.
        final_size: of the finest scale.
        faces: height x width, uint8: 255 in the middle of faces, if there are any.

    Attributes:
        losses: of the last call: ``content``, ``self-similarity``, ``style`` and
            ``total variation`` before their weights, and ``total``.
        dtype: that features are computed in.
    """

    def __init__(
        self,
        vgg: Vgg19,
        photo: Pixels,
        parts: Sequence[Part],
        guides: Floats | None,
        size: tuple[int, int],
        final_size: tuple[int, int],
        options: PaintOptions,
        faces: Pixels | None = None,
    ) -> None:
        self.losses: dict[str, float] = {}
        self.dtype = vgg.dtype
        self._vgg = vgg
        self._options = options
        self._parts = parts
        self._device = vgg.get_buffer("mean_bgr").device
        self._weights = options.weights
        compared = SELF_SIMILARITY_LAYERS if self._weights["self-similarity"] > 0 else ()
        self._summed = {*options.style_layers, *compared}
        self._layers = {*options.content_layers, *self._summed}
        self._tiles = self._cut(*size)
        area = size[0] * size[1]
        # The paper's content loss is a sum over positions. At a coarser scale it is multiplied up,
        # so that its balance with style, whose loss has no such factor, is the final size's.
        factor = final_size[0] * final_size[1] / area
        with torch.no_grad():
            self._guides = self._pooled(guides, options.style_layers)
            self._shares = self._part_shares(guides)
            self._faces = self._pooled(
                None if faces is None else faces[None].astype(np.float32) / np.float32(255),
                self._layers,
            )
            self._sampled = [
                places for layer in compared for places in self._sample_places(layer, *size)
            ]
            picture = to_tensor(resize(photo, *size)).to(self._device)
            self._content, self._distances = self._measure(picture, compared)
            self._content_factors = {
                layer: 0.5 * factor if options.losses == "paper" else 1 / (self._size(layer) + TINY)
                for layer in options.content_layers
            }
            self._targets = [
                [self._painting_grams(each, min(size)) for each in part.paintings] for part in parts
            ]

    def __call__(self, picture: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient, 1 x 3 x H x W as the picture."""
        picture = picture.detach().requires_grad_()
        variation = total_variation(picture).sum()
        (gradient,) = torch.autograd.grad(self._weights["total variation"] * variation, picture)
        paint = self._at_once if len(self._tiles) == 1 else self._by_tiles
        content, summed, further = paint(picture.detach())
        gradient += further
        self.losses = {"content": content, **summed, "total variation": variation.item()}
        total = sum(self._weights[name] * loss for name, loss in self.losses.items())
        self.losses["total"] = total
        return total, gradient

    def _at_once(self, picture: Tensor) -> tuple[float, dict[str, float], Tensor]:
        """Return content, what is made of sums, and the gradient of both under their weights."""
        picture = picture.requires_grad_()
        features = self._own(self._tiles[0], picture, self._layers)
        content, summed = self._content_part(features, 0), self._of_sums(self._sums(features, 0))
        (gradient,) = torch.autograd.grad(self._weighted({"content": content, **summed}), picture)
        return content.item(), {name: loss.item() for name, loss in summed.items()}, gradient

    def _by_tiles(self, picture: Tensor) -> tuple[float, dict[str, float], Tensor]:
        sums: Sums = {}
        with torch.no_grad():
            for number, tile in enumerate(self._tiles):
                features = self._own(tile, picture, self._summed)
                for key, part in self._sums(features, number).items():
                    sums[key] = sums[key] + part if key in sums else part
        leaves = {key: each.requires_grad_() for key, each in sums.items()}
        summed = self._of_sums(leaves)
        by_leaf = torch.autograd.grad(self._weighted(summed), list(leaves.values()))
        slopes = dict(zip(leaves, by_leaf, strict=True))
        gradient, content = torch.zeros_like(picture), 0.0
        for number, tile in enumerate(self._tiles):
            window = tile.window(picture).clone().requires_grad_()
            own = self._cores(tile, self._vgg(window, self._layers))
            part = self._content_part(own, number)
            total = self._weighted({"content": part})
            for key, each in self._sums(own, number).items():
                total = total + (slopes[key] * each).sum()
            (further,) = torch.autograd.grad(total, window)
            tile.window(gradient).add_(further)
            content += part.item()
        return content, {name: loss.item() for name, loss in summed.items()}, gradient

    def _weighted(self, losses: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([self._weights[name] * loss for name, loss in losses.items()]).sum()

    def _content_part(self, own: Mapping[str, Tensor], number: int) -> Tensor:
        """Return what a tile adds to the content loss: `impasto.perceptual.losses.content_loss`, or
        the paper's equation 1, whose sums are over places; those of faces count for more.
        """
        terms = []
        for layer, weight in self._options.content_layers.items():
            difference = own[layer].float() - self._content[number][layer].float()
            squares = difference.square()
            if self._faces is not None:
                step = feature_step_px(layer)
                faces = self._tiles[number].part(self._faces[step], step)
                squares = squares * (1 + self._weights["faces"] * faces)
            terms.append(weight * self._content_factors[layer] * squares.sum())
        return torch.stack(terms).sum()

    def _of_sums(self, sums: Sums) -> dict[str, Tensor]:
        """Return the losses that are made of sums over places."""
        losses = {"style": self._style(sums)}
        if self._sampled:
            terms = [
                places.weight
                * self_similarity_loss(
                    self_distances(sums[number, PLACES]), self._distances[number]
                )
                for number, places in enumerate(self._sampled)
            ]
            losses["self-similarity"] = torch.stack(terms).sum() / len(SELF_SIMILARITY_LAYERS)
        return losses

    def _sums(self, own: Mapping[str, Tensor], number: int) -> Sums:
        """Return what a tile adds to each part's Gram matrices, and to the features of places."""
        tile = self._tiles[number]
        sums = {
            (place, PLACES): tile.pick(own[places.layer], places)
            for place, places in enumerate(self._sampled)
        }
        for layer in self._options.style_layers:
            features, step = own[layer], feature_step_px(layer)
            places = features.shape[2] * features.shape[3]
            if places == 0:  # the last tile, narrower than a step
                continue
            if self._guides is None:
                share = places / self._places(layer)
                sums[0, layer] = gram_matrix(features) * share
                continue
            guides = tile.part(self._guides[step], step)
            masses = self._guides[step].square().sum(dim=(1, 2))
            for part, guide in enumerate(guides):
                if self._shares[part] > 0:
                    guided = gram_matrix(features * guide.to(features.dtype))
                    sums[part, layer] = guided * (places / (masses[part] + TINY))
        return sums

    def _style(self, sums: Sums) -> Tensor:
        """Return the mean over layers (scale-free), or equation 5: the weighted sum of 4."""
        options = self._options
        scale_free = options.losses == "scale-free"
        loss = style_loss if scale_free else paper_style_loss
        terms = []
        for (part, layer), gram in sums.items():
            if layer == PLACES:
                continue
            weight = options.style_layers[layer] * self._shares[part]
            shares = self._parts[part].weights
            for share, target in zip(shares, self._targets[part], strict=True):
                terms.append(weight * share * loss(gram, target[layer]))
        total = torch.stack(terms).sum()
        return total / sum(options.style_layers.values()) if scale_free else total

    def _painting_grams(self, painting: Pixels, shorter_px: int) -> dict[str, Tensor]:
        options = self._options
        scaled = _scale_shorter(painting, shorter_px * options.painting_scale)
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
        """Return the photo's features, squared and summed."""
        return sum(own[layer].float().square().sum().item() for own in self._content)

    def _places(self, layer: str) -> int:
        last = self._tiles[-1]
        step = feature_step_px(layer)
        return (last.rows.stop // step) * (last.columns.stop // step)

    def _sample_places(self, layer: str, width: int, height: int) -> Iterator[_Places]:
        """Yield places all over the picture; and places in faces, if there are any."""
        step = feature_step_px(layer)
        allowed = [(1.0, torch.ones(height // step, width // step, device=self._device))]
        if self._faces is not None:
            allowed.append((self._weights["faces"], self._faces[step][0] > 0.5))
        random = torch.Generator().manual_seed(self._options.seed)
        for weight, where in allowed:
            places = where.nonzero()
            chosen = torch.randperm(len(places), generator=random)[:MOST_PLACES]
            if len(chosen) > 1:
                yield _Places(layer, weight, *places[chosen.to(self._device)].T)

    def _measure(
        self, photo: Tensor, compared: Iterable[str]
    ) -> tuple[list[dict[str, Tensor]], list[Tensor]]:
        """Return the photo's features, tile by tile; and the distances of its sampled places."""
        layers = self._options.content_layers
        content: list[dict[str, Tensor]] = []
        picked = [torch.zeros((), device=self._device)] * len(self._sampled)
        for tile in self._tiles:
            own = self._own(tile, photo, {*layers, *compared})
            content.append({layer: own[layer] for layer in layers})
            picked = [
                known + tile.pick(own[places.layer], places)
                for known, places in zip(picked, self._sampled, strict=True)
            ]
        return content, [self_distances(features) for features in picked]

    def _pooled(self, guides: Floats | None, layers: Iterable[str]) -> dict[int, Tensor] | None:
        """Return guides at the size of each layer's features: means over areas."""
        if guides is None:
            return None
        maps = torch.from_numpy(guides).to(self._device)[None]
        steps = {feature_step_px(layer) for layer in layers}
        return {step: F.avg_pool2d(maps, step)[0] for step in steps}

    def _part_shares(self, guides: Floats | None) -> list[float]:
        """Return how much of what is painted each part has."""
        if guides is None:
            return [1.0] * len(self._parts)
        masses = guides.sum(axis=(1, 2), dtype=np.float64)
        return list(masses / max(masses.sum(), TINY))


def _scale_shorter(pixels: Pixels, shorter_px: float) -> Pixels:
    height, width = pixels.shape[:2]
    scale = shorter_px / min(width, height)
    return resize(
        pixels, max(SMALLEST_PX, round(width * scale)), max(SMALLEST_PX, round(height * scale))
    )
