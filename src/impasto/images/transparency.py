"""Pictures with transparent parts: what is under them, and what is behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.images.geometry import resize
from impasto.images.original import Samples, cast_samples

__all__ = ["bleed", "lay_on_white"]


def bleed(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours along the edge of what is visible, spread over what is not.

    Under full transparency, files hold any colour, mostly black. A network would paint its strokes
    across the edge and leave a dark fringe. Each invisible pixel gets the mean of the visible
    neighbourhood, as narrow as there is one: from coarse to fine, as Gortler et al. 1996 ("The
    lumigraph", section 3.4) fill holes.

    Args:
        pixels: H x W x 3, uint8, RGB.
        alpha: H x W, uint8.

    Returns:
        the same shape, unchanged where ``alpha`` is above 0; the array itself if nothing is hidden.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    filled: NDArray[np.uint8] = pixels.copy()
    filled[hidden] = 0
    filled[hidden] = _spread(filled, np.where(hidden, 0, 255).astype(np.uint8))[hidden]
    return filled


def _spread(colors: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours (black where unknown) from a picture half the size, wherever they are unknown."""
    height, width = known.shape
    if min(height, width) == 1 or known.all():
        mean = colors[known > 0].mean(axis=0) if known.any() else np.zeros(3)
        return _fill(colors, known, np.rint(mean).astype(np.uint8))
    half = (max(1, width // 2), max(1, height // 2))
    weight = resize(np.repeat(known[..., None], 3, axis=2), *half)
    # Unknown pixels are black, so that means over areas are known means times their share.
    share = np.maximum(weight.astype(np.float32), 1) / 255
    means = np.rint(resize(colors, *half) / share).clip(0, 255)
    means = np.where(weight > 0, means, 0).astype(np.uint8)
    coarse = _spread(means, np.where(weight[..., 0] > 0, 255, 0).astype(np.uint8))
    enlarged = resize(coarse, width, height)
    return _fill(colors, known, enlarged)


def _fill(
    colors: NDArray[np.uint8], known: NDArray[np.uint8], filling: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    filled: NDArray[np.uint8] = np.where(known[..., None] > 0, colors, filling)
    return filled


def lay_on_white(samples: Samples, alpha: Samples, white: float) -> Samples:
    """What is seen before a white wall.

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
