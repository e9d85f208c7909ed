"""Speed of the live loop: a file in the camera's place, and nobody at the window."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import cos, sin, tau
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from impasto._util.arrays import Pixels
from impasto.engines import EngineName, Precision
from impasto.errors import OptionError
from impasto.images.noise import natural_noise
from impasto.live.camera import open_camera
from impasto.live.loop import REPORT_S, LiveOptions, run_live
from impasto.live.overlay import with_lines
from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.styles import STYLE_SUFFIX, TRUNK_FILE, Gallery, Style, write_style
from impasto.video.encoding import Encoding, SegmentWriter
from impasto.video.source import BT_709, VideoInfo

CAMERA_RATE = 30
"""Frames a second that the camera gives, so that no more can be shown."""

MAX_SECONDS = 3600
CLIP_FRAMES = 90
SWAY_PX = 40
ENCODING = Encoding("mp4", "h264", 20)
KEY_WAIT_S = 0.001  # as the window's


@dataclass(frozen=True)
class LiveSpeed:
    """Speed of one engine with a camera of `CAMERA_RATE` frames a second, in the last ten seconds.

    Attributes:
        engine: which, with its version and precision.
        width, height: of the camera's frames, in pixels.
        painted_width, painted_height: that the frame budget chose, in pixels.
        frames_per_s: shown, on the average.
        delay_ms: from a frame's capture to the screen, at the median.
        long_delay_ms: 19 of 20 frames are no later.
        delay_frames: the median in frames of the camera.
    """

    engine: str
    width: int
    height: int
    painted_width: int
    painted_height: int
    frames_per_s: float
    delay_ms: float
    long_delay_ms: float
    delay_frames: float


def measure_live(
    options: LiveOptions,
    engines: Sequence[tuple[EngineName, Precision]],
    sizes: Sequence[tuple[int, int]],
    *,
    seconds: float = 2 * REPORT_S,
    progress: ProgressListener = ignore_progress,
) -> list[LiveSpeed]:
    """Run `impasto.live.run_live` as it is: its threads, its frame budget, a camera at its pace.

    The camera is a video file, whose view sways like one that is held by hand. There is no window:
    pictures are converted for one and dropped.

    Args:
        options: how the window starts; engine and precision are replaced.
        sizes: widths and heights of the camera's frames, in pixels.
        seconds: how long each runs; the first ones, while the frame budget settles, do not count.

    Raises:
        OptionError: there is nothing to measure.
        EngineError: an engine is missing.
        StyleError: the style is unknown.
    """
    if not engines or not sizes or not 1 <= seconds <= MAX_SECONDS:
        raise OptionError(
            "nothing to measure", f"give an engine, a size, and 1 to {MAX_SECONDS} seconds"
        )
    results = []
    with TemporaryDirectory(prefix="impasto-") as folder:
        for width, height in sizes:
            clip = Path(folder) / f"{width}x{height}.mp4"
            _write_clip(clip, width, height)
            for engine, precision in engines:
                task = f"{width}x{height} {engine}"
                painting = replace(options.painting, engine=engine, precision=precision)
                report = run_live(
                    open_camera(str(clip)),
                    _Unseen(seconds, task, progress),
                    replace(options, painting=painting),
                )
                sizes_px = (width, height, report.width, report.height)
                delays_ms = (1000 * report.delay_s, 1000 * report.long_delay_s)
                frames = report.delay_s * CAMERA_RATE
                results.append(LiveSpeed(report.engine, *sizes_px, report.rate, *delays_ms, frames))
    return results


def random_gallery(folder: Path, spec: NetworkSpec) -> Gallery:
    """Make a gallery of one style, ``random``: weights do not change a network's time."""
    trunk = random_trunk(spec)
    write_trunk(folder / TRUNK_FILE, trunk)
    vector = np.ones(spec.style_size, dtype=np.float32)
    write_style(folder / f"random{STYLE_SUFFIX}", Style("random", vector, trunk.fingerprint))
    return Gallery(folder)


class _Unseen:
    """Window that takes pictures, shows them to nobody, and closes itself after a time."""

    def __init__(self, seconds: float, task: str, progress: ProgressListener) -> None:
        self._seconds, self._task, self._progress = seconds, task, progress
        self._began_s: float | None = None

    def show(self, pixels: Pixels, lines: Sequence[str]) -> None:
        written = with_lines(pixels, lines, pixels.shape[1], pixels.shape[0])
        cv2.cvtColor(written, cv2.COLOR_RGB2BGR)

    def key(self) -> str:
        time.sleep(KEY_WAIT_S)
        return ""

    def is_open(self) -> bool:
        now = time.monotonic()
        if self._began_s is None:
            self._began_s = now  # the network is loaded
        done_s = min(self._seconds, now - self._began_s)
        self._progress(Progress(self._task, int(done_s), round(self._seconds)))
        return done_s < self._seconds

    def toggle_full_screen(self) -> None:
        pass

    def close(self) -> None:
        pass


def _write_clip(path: Path, width: int, height: int) -> None:
    """Film a view that goes round in a circle, so that it has no cut where it begins anew."""
    scene = natural_noise(width + 2 * SWAY_PX, height + 2 * SWAY_PX, seed=0)
    info = VideoInfo(width, height, Fraction(CAMERA_RATE), Fraction(1, CAMERA_RATE), 0, BT_709)
    writer = SegmentWriter(path, info, ENCODING, container=ENCODING.container)
    for number in range(CLIP_FRAMES):
        angle = tau * number / CLIP_FRAMES
        left, top = (round(SWAY_PX * (1 + turn)) for turn in (cos(angle), sin(angle)))
        writer.write(np.ascontiguousarray(scene[top : top + height, left : left + width]), number)
    writer.close()
