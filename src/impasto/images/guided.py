"""The guided filter: one picture smoothed along the edges of another.

He, Sun & Tang 2010, "Guided image filtering", section 3, equations 5, 6 and 8, with a grey guide.
"""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.images.colors import LUMINANCE

EPSILON = 0.02**2
"""Contrasts of the guide below its root, where white is 1, are no edges."""

BAND_PX = 256
RADIUS_SHARE = 1 / 160  # of the picture's shorter side: what strokes blur


def guided_filter(guide: Floats, values: Floats, radius_px: int, epsilon: float) -> Floats:
    """Smooth values along a guide's edges: in every window, they are the linear function of the
    guide that fits them best.

    Args:
        guide: H x W, 0-1.
        values: H x W or H x W x C.
        radius_px: of the square windows; what is within twice as much has an influence.
        epsilon: variance of the guide below which a window is flat.

    Returns:
        the shape of ``values``.
    """
    import cv2

    side = (2 * radius_px + 1,) * 2

    def mean(array: Floats) -> Floats:
        blurred = cv2.blur(array, side, borderType=cv2.BORDER_REFLECT)
        return np.asarray(blurred, dtype=np.float32).reshape(array.shape)

    planes = values if values.ndim == 3 else values[..., None]
    grey = guide[..., None]
    guide_mean, planes_mean = mean(grey), mean(planes)
    variance = mean(grey * grey) - guide_mean**2
    covariance = mean(planes * grey) - guide_mean * planes_mean
    slope = covariance / (variance.clip(0) + np.float32(epsilon))
    offset = planes_mean - slope * guide_mean
    return (mean(slope) * grey + mean(offset)).reshape(values.shape)


def luminance(pixels: Pixels) -> Floats:
    """Return the grey of RGB pixels, H x W, 0-1."""
    grey: Floats = (pixels @ LUMINANCE / np.float32(255)).astype(np.float32)
    return grey


def detail_radius_px(width: int, height: int) -> int:
    """Return how far edges may have moved in a picture; `restore_detail` looks twice as far."""
    return max(2, round(min(width, height) * RADIUS_SHARE))


def restore_detail(photo: Pixels, painting: Pixels, amount: float, radius_px: int) -> Pixels:
    """Put the photo's edges and fine structure into the painting's colours.

    The painting is made a function of the photo, window by window, so that its colours end where
    the photo's things do (He et al. 2010, section 4, "structure transferring").

    Args:
        amount: 0 leaves the painting as it is; 1 leaves no stroke that the photo has no edge for.
        radius_px: see `detail_radius_px`.
    """
    if amount == 0:
        return painting
    height = len(photo)
    restored = np.empty_like(painting)
    band = max(BAND_PX, 4 * radius_px)
    for top in range(0, height, band):  # floats of a large picture would take much memory
        bottom = min(height, top + band)
        first, last = max(0, top - 2 * radius_px), min(height, bottom + 2 * radius_px)
        planes = painting[first:last].astype(np.float32)
        filtered = guided_filter(luminance(photo[first:last]), planes, radius_px, EPSILON)
        planes += np.float32(amount) * (filtered - planes)
        levels = np.rint(planes[top - first : bottom - first]).clip(0, 255)
        restored[top:bottom] = levels.astype(np.uint8)
    return restored
