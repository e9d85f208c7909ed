"""Words on the picture: style, size and frames a second; help; what just happened."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np

from impasto._util.arrays import Pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SMALLEST = 0.35  # share of the font's own size that can still be read
LEFT_PX = 8


def with_lines(pixels: Pixels, lines: Sequence[str], width: int, height: int) -> Pixels:
    """Scale a picture to a window, and write lines in its upper left: white, edged in black,
    readable on anything.

    Lines are broken between words where the window is too narrow for them, and letters are smaller
    where it is too low.

    Args:
        lines: from top to bottom; ASCII, as OpenCV's fonts have no more.
        width, height: of the window, in pixels.

    Returns:
        another picture, of the same shape, which fits into the window, or is larger where the
        smallest letters would not: the window reduces it.
    """
    factor = min(width / pixels.shape[1], height / pixels.shape[0])
    width, height = (max(1, round(factor * side)) for side in pixels.shape[1::-1])
    scale = max(SMALLEST, min(width, height) / 900)
    rows = _broken(lines, width, scale)
    while scale > SMALLEST and _height_px(rows, scale) > height:
        scale = max(SMALLEST, 0.9 * scale)
        rows = _broken(lines, width, scale)
    widest_px = max((_right_px(row, scale) for row in rows), default=0)
    larger = max(1.0, _height_px(rows, scale) / height, widest_px / width)
    size = (round(larger * width), round(larger * height))
    how = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_LINEAR
    written = np.array(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)
    for number, row in enumerate(rows, 1):
        x, y = LEFT_PX, number * _row_px(scale)
        # An edge of thicker letters would not fit: OpenCV 5 sets those wider.
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
            cv2.putText(written, row, (x + dx, y + dy), FONT, scale, BLACK, 1, cv2.LINE_AA)
        cv2.putText(written, row, (x, y), FONT, scale, WHITE, 1, cv2.LINE_AA)
    return written


def _row_px(scale: float) -> int:
    return round(30 * scale) + 4


def _height_px(rows: Sequence[str], scale: float) -> float:
    return (len(rows) + 0.5) * _row_px(scale)  # half of one is for what hangs below the last


def _right_px(row: str, scale: float) -> int:
    """Return where a row ends, and as much room as there is to its left."""
    return int(cv2.getTextSize(row, FONT, scale, 1)[0][0]) + 2 * LEFT_PX


def _broken(lines: Sequence[str], width_px: int, scale: float) -> list[str]:
    rows: list[str] = []
    for line in lines:
        rows.append("")
        for word in re.findall(r"\s*\S+", line):
            if rows[-1] and _right_px(rows[-1] + word, scale) > width_px:
                rows.append(word.lstrip())
            else:
                rows[-1] += word
    return rows


def compare(photo: Pixels, painting: Pixels) -> Pixels:
    """Join the photo's left half and the painting's right half, with a line between them."""
    middle = photo.shape[1] // 2
    both: Pixels = painting.copy()
    both[:, :middle] = photo[:, :middle]
    both[:, max(0, middle - 1) : middle + 1] = 255
    return both
