"""Between the photo and the painting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Strength", "blend"]

Pixels = NDArray[np.uint8]
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
        share = strength[..., None]
        mixed = photo + (painting.astype(np.float32) - photo) * share
        return np.rint(mixed).clip(0, 255).astype(np.uint8)
    if strength == 1:
        return painting
    mixed = cv2.addWeighted(painting, strength, photo, 1 - strength, 0)
    return np.asarray(mixed, dtype=np.uint8)
