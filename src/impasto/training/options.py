"""Options of a training run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Literal

from impasto.errors import OptionError
from impasto.perceptual.picture_losses import STYLE_WEIGHT

MAY_BE_ZERO = (
    "seed",
    "late_from",
    "border_weight",
    "stability_weight",
    "correlation_weight",
    "local_correlation_weight",
    "tv_weight",
    "content_weight",
    "photo_share",
    "recolour_share",
)
LARGEST_ENLARGEMENT = 4
SMALLEST_CROP_PX = 16  # VGG-19 halves them three times


@dataclass(frozen=True)
class TrainingOptions:
    """The options that shape a run, besides its pictures.

    Attributes:
        steps: of the optimiser, in all.
        photos_per_step: different photographs in a step's batch.
        styles_per_photo: styles each of them is painted in; the batch is the product.
        crop_px: side of the square crops.
        late_crop_px: their side late in training, when strokes learn to hold over larger pictures;
            fewer photos a step keep the cost alike.
        late_from: the fraction of ``steps`` after which crops are larger.
        border_weight: of a fourth loss: near the border of a crop, the painting should be what it
            is where the photo goes on. Without it, networks learn a frame from VGG-19's zero
            padding, tell the border by its mirror symmetry, and paint a sky along every top.
        enlarge: by up to how much photos are enlarged, at random: large pictures have smooth
            ground, where rows of a motif show.
        painting_px: the paintings' shorter side: larger gives larger strokes.
        painting_sizes: the same for each painting, where they differ.
        stability_weight: of a fifth loss, for videos: painted again under other grain and a few
            pixels aside, a crop should look the same. It costs style, and calms strokes that noise
            and motion would make flicker.
        correlation_weight: of a sixth loss: features should have as much to do with themselves some
            way aside as in the painting (`correlations.correlation_loss`). Gram matrices do not
            mind one motif in rows on flat ground; this does.
        local_correlation_weight: of a seventh loss: no part of a picture should have more to do
            with itself than the painting or the photo has (`correlations.local_correlation_loss`);
            it finds a small patch of rows, which the sixth does not.
        content_weight, style_weight, tv_weight: of the three losses.
        learning_rate: the peak of the one-cycle schedule (Smith & Topin 2017) for Adam.
        trains: ``all``: trunk and style vectors; ``styles``: the vectors alone; ``last``: these and
            the last layer.
        shares: how often each style is painted, relative to the others; alike if empty. Styles that
            lag behind get more.
        average_decay: of the moving average of weights, a step.
        seed: of initial weights, photo order, crops and styles.
    """

    steps: int = 6000
    photos_per_step: int = 2
    styles_per_photo: int = 2
    crop_px: int = 256
    late_crop_px: int = 384
    late_from: float = 0.7
    enlarge: float = 1.0
    painting_px: int = 384
    border_weight: float = 5.0
    stability_weight: float = 0.0
    correlation_weight: float = 0.0
    local_correlation_weight: float = 0.0
    content_weight: float = 1.0
    style_weight: float = STYLE_WEIGHT
    tv_weight: float = 0.5
    learning_rate: float = 3e-3
    painting_sizes: tuple[int, ...] = ()
    trains: Literal["all", "styles", "last"] = "all"
    shares: tuple[float, ...] = ()
    average_decay: float = 0.997
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trains not in ("all", "styles", "last"):
            raise OptionError(f"trains is {self.trains!r}", "one of all, styles, last")
        if not all(0 < share < math.inf for share in self.shares):
            raise OptionError(f"shares are {self.shares}", "give numbers above 0")
        if not all(size >= SMALLEST_CROP_PX for size in self.painting_sizes):
            raise OptionError(
                f"painting sizes are {self.painting_sizes}", f"give {SMALLEST_CROP_PX} px or more"
            )
        for name, value in asdict(self).items():
            if isinstance(value, bool | str | tuple):
                continue
            smallest = 0 if name in MAY_BE_ZERO else 1e-9
            if not smallest <= value < math.inf:
                raise OptionError(f"{name} is {value}", "give a positive number")
        if min(self.crop_px, self.late_crop_px) < SMALLEST_CROP_PX:
            raise OptionError(
                f"crops of {min(self.crop_px, self.late_crop_px)} px are too small",
                f"give at least {SMALLEST_CROP_PX} px",
            )
        if not 1 <= self.enlarge <= LARGEST_ENLARGEMENT:
            raise OptionError(
                f"enlarge is {self.enlarge:g}", f"give a number from 1 to {LARGEST_ENLARGEMENT}"
            )
        if self.late_from > 1 or self.average_decay >= 1:
            raise OptionError("late_from or average_decay is above its range", "stay below 1")

    def for_crops(self, crop_px: int) -> TrainingOptions:
        """Return the same options, with crops of one size all through."""
        return replace(self, crop_px=crop_px, late_crop_px=crop_px)

    def sizes_of(self, painting_count: int) -> tuple[int, ...]:
        """Return the shorter side of each painting.

        Raises:
            OptionError: there are sizes for another number of paintings.
        """
        sizes = self.painting_sizes or (self.painting_px,) * painting_count
        if len(sizes) != painting_count:
            raise OptionError(
                f"{len(sizes)} painting sizes for {painting_count} styles", "give one for each"
            )
        return sizes

    def crop_at(self, step: int) -> tuple[int, int]:
        """Return the side of the crops, and photos a step, at a step."""
        if step < self.late_from * self.steps:
            return self.crop_px, self.photos_per_step
        fewer = self.photos_per_step * (self.crop_px / self.late_crop_px) ** 2
        return self.late_crop_px, max(1, round(fewer))

    def rate_at(self, step: int) -> float:
        """Return the learning rate: up over the first 3 % of steps, then down a cosine to a
        hundredth.
        """
        done = step / self.steps
        if done < 0.03:
            return self.learning_rate * (step + 1) / (0.03 * self.steps + 1)
        falling = 0.5 * (1 + math.cos(math.pi * min(1.0, (done - 0.03) / 0.97)))
        return self.learning_rate * (0.01 + 0.99 * falling)
