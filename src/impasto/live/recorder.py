"""Recordings of what is shown, with the times at which it was."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

from impasto._util.arrays import Pixels
from impasto.images import resize
from impasto.video.encoding import Encoding, SegmentWriter
from impasto.video.source import BT_709, VideoInfo

MILLISECONDS = Fraction(1, 1000)
ENCODING = Encoding("matroska", "h264", 20)  # Matroska is playable wherever it ends


class Recorder:
    """A Matroska file that grows.

    Args:
        path: of the file; replaced if it exists.
        width, height: of the video; frames of another size are scaled.
        rate: frames a second, about.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, width: int, height: int, rate: float) -> None:
        self.path = path
        self._size = (width, height)
        info = VideoInfo(width, height, Fraction(round(rate)), MILLISECONDS, 0, BT_709)
        self._writer = SegmentWriter(path, info, ENCODING, container=ENCODING.container)
        self._began_s = time.monotonic()

    def add(self, pixels: Pixels) -> None:
        """Record H x W x 3 uint8 RGB pixels as shown now."""
        now = round((time.monotonic() - self._began_s) * 1000)
        self._writer.write(resize(pixels, *self._size), max(now, self._writer.last_pts + 1))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
