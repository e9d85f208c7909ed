"""How good a style is: content and style losses, and how far Gatys' optimisation gets to the same.

For each style and photo: C, S and J = C + 15 S of the network's painting, as
`impasto.perceptual.picture_losses` has them. The reference is the papers' own (Johnson et al. 2016,
figure 5): L-BFGS on the same J, started from white noise. A style's J is
quoted as the number of iterations that L-BFGS needs to reach it.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Collection, Mapping, Sequence, Sized
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto._util.arrays import Pixels
from impasto._util.atomic_files import write_atomically
from impasto.errors import OptionError
from impasto.images import read_image, scale_shorter_side
from impasto.perceptual.correlations import correlation_loss
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.losses import content_loss, gram_matrix, style_loss
from impasto.perceptual.picture_losses import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    STYLE_WEIGHT,
    PhotoTargets,
    StyleTargets,
    layer_correlations,
    picture_losses,
)
from impasto.perceptual.tensors import to_tensor
from impasto.perceptual.vgg import Vgg19
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.styles.style import PAINTING_PX

DEEP_STYLE_LAYER = "relu5_1"
STYLED_LAYERS = (*STYLE_LAYERS, DEEP_STYLE_LAYER)
LBFGS_HISTORY = 10

PaintPhoto = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Score:
    """One painting of one photo.

    Attributes:
        content: C, scale-free content loss at relu4_2.
        style: S, scale-free style loss, mean over relu1_1 to relu4_1.
        deep_style: the same at relu5_1, which no network here is trained on.
        repetition: R, correlation loss at relu3_1: one motif in rows, where the painting has none.
            Parts of paintings have 0.2 to 0.8 themselves, most of them.
    """

    content: float
    style: float
    deep_style: float
    repetition: float

    @property
    def objective(self) -> float:
        """J = C + 15 S."""
        return self.content + STYLE_WEIGHT * self.style


@dataclass(frozen=True)
class StyleReport:
    """One style on some photos.

    Attributes:
        style: its name.
        scores: by photo's file name.
        reference: J of L-BFGS after 1, 2, ... iterations, the median over the same photos; empty if
            it was not asked for.
    """

    style: str
    scores: Mapping[str, Score]
    reference: Sequence[float]

    @cached_property
    def median(self) -> Score:
        """The median of each figure."""
        figures = zip(*(astuple(score) for score in self.scores.values()), strict=True)
        return Score(*map(statistics.median, figures))

    @property
    def objective(self) -> float:
        """Median J."""
        return statistics.median(score.objective for score in self.scores.values())

    @property
    def iterations(self) -> int | None:
        """The last L-BFGS iteration whose J the network still matches or beats, 0 if it beats none;
        nothing without a reference. Equal to the reference's length, it says "at least".
        """
        if not self.reference:
            return None
        return sum(1 for value in np.minimum.accumulate(self.reference) if value >= self.objective)


def evaluate(
    painters: Mapping[str, PaintPhoto],
    paintings: Mapping[str, Path],
    photos: Sequence[Path],
    *,
    size_px: int = 256,
    painting_px: int | Mapping[str, int] = PAINTING_PX,
    reference_iterations: int = 0,
    cache: Path | None = None,
    hardware: Hardware | None = None,
    progress: ProgressListener = ignore_progress,
) -> list[StyleReport]:
    """Score styles.

    Args:
        painters: by style name, a `Stylizer` or whatever paints H x W x 3 uint8 RGB photos.
        paintings: by style name, the painting's file.
        size_px: the photos' shorter side.
        painting_px: the paintings' shorter side, for all or by style name.
        reference_iterations: how far L-BFGS runs from white noise, on every style and photo; 0 for
            no reference. Slow: about half a second an iteration.
        cache: a JSON file that keeps the reference's curves from one call to the next.
        hardware: where to compute. All is measured in float32, whatever its precision: curves in
            bfloat16 are other ones.

    Raises:
        InputError: a picture cannot be read.
        OptionError: nothing to evaluate, or a style without a painting.
    """
    check_given(painters, paintings, photos)
    exact = exact_vgg(hardware)
    curves = _Curves(exact, reference_iterations, cache)

    pictures = {str(path): scale_shorter_side(read_image(path).pixels, size_px) for path in photos}
    total = len(painters) * len(pictures)
    reports = []
    for number, (style, painter) in enumerate(painters.items()):
        px = painting_px if isinstance(painting_px, int) else painting_px[style]
        pixels = scale_shorter_side(read_image(paintings[style]).pixels, px)
        scorer = Scorer(exact, pixels)
        scores, references = {}, []
        for index, (name, photo) in enumerate(pictures.items()):
            scores[name] = scorer(painter(photo), photo)
            if reference_iterations:
                title = f"L-BFGS {style} {name}"
                references.append(curves.curve(photo, pixels, title, progress))
            done = number * len(pictures) + index + 1
            progress(Progress(f"evaluating {style}", done, total, {"J": scores[name].objective}))
        median_curve = np.median(references, axis=0).tolist() if references else []
        reports.append(StyleReport(style, scores, median_curve))
    return reports


def check_given(painters: Collection[str], paintings: Collection[str], photos: Sized) -> None:
    """Check that there is something to evaluate.

    Raises:
        OptionError: there is not, or a style lacks its painting.
    """
    if not painters or not photos:
        raise OptionError("nothing to evaluate", "give at least one style and one photo")
    if missing := [name for name in painters if name not in paintings]:
        raise OptionError(f"no painting for {', '.join(missing)}", "give each style's painting")


def report_tree(reports: Sequence[StyleReport]) -> list[dict[str, Any]]:
    """Return all figures, the curves included, for JSON."""

    def figures(score: Score, objective: float) -> dict[str, float]:
        return {
            "content": score.content,
            "style_loss": score.style,
            "deep_style_loss": score.deep_style,
            "repetition": score.repetition,
            "J": objective,
        }

    return [
        {
            "style": report.style,
            **figures(report.median, report.objective),
            "lbfgs_iterations": report.iterations,
            "reference": list(report.reference),
            "photos": {name: figures(each, each.objective) for name, each in report.scores.items()},
        }
        for report in reports
    ]


def exact_vgg(hardware: Hardware | None = None) -> Vgg19:
    """Return VGG-19 in float32, in which scores are measured, on the hardware's device."""
    return Vgg19(Hardware((hardware or choose_hardware()).device, torch.float32))


