"""Training the two networks of a fine painting: first the draft, then the revision, under which the
draft goes on learning.

Every style has a subtle and a bold form, which differ in the weight of the style loss. A step mixes
the two at random and weighs its losses to match (Babaeizadeh & Ghiasi 2018, "Adjustable real-time
style transfer", with arithmetic on vectors in place of a network). Style is compared with the
*whole* painting at several sizes, each with the picture reduced to that size (Wang et al. 2017,
"Multimodal transfer": one Gram loss a scale); content by features, and by what resembles what
(Kolkin et al. 2019, "Style transfer by relaxed optimal transport and self-similarity").
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto._util.arrays import Floats, Pixels
from impasto.errors import OptionError
from impasto.networks.low_rank import KernelChanges
from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import REVISION_PREFIX, Trunk
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.losses import (
    content_loss,
    gram_matrix,
    normalised_content_loss,
    rim_difference,
    self_distances,
    self_similarity_loss,
    style_loss,
    total_variation,
)
from impasto.perceptual.picture_losses import CONTENT_LAYER, STYLE_LAYERS
from impasto.perceptual.tensors import to_pixels
from impasto.styles import Gallery
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.step_trainer import StepTrainer, plain_around
from impasto.training.style_network import StyleNetwork

SIMILARITY_LAYERS = ("relu3_1", "relu4_1")
FINE_LAYERS = 3
SIMILAR_PLACES = 384  # as many of a picture are compared with each other
FEWEST_PLACES = 64  # of a picture that is nearly all plain
LEAST_DETAIL = 1e-3  # a photo that is black has places, too
VECTOR_RATE = 10.0  # times that of the kernels: scales are about 1, kernels far smaller
REVISION_RATE = 0.5  # times that of a draft alone: without normalisation it is unstable above
ADDED_RATE = 3.0  # times that of whole kernels, for what one style adds to them
DRAFT_RATE = 0.5  # while the revision learns
BORDER_EVERY = 2  # steps; close-ups, which do not show the draft its border, are others
BORDER_WEIGHT = 60.0
PART_SHARE = 0.5  # of a photo's side, for the border loss
RIM_SHARE = 0.25  # of it, at each side of the part
CLOSE_UP_EVERY = 4  # steps: one of them looks at a part of a picture of twice the size
CLOSE_UPS_FROM = 0.3  # of the steps
RANGE_WEIGHT = 10.0  # pulls a painting back to 0-1: beyond it, clipping has no slope
CALIBRATING_PHOTOS = 4
PREVIEW_PHOTOS = 4


@dataclass(frozen=True)
class PartWeights:
    """The losses that a part is trained by; pairs are of the subtle and the bold form.

    Attributes:
        sizes_px: at which style is compared, from the size that the part paints down.
        content_at: at which of them content is compared. Above it, style is compared on the first
            `FINE_LAYERS` layers, which is all that brushwork asks for, and half the work.
        style: weights of the style loss; content has 1.
        similarity: of self-similarity.
        features: of content by normalised features, which keeps faces.
        layers: of `STYLE_LAYERS`, at the first size.
        tv: of total variation.
    """

    sizes_px: tuple[int, ...]
    style: tuple[float, float]
    similarity: tuple[float, float]
    content_at: int = 0
    layers: tuple[float, float, float, float] = (1, 1, 1, 1)
    tv: float = 0.15
    features: float = 0.0

    def at(self, effect: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights of style and of self-similarity between the two forms.

        Args:
            effect: N numbers, 0 for the subtle form to 1 for the bold one.
        """

        def between(pair: tuple[float, float]) -> Tensor:
            return pair[0] * (pair[1] / pair[0]) ** effect

        return between(self.style), between(self.similarity)


DRAFT = PartWeights(
    sizes_px=(128, 64),
    style=(12, 60),
    similarity=(5, 2.5),
    # Large forms: what is fine at 128 px is the revision's to paint.
    layers=(0.1, 0.3, 1.7, 1.9),
    tv=1.2,
    features=0.7,
)
REVISION = PartWeights(
    sizes_px=(256, 128, 64), content_at=1, style=(12, 60), similarity=(4, 2), features=1.5
)


