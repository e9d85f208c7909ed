"""Pictures with transparent parts: what is under them, and what is behind them."""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.images.original import Samples, cast_samples


def bleed(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Spread the colours along the edge of what is visible over what is not.

    Under full transparency, files hold any colour, mostly black. A network would paint its strokes
    across the edge and leave a dark fringe. Each invisible pixel gets the mean of the visible
    neighbourhood, as narrow as there is one: from coarse to fine, as Gortler et al. 1996 ("The
    lumigraph", section 3.4) fill holes.

    Args:
        alpha: H x W, uint8.

    Returns:
        the same shape, unchanged where ``alpha`` is above 0; the array itself if nothing is hidden.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    known = np.where(hidden, 0, 1).astype(np.float32)
    spread = np.rint(_spread(pixels * known[..., None], known)).astype(np.uint8)
    filled: Pixels = np.where(hidden[..., None], spread, pixels)
    return filled


def _spread(colors: Floats, known: Floats) -> Floats:
    """Fill what is unknown from a picture half the size, in which more is known.

    Args:
        colors: H x W x 3, black where unknown.
        known: H x W, 0 or 1.
    """
    import cv2

    height, width = known.shape
    if max(height, width) == 1 or known.all():
        return colors
    half = (max(1, width // 2), max(1, height // 2))
    share = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    # The mean over an area, in which the unknown is black, is the known mean times its share.
    areas = cv2.resize(colors, half, interpolation=cv2.INTER_AREA)
    means: Floats = np.divide(areas, np.where(share > 0, share, 1)[..., None], dtype=np.float32)
    coarse = _spread(means, np.where(share > 0, 1, 0).astype(np.float32))
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    filled: Floats = np.where(known[..., None] > 0, colors, enlarged)
    return filled


def lay_on_white(samples: Samples, alpha: Samples, white: float) -> Samples:
    """Show a picture before a white wall.

    Args:
        samples: H x W x C, 0 to ``white``; grey or RGB.
        alpha: H x W, of the same type and range.
        white: the sample that means full light.

    Returns:
        the shape and type of ``samples``.
    """
    share = alpha[..., None] / np.float32(white)
    laid = samples * share + np.float32(white) * (1 - share)
    return cast_samples(laid, samples.dtype, white)
