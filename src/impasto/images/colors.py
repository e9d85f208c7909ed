"""Keeping a photo's colours in its painting, or giving it another picture's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.errors import OptionError
from impasto.images.blend import BAND_PX, in_bands

ColorMap = Callable[[Pixels], Pixels]

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Y of YIQ, BT.601
LEAST_VARIANCE = 1e-6  # of Oklab, where white is 1: less is no colour, but rounding

# Ottosson 2020, "A perceptual color space for image processing": linear sRGB to cone responses,
# and their cube roots to lightness, green to red, blue to yellow.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=np.float32,
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=np.float32,
)
FROM_LAB = np.linalg.inv(TO_LAB.astype(np.float64)).astype(np.float32)
FROM_CONES = np.linalg.inv(TO_CONES.astype(np.float64)).astype(np.float32)


def keep_colors(painting: Pixels, photo: Pixels) -> Pixels:
    """Return the painting's light and dark in the photo's colours.

    Luminance-only transfer (Gatys et al. 2016, "Preserving color in neural artistic style
    transfer", section 3.2): Y of YIQ comes from the painting, I and Q from the photo. As R, G
    and B are each Y plus something that depends on I and Q alone, that is to add the difference of
    the Ys to each.

    Raises:
        OptionError: the shapes differ.
    """
    if painting.shape != photo.shape:
        raise OptionError(
            f"painting and photo have shapes {painting.shape} and {photo.shape}", "resize one"
        )

    def kept(painting: Pixels, photo: Pixels) -> Pixels:
        difference = painting @ LUMINANCE - photo @ LUMINANCE
        return np.rint(photo + difference[..., None]).clip(0, 255).astype(np.uint8)

    return in_bands(kept, painting, photo)


def match_histograms(painting: Pixels, model: Pixels) -> ColorMap:
    """Find a map of colours that gives a painting the model's histograms of red, green and blue.

    A level becomes the model's level below which as many pixels lie (Gonzalez & Woods, "Digital
    image processing", section 3.3: histogram specification).

    Args:
        painting: H x W x 3, uint8, RGB: whole, or reduced.
        model: whose colours are wanted; of any size.

    Returns:
        a function from pixels (H x W x 3) to pixels: of the painting, or some of its rows.
    """
    tables = np.empty((256, 3), dtype=np.uint8)
    for channel in range(3):
        ranks, wanted = (_ranks(each[..., channel]) for each in (painting, model))
        tables[:, channel] = np.rint(np.interp(ranks, wanted, np.arange(256)))

    def apply(pixels: Pixels) -> Pixels:
        planes = [tables[pixels[..., channel], channel] for channel in range(3)]
        return np.stack(planes, axis=2)

    return apply


def _ranks(plane: Pixels) -> NDArray[np.float64]:
    """Return, for each level, which share of the pixels is darker (or equal, and then half of
    them).
    """
    counts = np.bincount(plane.ravel(), minlength=256)
    middles = (np.cumsum(counts) - counts / 2) / plane.size
    # Levels that do not occur must not make the ranks stand still, or they would not be invertible.
    rising: NDArray[np.float64] = middles + np.arange(256) * 1e-9
    return rising


def match_linearly(painting: Pixels, model: Pixels) -> ColorMap:
    """Find a linear map in Oklab that gives a painting the model's mean colour and covariance.

    Gatys et al. 2016, "Preserving color in neural artistic style transfer", section 3.1, with the
    symmetric square roots of their equation 5. Departure: they work in RGB; in a perceptual space,
    dark and light weigh alike.

    Args:
        painting: H x W x 3, uint8, RGB: whole, or reduced.
        model: whose colours are wanted; of any size.

    Returns:
        a function from pixels (H x W x 3) to pixels: of the painting, or some of its rows.
    """
    (mean, covariance), (wanted_mean, wanted) = (_moments(each) for each in (painting, model))
    matrix = (_power(wanted, 0.5) @ _power(covariance, -0.5)).astype(np.float32)
    before, after = mean.astype(np.float32), wanted_mean.astype(np.float32)

    def moved(pixels: Pixels) -> Pixels:
        return from_oklab((to_oklab(pixels) - before) @ matrix.T + after)

    return partial(in_bands, moved)


def _moments(pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for top in range(0, len(pixels), BAND_PX):
        colors = to_oklab(pixels[top : top + BAND_PX]).reshape(-1, 3).astype(np.float64)
        count += len(colors)
        total += colors.sum(axis=0)
        products += colors.T @ colors
    mean = total / count
    return mean, products / count - np.outer(mean, mean)


def _power(covariance: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Raise a symmetric matrix to a power; no direction has less than `LEAST_VARIANCE`."""
    values, vectors = np.linalg.eigh(covariance)
    result: NDArray[np.float64] = (
        vectors * np.maximum(values, LEAST_VARIANCE) ** exponent
    ) @ vectors.T
    return result


def to_oklab(pixels: Pixels) -> Floats:
    """Convert sRGB to Oklab (Ottosson 2020): lightness 0-1, green to red, blue to yellow.

    Args:
        pixels: ... x 3, uint8, RGB.

    Returns:
        the same shape, float32.
    """
    levels = np.arange(256, dtype=np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    table = linear.astype(np.float32)
    lab: Floats = np.cbrt(table[pixels] @ TO_CONES.T) @ TO_LAB.T
    return lab


def from_oklab(lab: Floats) -> Pixels:
    """Convert Oklab to sRGB, rounded; colours beyond sRGB are clipped.

    Args:
        lab: ... x 3, float32, as `to_oklab` gives it.
    """
    linear = ((lab @ FROM_LAB.T) ** 3 @ FROM_CONES.T).clip(0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels: Pixels = np.rint(curved * 255).astype(np.uint8)
    return pixels
