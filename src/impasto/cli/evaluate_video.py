"""``impasto evaluate --video``: how calm videos are, and what that does to the style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from impasto.cli.console import console
from impasto.cli.options import show_figures
from impasto.evaluation.scored_styles import ScoredStyle
from impasto.evaluation.video_scores import FRAME_BY_FRAME, score_videos
from impasto.options import StylizeOptions

__all__ = ["evaluate_videos"]


def evaluate_videos(
    videos: Sequence[Path],
    styles: Sequence[ScoredStyle],
    options: StylizeOptions,
    *,
    stability: float,
    frames: int,
    size_px: int,
    painting_px: int | None,
    json_file: str | None,
) -> None:
    """Paint videos in several ways, and tell how they compare with painting frame by frame."""
    with console.progress() as progress:
        scores = score_videos(
            videos,
            styles,
            options,
            stability=stability,
            frames=frames,
            size_px=size_px,
            painting_px=painting_px,
            progress=progress,
        )
    alone = {row.style: row for row in scores if row.way == FRAME_BY_FRAME}
    show_figures(
        [asdict(row) for row in scores],
        json_file,
        ("style", "painted", "warping error", "of frame by frame", "S", "of frame by frame"),
        [
            (
                row.style,
                row.way,
                f"{row.warping_error:.2f}",
                f"{row.warping_error / max(alone[row.style].warping_error, 1e-9):.0%}",
                f"{row.style_loss:.4f}",
                f"{row.style_loss / max(alone[row.style].style_loss, 1e-9):.0%}",
            )
            for row in scores
        ],
        left=2,
    )