class Scorer:
    """Scores paintings in one style.

    Args:
        vgg: in float32.
        painting: that the style was learned from, H x W x 3, uint8, RGB.
    """

    def __init__(self, vgg: Vgg19, painting: Pixels) -> None:
        self._vgg = vgg
        features = self.features(painting)
        self._targets = {layer: gram_matrix(features[layer]) for layer in STYLED_LAYERS}
        self._correlations = layer_correlations(features)

    @torch.no_grad()
    def features(
        self, pixels: Pixels, layers: Sequence[str] = (*STYLED_LAYERS, CONTENT_LAYER)
    ) -> dict[str, Tensor]:
        """Return what VGG-19 sees in a picture, by layer."""
        device = self._vgg.get_buffer("mean_bgr").device
        features: dict[str, Tensor] = self._vgg(to_tensor(pixels).to(device), layers)
        return features

    def losses(self, features: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the scale-free style loss of a painted photo's features, by layer."""
        return {
            layer: style_loss(gram_matrix(features[layer]), target).item()
            for layer, target in self._targets.items()
        }

    def repetition(self, features: Mapping[str, Tensor]) -> float:
        """Return R of a painted photo's features."""
        return correlation_loss(layer_correlations(features), self._correlations).item()

    def style(self, painted: Pixels) -> float:
        """Return S of a painted photo, without the rest of its score."""
        losses = self.losses(self.features(painted, STYLED_LAYERS))
        return statistics.fmean(losses[layer] for layer in STYLE_LAYERS)

    def __call__(self, painted: Pixels, photo: Pixels) -> Score:
        """Return the whole score of a painted photo."""
        own, wanted = self.features(painted), self.features(photo, (CONTENT_LAYER,))
        losses = self.losses(own)
        return Score(
            content=content_loss(own[CONTENT_LAYER], wanted[CONTENT_LAYER]).item(),
            style=statistics.fmean(losses[layer] for layer in STYLE_LAYERS),
            deep_style=losses[DEEP_STYLE_LAYER],
            repetition=self.repetition(own),
        )


class _Curves:
    """J of L-BFGS from white noise, iteration by iteration, remembered in a file."""

    def __init__(self, vgg: Vgg19, iterations: int, cache: Path | None) -> None:
        self.vgg = vgg
        self.iterations = iterations
        self.cache = cache
        self.known: dict[str, list[float]] = _read_cache(cache)

    def curve(
        self, photo: Pixels, painting: Pixels, title: str, progress: ProgressListener
    ) -> list[float]:
        key = hashlib.sha256(
            repr((photo.shape, painting.shape, LBFGS_HISTORY, str(self.vgg.dtype))).encode()
            + photo.tobytes()
            + painting.tobytes()
        ).hexdigest()[:32]
        if len(self.known.get(key, ())) < self.iterations:
            self.known[key] = self._run(photo, painting, title, progress)
            if self.cache:
                # A curve a line: a new one is a new line where the file is under version control.
                lines = (f'"{each}": {json.dumps(curve)}' for each, curve in self.known.items())
                with write_atomically(self.cache) as file:
                    file.write(("{\n" + ",\n".join(lines) + "\n}\n").encode())
        return self.known[key][: self.iterations]

    def _run(
        self, photo: Pixels, painting: Pixels, title: str, progress: ProgressListener
    ) -> list[float]:
        device = self.vgg.get_buffer("mean_bgr").device
        target = to_tensor(photo).to(device)
        content = PhotoTargets.of(self.vgg, target)
        style = StyleTargets.of(self.vgg, [to_tensor(painting).to(device)])
        noise = torch.rand(target.shape, generator=torch.Generator().manual_seed(0))
        picture = noise.to(device).requires_grad_()
        optimiser = _one_step_lbfgs(picture)

        def objective() -> Tensor:
            j = picture_losses(self.vgg, picture, content, style).objective.sum()
            (gradient,) = torch.autograd.grad(j, picture)
            picture.grad = gradient.contiguous()
            return j

        curve = []
        for iteration in range(self.iterations):
            before = optimiser.step(objective).item()  # type: ignore[no-untyped-call]
            if iteration:
                curve.append(before)
            if len(curve) > 1 and curve[-1] >= curve[-2]:
                # The line search has gone astray, and would stay so for ever. Without its memory it
                # starts afresh, downhill.
                optimiser = _one_step_lbfgs(picture)
            progress(Progress(title, iteration + 1, self.iterations, {"J": before}))
        with torch.enable_grad():
            curve.append(objective().item())
        return curve


def _one_step_lbfgs(picture: Tensor) -> torch.optim.LBFGS:
    """Return L-BFGS of one iteration a call, with as long a line search as it needs."""
    return torch.optim.LBFGS(
        [picture], max_iter=1, history_size=LBFGS_HISTORY, line_search_fn="strong_wolfe"
    )


def _read_cache(cache: Path | None) -> dict[str, list[float]]:
    """Return the curves of earlier calls; none of a cache that cannot be read."""
    if cache is None or not cache.is_file():
        return {}
    try:
        known: Any = json.loads(cache.read_text(encoding="utf-8"))
        return {str(key): [float(value) for value in curve] for key, curve in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
