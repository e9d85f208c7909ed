"""Sizes and borders of pictures."""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import OptionError


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize a picture: the mean over areas along sides that shrink, cubic where they grow.

    Args:
        width, height: at least 1.

    Returns:
        height x width x 3, uint8; the array itself if that is its size.
    """
    import cv2

    smaller = (min(width, pixels.shape[1]), min(height, pixels.shape[0]))
    for size, method in ((smaller, cv2.INTER_AREA), ((width, height), cv2.INTER_CUBIC)):
        if size != (pixels.shape[1], pixels.shape[0]):
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=method), dtype=np.uint8)
    return pixels


def scale_shorter_side(pixels: Pixels, shorter_px: int) -> Pixels:
    """Resize a picture so that its shorter side is ``shorter_px`` long."""
    height, width = pixels.shape[:2]
    scale = shorter_px / min(width, height)
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))


def fit_within(width: int, height: int, longer_px: int | None) -> tuple[int, int]:
    """Return the size of a picture whose longer side is made at most ``longer_px``, if that is
    given.

    Raises:
        OptionError: it is less than a pixel.
    """
    if longer_px is None or longer_px >= max(width, height):
        return width, height
    if longer_px < 1:
        raise OptionError(f"max-size is {longer_px}", "give at least 1 px")
    scale = longer_px / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def pad_reflect(pixels: Pixels, *, left: int, top: int, right: int, bottom: int) -> Pixels:
    """Mirror a picture around itself, as often as it takes; the edge pixel is not repeated.

    Args:
        left, top, right, bottom: pixels to add on each side.
    """
    import cv2

    height, width = pixels.shape[:2]
    if max(left, right) < width and max(top, bottom) < height:
        padded = cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_REFLECT_101)
        return np.asarray(padded, dtype=np.uint8)
    # NumPy mirrors more than once where the border is wider than the picture; OpenCV refuses.
    return np.pad(pixels, ((top, bottom), (left, right), (0, 0)), mode="reflect")
