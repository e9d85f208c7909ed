"""Keeping a photo's colours in its painting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError

__all__ = ["keep_colors"]

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Y of YIQ, BT.601


def keep_colors(painting: NDArray[np.uint8], photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The painting's light and dark, in the photo's colours.

    Luminance-only transfer (Gatys et al. 2016, "Preserving color in neural artistic style
    transfer", section 3.2): Y of YIQ comes from the painting, I and Q from the photo. As R, G
    and B are each Y plus something that depends on I and Q alone, that is to add the difference of
    the Ys to each.

    Args:
        painting: H x W x 3, uint8, RGB.
        photo: the same shape.

    Returns:
        H x W x 3, uint8, clipped to 0-255.

    Raises:
        OptionError: the shapes differ.
    """
    if painting.shape != photo.shape:
        raise OptionError(
            f"painting and photo have shapes {painting.shape} and {photo.shape}", "resize one"
        )
    difference = painting @ LUMINANCE - photo @ LUMINANCE
    kept = photo + difference[..., None]
    return np.rint(kept).clip(0, 255).astype(np.uint8)
