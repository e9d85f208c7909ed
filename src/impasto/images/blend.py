"""Between the photo and the painting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["blend"]

Pixels = NDArray[np.uint8]


def blend(photo: Pixels, painting: Pixels, strength: float) -> Pixels:
    """``strength * painting + (1 - strength) * photo``, rounded and clipped.

    Linear in what is seen; above 1 it goes on in the same direction, and exaggerates.

    Args:
        photo: H x W x 3, uint8.
        painting: the same shape.
        strength: 0 gives the photo, 1 the painting.
    """
    import cv2

    if strength == 1:
        return painting
    mixed = cv2.addWeighted(painting, strength, photo, 1 - strength, 0)
    return np.asarray(mixed, dtype=np.uint8)
