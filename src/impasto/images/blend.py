"""Between the photo and the painting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels

BAND_PX = 256
Strength = float | Floats
"""How much of the painting there is: everywhere, or in each place, H x W."""


def blend(photo: Pixels, painting: Pixels, strength: Strength) -> Pixels:
    """Return ``strength * painting + (1 - strength) * photo``, rounded and clipped.

    Linear in what is seen; above 1 it goes on in the same direction, and exaggerates.

    Args:
        strength: 0 gives the photo, 1 the painting; a number, or H x W.
    """
    import cv2

    if isinstance(strength, np.ndarray):

        def mix(photo: Pixels, painting: Pixels, strength: Floats) -> Pixels:
            floats = photo + (painting.astype(np.float32) - photo) * strength[..., None]
            return np.rint(floats).clip(0, 255).astype(np.uint8)

        return in_bands(mix, photo, painting, strength)
    if strength == 1:
        return painting
    mixed = cv2.addWeighted(painting, strength, photo, 1 - strength, 0)
    return np.asarray(mixed, dtype=np.uint8)


def in_bands(compute: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> NDArray[Any]:
    """Compute pixel by pixel, a band of rows at a time: floats of a large picture would take much
    memory.

    Args:
        compute: gives for some rows of the arrays as many.
        arrays: each H x W, or H x W x C.
    """
    first = compute(*(each[:BAND_PX] for each in arrays))
    result = np.empty((len(arrays[0]), *first.shape[1:]), dtype=first.dtype)
    result[:BAND_PX] = first
    for top in range(BAND_PX, len(result), BAND_PX):
        rows = slice(top, top + BAND_PX)
        result[rows] = compute(*(each[rows] for each in arrays))
    return result
