"""How much a picture looks like a painting, from large forms down to brushwork.

A Gram loss at one size sees forms of one size: up to relu4_1, VGG-19 looks at 68 px. So picture and
painting are compared when both are reduced to 64, 128, 256 and 512 px; and content by features
(relu4_2) and by self-similarity (Kolkin et al. 2019, equation 5).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from impasto._util.arrays import Pixels
from impasto.evaluation.scores import PaintPhoto, Scorer, check_given
from impasto.images import contact_sheet, resize, scale_shorter_side
from impasto.perceptual.losses import content_loss, self_distances, self_similarity_loss
from impasto.perceptual.picture_losses import CONTENT_LAYER
from impasto.perceptual.vgg import Vgg19
from impasto.progress import Progress, ProgressListener, ignore_progress

COMPARED_PX = (64, 128, 256, 512)
CONTENT_PX = 256
SIMILARITY_LAYERS = ("relu3_1", "relu4_1")
SIMILAR_PLACES = 512
SHEET_TILE_PX = 640


@dataclass(frozen=True)
class SizedScore:
    """One painted photo, or the medians of several.

    Attributes:
        style: scale-free style loss by size in pixels, the mean over relu1_1 to relu5_1.
        content: C, scale-free content loss at relu4_2.
        similarity: self-similarity loss, the mean over relu3_1 and relu4_1.
        repetition: R, as `impasto.evaluation.scores.Score` has it.
    """

    style: Mapping[int, float]
    content: float
    similarity: float
    repetition: float


class SizedScorer:
    """Scores paintings in one style.

    Args:
        vgg: in float32.
        painting: that the style was learned from, H x W x 3, uint8, RGB.
    """

    def __init__(self, vgg: Vgg19, painting: Pixels) -> None:
        sizes_px = {*COMPARED_PX, CONTENT_PX}
        self._scorers = {px: Scorer(vgg, scale_shorter_side(painting, px)) for px in sizes_px}

    def __call__(self, painted: Pixels, photo: Pixels) -> SizedScore:
        """Return the score of a painted photo.

        Args:
            painted, photo: H x W x 3, uint8, RGB, of the same proportions.
        """
        style = {}
        for px in COMPARED_PX:
            features = self._scorers[px].features(scale_shorter_side(painted, px))
            style[px] = statistics.fmean(self._scorers[px].losses(features).values())
        scorer = self._scorers[CONTENT_PX]
        small = (scale_shorter_side(each, CONTENT_PX) for each in (painted, photo))
        own, wanted = map(scorer.features, small)
        return SizedScore(
            style,
            content_loss(own[CONTENT_LAYER], wanted[CONTENT_LAYER]).item(),
            statistics.fmean(_similarity(own[each], wanted[each]) for each in SIMILARITY_LAYERS),
            scorer.repetition(own),
        )


def _similarity(own: Tensor, wanted: Tensor) -> float:
    places = own.shape[2] * own.shape[3]
    chosen = torch.from_numpy(np.random.default_rng(0).permutation(places)[:SIMILAR_PLACES])
    first, second = (self_distances(each[0].flatten(1)[:, chosen].T) for each in (own, wanted))
    return self_similarity_loss(first, second).item()


def score_by_size(
    vgg: Vgg19,
    painters: Mapping[str, PaintPhoto],
    paintings: Mapping[str, Pixels],
    photos: Mapping[str, Pixels],
    progress: ProgressListener = ignore_progress,
) -> dict[str, dict[str, SizedScore]]:
    """Score styles on photos.

    Args:
        vgg: in float32.
        painters: by style name, what paints H x W x 3 uint8 RGB photos.
        photos: by name, at the size at which they are to be painted.

    Returns:
        scores by style and photo.

    Raises:
        OptionError: nothing to evaluate, or a style without a painting.
    """
    check_given(painters, paintings, photos)
    total = len(painters) * len(photos)
    scores: dict[str, dict[str, SizedScore]] = {}
    for style, painter in painters.items():
        scorer = SizedScorer(vgg, paintings[style])
        scores[style] = {}
        for name, photo in photos.items():
            scores[style][name] = scorer(painter(photo), photo)
            done = sum(len(each) for each in scores.values())
            progress(Progress(f"evaluating {style}", done, total))
    return scores


def median_score(scores: Sequence[SizedScore]) -> SizedScore:
    """Return the median of each figure."""
    trees = [asdict(score) for score in scores]
    style = {size: statistics.median(each["style"][size] for each in trees) for size in COMPARED_PX}
    others = ("content", "similarity", "repetition")
    return SizedScore(style, *(statistics.median(each[name] for each in trees) for name in others))


def sheet_of(
    painters: Mapping[str, PaintPhoto],
    paintings: Mapping[str, Pixels],
    photos: Mapping[str, Pixels],
    sizes_px: Sequence[int],
) -> Pixels:
    """Return one picture to look at before any number: for each style and photo the painting, the
    photo, and what is painted of it at several sizes of its shorter side.

    Args:
        painters, paintings: by style name.
        photos: by name, as large as they are.
        sizes_px: larger than a photo is, it is enlarged.
    """
    tiles = []
    for style, painter in painters.items():
        for name, photo in photos.items():
            tiles += [(style, _fitted(paintings[style], photo)), (name, photo)]
            for size in sizes_px:
                tiles.append((f"{size} px", painter(scale_shorter_side(photo, size))))
    return contact_sheet(tiles, columns=2 + len(sizes_px), tile_px=SHEET_TILE_PX)


def _fitted(painting: Pixels, photo: Pixels) -> Pixels:
    """Return the painting on white, of the photo's proportions."""
    height, width = photo.shape[:2]
    scale = min(width / painting.shape[1], height / painting.shape[0])
    size = max(1, round(painting.shape[1] * scale)), max(1, round(painting.shape[0] * scale))
    canvas = np.full_like(photo, 255)
    canvas[: size[1], : size[0]] = resize(painting, *size)
    return canvas
