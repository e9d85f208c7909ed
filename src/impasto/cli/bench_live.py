"""``impasto bench --live``: how fast the live loop is here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.cli.console import console
from impasto.cli.options import choose_gallery, show_figures

if TYPE_CHECKING:
    from impasto.engines import EngineName, Precision
    from impasto.networks.spec import NetworkSpec

__all__ = ["bench_live"]


def bench_live(
    style: str,
    gallery: str | None,
    spec: NetworkSpec | None,
    engines: Sequence[tuple[EngineName, Precision]],
    sizes: Sequence[tuple[int, int]],
    fps: float,
    stability: float,
    seconds: float,
    *,
    json_file: str | None,
) -> None:
    """Measure, and print a table.

    Raises:
        as `impasto.evaluation.live_speed.measure_live`.
    """
    from dataclasses import asdict
    from tempfile import TemporaryDirectory

    from impasto.evaluation.live_speed import measure_live, random_gallery
    from impasto.live import LiveOptions
    from impasto.options import StylizeOptions

    with TemporaryDirectory(prefix="impasto-") as folder, console.progress() as progress:
        styles = random_gallery(Path(folder), spec) if spec else choose_gallery(gallery)
        painting = StylizeOptions("random" if spec else style, gallery=styles)
        options = LiveOptions(painting, rate=fps, stability=stability)
        rows = measure_live(options, engines, sizes, seconds=seconds, progress=progress)
    show_figures(
        [asdict(row) for row in rows],
        json_file,
        ("engine", "camera", "painted at", "frames/s", "delay, ms", "95 % below", "in frames"),
        [
            (
                row.engine,
                f"{row.width}x{row.height}",
                f"{row.painted_width}x{row.painted_height}",
                f"{row.frames_per_s:.1f}",
                f"{row.delay_ms:.0f}",
                f"{row.long_delay_ms:.0f}",
                f"{row.delay_frames:.1f}",
            )
            for row in rows
        ],
        left=3,
    )