class PartTrainer(StepTrainer):
    """A part in training; subclasses know what paints.

    Args:
        network: what is trained.
        painter: the part itself.
        paintings: of each size, one a style: float32 1 x 3 x H x W, RGB, 0-1, the shorter side of
            that size.
        photos: crops to paint, nearly whole photos.
        weights: of the losses.
        options: steps, photos a step, rate and seed; its other weights are not used.
        hardware: where to compute.
    """

    def __init__(
        self,
        network: nn.Module,
        painter: StyleNetwork,
        paintings: Mapping[int, Sequence[Tensor]],
        photos: PhotoFolder,
        weights: PartWeights,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        super().__init__(
            network.to(hardware.device), painter.to(hardware.device), photos, options, hardware
        )
        self.weights = weights
        self.style_count = len(painter.styles) // 2
        with torch.no_grad():
            self.grams = {size: self._grams(each) for size, each in paintings.items()}

    def _grams(self, paintings: Sequence[Tensor]) -> dict[str, Tensor]:
        features = [self.vgg(each.to(self.hardware.device), STYLE_LAYERS) for each in paintings]
        return {
            layer: torch.cat([gram_matrix(each[layer]) for each in features])
            for layer in STYLE_LAYERS
        }

    @property
    def sizes_px(self) -> tuple[int, ...]:
        """Where style is compared in the next step, from the size that is painted down."""
        return self.weights.sizes_px

    @abstractmethod
    def paint_photos(
        self, network: nn.Module, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return photos, or parts of them, and what a network makes of these.

        Args:
            network: as ``trained``.
            photos: N x 3 x H x W, 0-1.
            styles: N numbers of styles.
            effect: N numbers, from 0 for the subtle form to 1 for the bold one.
        """

    @abstractmethod
    def draft_of(self, photos: Tensor) -> tuple[StyleNetwork, Tensor]:
        """Return the draft that is in training, and photos of its size.

        Args:
            photos: N x 3 x H x W, of the size that the part paints.
        """

    @torch.no_grad()
    def preview(self) -> Pixels:
        """Return some photos, each beside all styles between their two forms, as one picture."""
        device, size = self.hardware.device, self.sizes_px[0]
        styles = torch.arange(self.style_count, device=device)
        effect = torch.full((self.style_count,), 0.5, device=device)
        rows = []
        for photo in torch.split(self.photos.crops(0, PREVIEW_PHOTOS, size).to(device), 1):
            repeated = photo.expand(self.style_count, -1, -1, -1)
            with self.hardware.autocast():
                seen, painted = self.paint_photos(self.averaged, repeated, styles, effect)
            rows.append(torch.cat([seen[:1], *torch.split(painted.float(), 1)], dim=3))
        return to_pixels(torch.cat(rows, dim=2))

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Return the objective, and its means before their weights."""
        random = np.random.default_rng((self.options.seed, self.next_step, 5))
        device, weights = self.hardware.device, self.weights
        photos = self.photos.crops(self.next_photo, photo_count, self.sizes_px[0]).to(device)
        order = random.permutation(self.style_count)
        styles = torch.from_numpy(np.resize(order, photo_count)).to(device)
        effect = torch.from_numpy(random.random(photo_count, dtype=np.float32)).to(device)
        with self.hardware.autocast():
            photos, painted = self.paint_photos(self.trained, photos, styles, effect)
        own = self._features(painted.float())
        losses = self._style_losses(own, styles) | self._content_losses(own, photos, random)
        style_weight, similarity_weight = weights.at(effect)
        style = torch.stack([losses[f"style {size}"] for size in self.sizes_px]).sum(dim=0)
        # A close-up has fewer sizes; what it says of each counts no more for that.
        style = style / len(weights.sizes_px)
        terms = losses["content"] + weights.features * losses["features"] + style_weight * style
        terms = (
            terms + similarity_weight * losses["similarity"] + RANGE_WEIGHT * beyond_range(painted)
        )
        # Bold forms have larger losses; they shall not have the larger say in what both share.
        loss = (terms / (1 + style_weight / 20)).mean()
        loss = loss + weights.tv * total_variation(painted.float()).mean()
        if self.next_step % BORDER_EVERY == 0:
            losses["border"] = self._border_loss(*self.draft_of(photos), styles, effect)
            loss = loss + BORDER_WEIGHT * losses["border"]
        return loss, {name: each.mean().item() for name, each in losses.items()}

    def _border_loss(
        self, draft: StyleNetwork, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> Tensor:
        """Return the `border_difference` at random parts of photos."""
        random = np.random.default_rng((self.options.seed, self.next_step, 7))
        vectors = mixed_rows(draft.styles, styles, effect)
        side_px, step_px = photos.shape[-1], draft.spec.multiple
        part_px = int(PART_SHARE * side_px) // step_px * step_px
        left_px, top_px = random.integers((side_px - part_px) // step_px + 1, size=2) * step_px
        with self.hardware.autocast():
            return border_difference(
                lambda seen: draft(seen, vectors),
                self.with_grain(photos, 4, draft.spec),
                (left_px, top_px, part_px),
            )

    def _features(self, painted: Tensor) -> list[dict[str, Tensor]]:
        """Return the features of pictures at each size, as far as they are compared."""
        found = []
        for number, _ in enumerate(self.sizes_px):
            painted = halved(painted) if number else painted
            layers = STYLE_LAYERS[: FINE_LAYERS if number < self.weights.content_at else None]
            more = (CONTENT_LAYER,) if number == self.weights.content_at else ()
            found.append(self.vgg(painted, (*layers, *more)))
        return found

    def _style_losses(
        self, own: Sequence[Mapping[str, Tensor]], styles: Tensor
    ) -> dict[str, Tensor]:
        """Return the style loss of each picture at each size, weighted means over layers."""
        losses = {}
        for number, (size, features) in enumerate(zip(self.sizes_px, own, strict=True)):
            layers = [layer for layer in STYLE_LAYERS if layer in features]
            weights = self.weights.layers[: len(layers)] if number == 0 else (1.0,) * len(layers)
            at_layers = [
                weight * style_loss(gram_matrix(features[layer], exact=False), grams[styles])
                for weight, layer in zip(weights, layers, strict=True)
                for grams in [self.grams[size][layer]]
            ]
            losses[f"style {size}"] = torch.stack(at_layers).sum(dim=0) / sum(weights)
        return losses

    def _content_losses(
        self, own: Sequence[Mapping[str, Tensor]], photos: Tensor, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Return the losses by content of each picture, means over layers.

        Args:
            own: features of the pictures at each size.
            photos: N x 3 x H x W, 0-1.
            random: chooses the places that are looked at.
        """
        first, at = own[0], own[self.weights.content_at]
        with torch.no_grad():
            reduced = photos
            for _ in range(self.weights.content_at):
                reduced = halved(reduced)
            wanted = self.vgg(reduced, (*SIMILARITY_LAYERS, CONTENT_LAYER))
            same = reduced is photos
            wanted_first = wanted if same else self.vgg(photos, SIMILARITY_LAYERS[:1])
        fine, coarse = SIMILARITY_LAYERS
        detail = detail_around(reduced)
        similarity = [
            self_similarity_loss(self_distances(rows), self_distances(target))
            for layer in SIMILARITY_LAYERS
            for rows, target in same_places(at[layer], wanted[layer], detail, random)
        ]
        normalised = [
            normalised_content_loss(rows, target)
            for features, photo in (
                (first[fine], wanted_first[fine]),
                (at[coarse], wanted[coarse]),
            )
            for rows, target in same_places(features, photo, detail, random)
        ]
        shares = F.interpolate(detail, at[CONTENT_LAYER].shape[-2:], mode="area").sqrt()
        return {
            "content": content_loss(
                *(shares * each[CONTENT_LAYER].float() for each in (at, wanted))
            ),
            "similarity": torch.stack(similarity).reshape(2, -1).mean(dim=0),
            "features": torch.stack(normalised).reshape(2, -1).mean(dim=0),
        }


class DraftTrainer(PartTrainer):
    """A draft in training: it sees whole photos, small.

    Args:
        draft: the network.
        paintings, photos, weights, options, hardware: as `PartTrainer` takes them.
    """

    def __init__(self, draft: StyleNetwork, *args: Any) -> None:
        super().__init__(draft, draft, *args)

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Return what the optimiser changes: styles take longer steps than the kernels that they
        share.
        """
        return _rates(self.painter, 1.0)

    def draft_of(self, photos: Tensor) -> tuple[StyleNetwork, Tensor]:
        """See `PartTrainer.draft_of`."""
        return self.painter, photos

    def paint_photos(
        self, network: nn.Module, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `PartTrainer.paint_photos`."""
        assert isinstance(network, StyleNetwork)
        vectors = mixed_rows(network.styles, styles, effect)
        return photos, network(self.with_grain(photos, 2, network.spec), vectors)


class RevisionTrainer(PartTrainer):
    """A revision in training, and the draft under it.

    It sees photos of its size, and what the draft lays out at half of it, enlarged. One step in
    `CLOSE_UP_EVERY` is a close-up: the revision sees a part of a photo of twice the size, and its
    own painting, enlarged.

    Args:
        draft: trained; goes on learning, more slowly.
        revision: the network.
        calibrated: the revision is trained already; else its scales and shifts are set first.
        paintings, photos, weights, options, hardware: as `PartTrainer` takes them; paintings are
            there of twice the first size, too.
    """

    def __init__(
        self, draft: StyleNetwork, revision: StyleNetwork, calibrated: bool, *args: Any
    ) -> None:
        both = TwoParts(draft, revision)
        super().__init__(both, revision, *args)
        if not calibrated:
            count = CALIBRATING_PHOTOS
            crops = self.photos.crops(0, count, self.weights.sizes_px[0]).to(self.hardware.device)
            with self.hardware.autocast(), torch.no_grad():
                enlarged = self._drafted(both, crops, draft.styles[:1].expand(count, -1))
                calibrate(revision, self.with_grain(crops, 2, revision.spec), enlarged)
            self.averaged.load_state_dict(both.state_dict())
            self._good_state = self._copy_state()

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Return what the optimiser changes: styles take longer steps than the kernels that they
        share; the draft shorter ones.
        """
        assert isinstance(self.trained, TwoParts)
        return [
            *_rates(self.trained.revision, REVISION_RATE),
            *_rates(self.trained.draft, DRAFT_RATE),
        ]

    @property
    def is_close_up(self) -> bool:
        """Whether the next step looks at a part of a larger picture."""
        begun = self.next_step >= CLOSE_UPS_FROM * self.options.steps
        return begun and self.next_step % CLOSE_UP_EVERY == CLOSE_UP_EVERY - 1

    @property
    def sizes_px(self) -> tuple[int, ...]:
        """See `PartTrainer.sizes_px`."""
        first, *more = self.weights.sizes_px
        return (2 * first, first) if self.is_close_up else (first, *more)

    def draft_of(self, photos: Tensor) -> tuple[StyleNetwork, Tensor]:
        """See `PartTrainer.draft_of`."""
        assert isinstance(self.trained, TwoParts)
        return self.trained.draft, halved(photos)

    def paint_photos(
        self, network: nn.Module, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `PartTrainer.paint_photos`."""
        assert isinstance(network, TwoParts)
        first, second = (
            mixed_rows(each.styles, styles, effect) for each in (network.draft, network.revision)
        )
        if not self.is_close_up:
            return photos, self._revised(
                network, photos, self._drafted(network, photos, first), second
            )
        with torch.no_grad():
            smaller = halved(photos)
            painted = self._revised(
                network, smaller, self._drafted(network, smaller, first), second
            )
            enlarged = doubled(painted.float().clamp(0, 1))
        side_px, step_px = photos.shape[-1] // 2, network.revision.spec.multiple
        random = np.random.default_rng((self.options.seed, self.next_step, 6))
        top, left = random.integers(side_px // step_px + 1, size=2) * step_px
        part = (..., slice(top, top + side_px), slice(left, left + side_px))
        return photos[part], self._revised(network, photos[part], enlarged[part], second)

    def _drafted(self, network: TwoParts, photos: Tensor, vectors: Tensor) -> Tensor:
        """Return what the draft makes of photos at half their size, enlarged."""
        seen = self.with_grain(halved(photos), 3, network.draft.spec)
        return doubled(network.draft(seen, vectors).float().clamp(0, 1))

    def _revised(
        self, network: TwoParts, photos: Tensor, enlarged: Tensor, vectors: Tensor
    ) -> Tensor:
        seen = self.with_grain(photos, 2, network.revision.spec)
        revised: Tensor = network.revision(seen, vectors, enlarged)
        return revised


class TwoParts(nn.Module):
    """Both networks, as one to train."""

    def __init__(self, draft: StyleNetwork, revision: StyleNetwork) -> None:
        super().__init__()
        self.draft, self.revision = draft, revision


def _rates(network: StyleNetwork, times: float) -> list[tuple[Iterable[nn.Parameter], float]]:
    added = network.added_parameters()
    kernels = [each for each in network.convs.parameters() if each.requires_grad]
    return [
        ([network.styles], times * VECTOR_RATE),
        (added, times * ADDED_RATE) if added else (kernels, times),
    ]


def beyond_range(painted: Tensor) -> Tensor:
    """Return by how much each picture leaves 0-1, N means of squares."""
    return (painted - painted.clamp(0, 1)).square().mean(dim=(1, 2, 3))


def detail_around(photos: Tensor) -> Tensor:
    """Return how much there is to see around each place: what `plain_around` leaves of 1.

    Content is compared where there is detail. A clear sky has none to keep, and if it counted, it
    would have to stay clear: this is what leaves room for swirls and waves. Cheeks are near eyes.

    Args:
        photos: N x 3 x H x W, 0-1.

    Returns:
        N x 1 x H x W.
    """
    return (1 - plain_around(photos)).clamp(min=LEAST_DETAIL)


def same_places(
    own: Tensor, photos: Tensor, detail: Tensor, random: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield of each picture the features at some places, and those of its photo there.

    Args:
        own, photos: N x C x H x W.
        detail: N x 1, of any size, as `detail_around` gives it: the more there is, the more places
            are looked at, and mostly where it is.

    Yields:
        twice at most `SIMILAR_PLACES` x C.
    """
    shares = F.interpolate(detail, own.shape[-2:], mode="area").flatten(1).double().cpu().numpy()
    for mine, wanted, share in zip(own, photos, shares, strict=True):
        among = round(share.sum() / share.max())
        count = min(SIMILAR_PLACES, max(FEWEST_PLACES, among), share.size)
        places = random.choice(share.size, count, replace=False, p=share / share.sum())
        chosen = torch.from_numpy(places).to(own.device)
        yield mine.flatten(1)[:, chosen].T, wanted.flatten(1)[:, chosen].T


def border_difference(
    paint: Callable[[Tensor], Tensor], photos: Tensor, part: tuple[int, int, int]
) -> Tensor:
    """Return how far a part of each photo, painted alone, is from that part of the whole painting
    near the part's border. A draft sees whole photos: without this loss it tells their border by
    its mirror symmetry, and paints a sky along every top.

    Args:
        paint: makes paintings of photos, N x 3 x H x W, 0-1.
        photos: N x 3 x H x W.
        part: its left and top edge, and its side.

    Returns:
        a mean of squares; only the part painted alone has a gradient.
    """
    left_px, top_px, part_px = part
    square = (..., slice(top_px, top_px + part_px), slice(left_px, left_px + part_px))
    with torch.no_grad():
        whole = paint(photos)[square].float()
    alone = paint(photos[square]).float()
    return rim_difference(alone, whole, round(RIM_SHARE * part_px))


def mixed_rows(rows: Tensor, styles: Tensor, effect: Tensor) -> Tensor:
    """Return vectors between the subtle and the bold form of styles.

    Args:
        rows: of each style the subtle vector, then the bold one.
        styles: N numbers of styles.
        effect: N numbers, 0-1.
    """
    return torch.lerp(rows[2 * styles], rows[2 * styles + 1], effect[:, None])


def halved(pictures: Tensor) -> Tensor:
    """Return pictures of half the size, N x 3 x H x W."""
    return F.interpolate(
        pictures, scale_factor=0.5, mode="bilinear", align_corners=False, antialias=True
    )


def doubled(pictures: Tensor) -> Tensor:
    """Return pictures of twice the size, as `impasto.images.resize` enlarges them."""
    enlarged = F.interpolate(pictures, scale_factor=2, mode="bicubic", align_corners=False)
    return enlarged.clamp(0, 1)


@torch.no_grad()
def calibrate(network: StyleNetwork, photos: Tensor, enlarged: Tensor) -> None:
    """Set all scales and shifts of a network that revises so that the features of these pictures
    have mean 0 and deviation 1 (Mishkin & Matas 2016, "All you need is a good init"), and half of
    that where a block adds to what enters it.
    """
    for conv in network.spec.convs():
        if conv.norm:
            scale, shift = network.style_slices[conv.name]
            mean, variance = network.measure(photos, network.styles[:1], enlarged)[conv.name]
            factor = torch.rsqrt(variance + 1e-5) * (1.0 if conv.relu else 0.5)
            network.styles[:, scale], network.styles[:, shift] = factor, -mean * factor


def starting_parts(
    specs: tuple[NetworkSpec, NetworkSpec], names: Sequence[str], start: Gallery | None, seed: int
) -> tuple[StyleNetwork, StyleNetwork]:
    """Return a draft and a revision to train: random ones, or those of a gallery in two parts.

    Args:
        specs: of both.
        names: of the styles; one that the gallery knows begins as it is there, a new one with the
            mean of all.
        start: has the same layers.
        seed: of random weights.

    Raises:
        OptionError: the gallery's networks are others.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        draft, revision = (StyleNetwork(spec, 2 * len(names)) for spec in specs)
    if start is None:
        return draft, revision
    other = start.trunk.revision
    if other is None or (start.trunk.spec.layers, other.spec.layers) != tuple(
        spec.layers for spec in specs
    ):
        raise OptionError(f"{start.folder} holds other networks", "leave --start-from out")
    draft.load_weights(start.trunk.float32_weights())
    revision.load_weights(other.float32_weights())
    known = {name: start.load_style(name).vector for name in start.names}
    mean: Floats = np.mean(list(known.values()), axis=0)
    forms = [
        start.trunk.at_effect(known.get(name, mean), effect)
        for name in names
        for effect in (0.0, 1.0)
    ]
    draft.load_styles(np.stack([each[0] for each in forms]))
    revision.load_styles(np.stack([each[1] for each in forms]))
    return draft, revision


def two_part_changes(draft: StyleNetwork, revision: StyleNetwork) -> KernelChanges:
    """Return what a style that was learned alone adds to both networks' kernels."""
    others = revision.kernel_changes().items()
    return {**draft.kernel_changes(), **{f"{REVISION_PREFIX}{name}": pair for name, pair in others}}


def two_part_trunk(draft: StyleNetwork, revision: StyleNetwork) -> Trunk:
    """Return both networks as they ship, in float16."""
    return replace(draft.trunk(), revision=revision.trunk())


def two_part_vectors(draft: StyleNetwork, revision: StyleNetwork, photos: Tensor) -> list[Floats]:
    """Return the vectors of all styles, as `impasto.networks.trunk.Trunk.at_effect` takes them.

    Args:
        draft, revision: trained together.
        photos: N x 3 x H x W, 0-1, on which the revision's features are measured.
    """
    vectors = []
    for style in range(0, len(draft.styles), 2):
        forms = []
        for form in (style, style + 1):
            own, other = draft.styles[form : form + 1], revision.styles[form : form + 1]
            with torch.no_grad():
                enlarged = doubled(draft(halved(photos), own.expand(len(photos), -1)).clamp(0, 1))
            measured = revision.measure(photos, other, enlarged)
            statistics = torch.cat(
                [each for name in revision.style_slices for each in measured[name]]
            )
            forms.append(torch.cat([own[0], other[0], statistics]).detach().cpu().numpy())
        vectors.append(np.concatenate(forms).astype(np.float32))
    return vectors
