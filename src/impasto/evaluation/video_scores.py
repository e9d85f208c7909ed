"""Scores of painted videos: how calm they are, and what that does to the style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import fmean

from impasto.evaluation.scored_styles import ScoredStyle
from impasto.evaluation.scores import PaintPhoto, Scorer, exact_vgg
from impasto.images import read_image, scale_shorter_side
from impasto.multiscale import FRAME_NATURAL_PX
from impasto.options import StylizeOptions
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.stylizer import Stylizer
from impasto.video import read_frames
from impasto.video.temporal_consistency import SteadyStylizer, check_stability
from impasto.video.warping_error import WarpingError

FRAME_BY_FRAME = "frame by frame"
SCORE_EVERY = 6  # frames: style loss takes longer than all the rest


@dataclass(frozen=True)
class VideoScore:
    """Score of one way to paint videos in one style: means over the videos.

    Attributes:
        warping_error: in levels.
        style_loss: S.
    """

    style: str
    way: str
    warping_error: float
    style_loss: float


def score_videos(
    videos: Sequence[Path],
    styles: Sequence[ScoredStyle],
    options: StylizeOptions,
    *,
    stability: float,
    frames: int,
    size_px: int,
    painting_px: int | None,
    progress: ProgressListener = ignore_progress,
) -> list[VideoScore]:
    """Paint videos frame by frame, as `impasto.stylize_video` does, and live; and measure each.

    Args:
        options: all but the style.
        stability: of the calmer ways, 0 to 1.
        size_px: a frame's shorter side at most.
        painting_px: the paintings' shorter side; that which each style was learned at if not given.

    Raises:
        OptionError: the stability is out of its range.
    """
    check_stability(stability)
    scores: list[VideoScore] = []
    vgg = exact_vgg()
    for style in styles:
        pixels = read_image(style.painting).pixels
        scorer = Scorer(vgg, scale_shorter_side(pixels, painting_px or style.painting_px))
        measured: dict[str, list[tuple[float, float]]] = {}
        look = replace(options, style=style.style).for_frames()
        with Stylizer(look, natural_px=FRAME_NATURAL_PX) as stylizer:
            for number, video in enumerate(videos):
                painters: dict[str, PaintPhoto] = {  # fresh, since they remember
                    FRAME_BY_FRAME: stylizer,
                    f"video: stability {stability:g}": SteadyStylizer(stylizer, stability),
                    f"live: stability {stability:g}": SteadyStylizer(
                        stylizer, stability, quick=True
                    ),
                }
                for way, pair in _measure(video, painters, scorer, frames, size_px).items():
                    measured.setdefault(way, []).append(pair)
                progress(Progress(f"evaluating {style.name}", number + 1, len(videos)))
        for way, pairs in measured.items():
            errors, losses = zip(*pairs, strict=True)
            scores.append(VideoScore(style.name, way, fmean(errors), fmean(losses)))
    return scores


def _measure(
    video: Path, painters: Mapping[str, PaintPhoto], scorer: Scorer, frames: int, size_px: int
) -> dict[str, tuple[float, float]]:
    """Return warping error and S of each painter."""
    warping = WarpingError()
    losses: dict[str, list[float]] = {way: [] for way in painters}
    for number, frame in enumerate(islice(read_frames(video), frames)):
        photo = frame.pixels
        if min(photo.shape[:2]) > size_px:
            photo = scale_shorter_side(photo, size_px)
        paintings = {way: paint(photo) for way, paint in painters.items()}
        warping.add(photo, paintings)
        if number % SCORE_EVERY == SCORE_EVERY - 1 or number == 0:
            for way, painting in paintings.items():
                losses[way].append(scorer.style(painting))
    return {way: (fmean(warping.errors.get(way, [0.0])), fmean(losses[way])) for way in painters}
