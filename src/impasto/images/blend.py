"""Between the photo and the painting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Strength", "blend"]

Pixels = NDArray[np.uint8]
BAND_PX = 256
Strength = float | NDArray[np.float32]
"""How much of the painting there is: everywhere, or in each place, H x W."""


def blend(photo: Pixels, painting: Pixels, strength: Strength) -> Pixels:
    """``strength * painting + (1 - strength) * photo``, rounded and clipped.

    Linear in what is seen; above 1 it goes on in the same direction, and exaggerates.

    Args:
        photo: H x W x 3, uint8.
        painting: the same shape.
        strength: 0 gives the photo, 1 the painting; a number, or H x W.
    """
    import cv2

    if isinstance(strength, np.ndarray):
        result = np.empty_like(photo)
        for top in range(0, len(photo), BAND_PX):  # floats of a large picture take much memory
            rows = slice(top, top + BAND_PX)
            share = strength[rows, :, None]
            floats = photo[rows] + (painting[rows].astype(np.float32) - photo[rows]) * share
            result[rows] = np.rint(floats).clip(0, 255).astype(np.uint8)
        return result
    if strength == 1:
        return painting
    mixed = cv2.addWeighted(painting, strength, photo, 1 - strength, 0)
    return np.asarray(mixed, dtype=np.uint8)
