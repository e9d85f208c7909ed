"""Words on the picture: style, size and frames a second; help; what just happened."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.images import resize

__all__ = ["compare", "with_lines"]

FONT = cv2.FONT_HERSHEY_SIMPLEX
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def with_lines(pixels: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
    """A picture with lines in its upper left: white, edged in black, readable on anything.

    Args:
        pixels: H x W x 3, uint8.
        lines: from top to bottom; ASCII, as OpenCV's fonts have no more.

    Returns:
        another picture, larger where the lines would not all fit into one so low.
    """
    scale = max(0.35, min(pixels.shape[:2]) / 900)
    height_px = round(30 * scale) + 4
    needed_px = (len(lines) + 0.5) * height_px  # half of one is for what hangs below the last
    height, width = pixels.shape[:2]
    factor = max(1.0, needed_px / height)
    enlarged = resize(pixels, round(factor * width), round(factor * height))
    written: NDArray[np.uint8] = enlarged.copy()
    for number, line in enumerate(lines, 1):
        x, y = 8, number * height_px
        # An edge of thicker letters would not fit: OpenCV 5 sets those wider.
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
            cv2.putText(written, line, (x + dx, y + dy), FONT, scale, BLACK, 1, cv2.LINE_AA)
        cv2.putText(written, line, (x, y), FONT, scale, WHITE, 1, cv2.LINE_AA)
    return written


def compare(photo: NDArray[np.uint8], painting: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The photo's left half beside the painting's right half, with a line between them."""
    middle = photo.shape[1] // 2
    both: NDArray[np.uint8] = painting.copy()
    both[:, :middle] = photo[:, :middle]
    both[:, max(0, middle - 1) : middle + 1] = 255
    return both
