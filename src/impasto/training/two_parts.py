"""Training the two networks of a fine painting: first the draft, then the revision.

Every style has a subtle and a bold form, which differ in the weight of the style loss. A step mixes
the two at random and weighs its losses to match (Babaeizadeh & Ghiasi 2018, "Adjustable real-time
style transfer", with arithmetic on vectors in place of a network). Style is compared with the
*whole* painting at several sizes, each with the picture reduced to that size (Wang et al. 2017,
"Multimodal transfer": one Gram loss a scale); content by features, and by what resembles what
(Kolkin et al. 2019, "Style transfer by relaxed optimal transport and self-similarity").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.losses import (
    content_loss,
    gram_matrix,
    normalised_content_loss,
    self_distances,
    self_similarity_loss,
    style_loss,
    total_variation,
)
from impasto.perceptual.picture_losses import CONTENT_LAYER, STYLE_LAYERS
from impasto.perceptual.tensors import to_pixels
from impasto.perceptual.vgg import Vgg19
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.step_trainer import StepTrainer
from impasto.training.style_network import StyleNetwork

__all__ = [
    "DRAFT",
    "REVISION",
    "DraftTrainer",
    "PartTrainer",
    "PartWeights",
    "RevisionTrainer",
    "two_part_trunk",
    "two_part_vectors",
]

SIMILARITY_LAYERS = ("relu3_1", "relu4_1")
SIMILAR_PLACES = 384  # as many of a picture are compared with each other
VECTOR_RATE = 4.0  # times that of the kernels: scales are about 1, kernels far smaller
RANGE_WEIGHT = 10.0  # pulls a painting back to 0-1: beyond it, clipping has no slope
CALIBRATING_PHOTOS = 4
PREVIEW_PHOTOS = 4


@dataclass(frozen=True)
class PartWeights:
    """What a part is trained for; pairs are of the subtle and the bold form.

    Attributes:
        sizes_px: at which style is compared, from the size that the part paints down.
        style: weights of the style loss; content has 1.
        similarity: of self-similarity.
        features: of content by normalised features, which keeps faces.
        layers: of `STYLE_LAYERS`, at the first size.
        tv: of total variation.
    """

    sizes_px: tuple[int, ...]
    style: tuple[float, float]
    similarity: tuple[float, float]
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
    style=(3, 20),
    similarity=(9, 4),
    # Large forms: what is fine at 128 px is the revision's to paint.
    layers=(0.3, 0.4, 1.5, 1.8),
    tv=0.5,
)
REVISION = PartWeights(sizes_px=(256, 128, 64), style=(6, 40), similarity=(5, 3), features=1.0)


class PartTrainer(StepTrainer):
    """A part in training; subclasses know what it sees.

    Args:
        spec: the network to train.
        paintings: of each size of ``weights``, one a style: float32 1 x 3 x H x W, RGB, 0-1, the
            shorter side of that size.
        photos: crops to paint, nearly whole photos.
        weights: of the losses.
        options: steps, photos a step, rate and seed; its other weights are not used.
        hardware: where to compute.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        paintings: Mapping[int, Sequence[Tensor]],
        photos: PhotoFolder,
        weights: PartWeights,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        style_count = len(paintings[weights.sizes_px[0]])
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            self.network = StyleNetwork(spec, 2 * style_count).to(hardware.device)
        super().__init__(self.network, self.network, photos, options, hardware)
        self.weights = weights
        self.style_count = style_count
        self.vgg = Vgg19(hardware)
        with torch.no_grad():
            self.grams = {
                size: {
                    layer: torch.cat(
                        [
                            gram_matrix(self.vgg(each.to(hardware.device), (layer,))[layer])
                            for each in paintings[size]
                        ]
                    )
                    for layer in STYLE_LAYERS
                }
                for size in weights.sizes_px
            }

    def parameters_and_rates(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Styles take longer steps than the kernels that they share."""
        return [([self.network.styles], VECTOR_RATE), (self.network.convs.parameters(), 1.0)]

    def see(
        self, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what the network sees of photos: themselves under grain, its vectors, and the
        paintings so far, if it revises.
        """
        return self.with_grain(photos, 2), mixed_rows(self.network.styles, styles, effect), None

    @torch.no_grad()
    def preview(self) -> NDArray[np.uint8]:
        """Return some photos, each beside all styles between their two forms, as one picture."""
        size, average = self.weights.sizes_px[0], self.averaged
        assert isinstance(average, StyleNetwork)
        rows = []
        for photo in torch.split(self.photos.crops(0, PREVIEW_PHOTOS, size), 1):
            photo = photo.to(self.hardware.device)
            repeated = photo.expand(self.style_count, -1, -1, -1)
            styles = torch.arange(self.style_count, device=self.hardware.device)
            with self.hardware.autocast():
                seen, _, enlarged = self.see(repeated, styles, torch.full((len(styles),), 0.5))
                vectors = mixed_rows(average.styles, styles, torch.full((len(styles),), 0.5))
                painted = average(seen, vectors, enlarged)
            rows.append(torch.cat([photo, *torch.split(painted.float(), 1)], dim=3))
        return to_pixels(torch.cat(rows, dim=2))

    def losses(self, crop_px: int, photo_count: int) -> tuple[Tensor, dict[str, float]]:
        """Return the objective, and its means before their weights."""
        random = np.random.default_rng((self.options.seed, self.next_step, 5))
        device = self.hardware.device
        photos = self.photos.crops(self.next_photo, photo_count, crop_px).to(device)
        order = random.permutation(self.style_count)
        styles = torch.from_numpy(np.resize(order, photo_count)).to(device)
        effect = torch.from_numpy(random.random(photo_count, dtype=np.float32)).to(device)
        style_weight, similarity_weight = self.weights.at(effect)
        with torch.no_grad():
            wanted = self.vgg(photos, (*SIMILARITY_LAYERS, CONTENT_LAYER))
        with self.hardware.autocast():
            seen, vectors, enlarged = self.see(photos, styles, effect)
            painted = self.painter(seen, vectors, enlarged).float()
        style = torch.zeros(photo_count, device=device)
        figures = {}
        picture = painted
        for number, size in enumerate(self.weights.sizes_px):
            if number:
                picture = halved(picture)
            more = () if number else (CONTENT_LAYER,)
            features = self.vgg(picture, (*STYLE_LAYERS, *more))
            if number == 0:
                content = content_loss(features[CONTENT_LAYER], wanted[CONTENT_LAYER])
                similarity, kept = self._content_at_places(features, wanted, random)
            at_size = self._style(features, size, styles)
            style = style + at_size / len(self.weights.sizes_px)
            figures[f"style {size}"] = at_size.mean().item()
        beyond = (painted - painted.clamp(0, 1)).square().mean(dim=(1, 2, 3))
        terms = content + self.weights.features * kept + similarity_weight * similarity
        terms = terms + style_weight * style + RANGE_WEIGHT * beyond
        # Bold forms have larger losses; they shall not have the larger say in what both share.
        loss = (terms / (1 + style_weight / 20)).mean()
        loss = loss + self.weights.tv * total_variation(painted).mean()
        figures["content"], figures["similarity"] = content.mean().item(), similarity.mean().item()
        return loss, figures

    def _style(self, features: Mapping[str, Tensor], size: int, styles: Tensor) -> Tensor:
        """Return the style loss of each picture at one size, the weighted mean over layers."""
        weights = self.weights.layers if size == self.weights.sizes_px[0] else (1.0,) * 4
        losses = [
            weight * style_loss(gram_matrix(features[layer], exact=False), grams[styles])
            for weight, (layer, grams) in zip(weights, self.grams[size].items(), strict=True)
        ]
        return torch.stack(losses).sum(dim=0) / sum(weights)

    def _content_at_places(
        self,
        features: Mapping[str, Tensor],
        wanted: Mapping[str, Tensor],
        random: np.random.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Return the self-similarity loss and the loss of normalised features of each picture, at
        some places; means over layers.
        """
        similarity, normalised = [], []
        for layer in SIMILARITY_LAYERS:
            places = features[layer].shape[2] * features[layer].shape[3]
            chosen = torch.from_numpy(random.permutation(places)[:SIMILAR_PLACES])
            chosen = chosen.to(self.hardware.device)
            for own, photo in zip(features[layer], wanted[layer], strict=True):
                rows, target = own.flatten(1)[:, chosen].T, photo.flatten(1)[:, chosen].T
                distances = self_distances(rows), self_distances(target)
                similarity.append(self_similarity_loss(*distances))
                normalised.append(normalised_content_loss(rows, target))
        count = len(SIMILARITY_LAYERS)
        return (
            torch.stack(similarity).reshape(count, -1).mean(dim=0),
            torch.stack(normalised).reshape(count, -1).mean(dim=0),
        )


class DraftTrainer(PartTrainer):
    """A draft in training: it sees whole photos, small."""


class RevisionTrainer(PartTrainer):
    """A revision in training: it sees what a draft, or its own painting of half the size, becomes
    when it is enlarged.

    Args:
        draft: trained; it stays as it is.
        spec, paintings, photos, weights, options, hardware: as `DraftTrainer` takes them.
    """

    def __init__(
        self,
        draft: StyleNetwork,
        spec: NetworkSpec,
        paintings: Mapping[int, Sequence[Tensor]],
        photos: PhotoFolder,
        weights: PartWeights,
        options: TrainingOptions,
        hardware: Hardware,
    ) -> None:
        super().__init__(spec, paintings, photos, weights, options, hardware)
        self.draft = draft.to(hardware.device).eval().requires_grad_(False)
        crops = photos.crops(0, CALIBRATING_PHOTOS, weights.sizes_px[0]).to(hardware.device)
        with hardware.autocast():
            enlarged = self._enlarged(crops, draft.styles[:1].expand(CALIBRATING_PHOTOS, -1))
            calibrate(self.network, self.with_grain(crops, 2), enlarged)
        self.averaged.load_state_dict(self.network.state_dict())
        self._good_state = self._copy_state()

    def see(
        self, photos: Tensor, styles: Tensor, effect: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what the network sees: photos under grain, its vectors, and enlarged drafts."""
        seen, vectors, _ = super().see(photos, styles, effect)
        return seen, vectors, self._enlarged(photos, mixed_rows(self.draft.styles, styles, effect))

    @torch.no_grad()
    def _enlarged(self, photos: Tensor, vectors: Tensor) -> Tensor:
        return doubled(self.draft(self.with_grain(halved(photos), 3), vectors).float().clamp(0, 1))


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


def two_part_trunk(draft: StyleNetwork, revision: StyleNetwork) -> Trunk:
    """Return both networks as they ship, in float16."""
    return replace(draft.trunk(), revision=revision.trunk())


def two_part_vectors(
    draft: StyleNetwork, revision: StyleNetwork, photos: Tensor
) -> list[NDArray[np.float32]]:
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
