"""Grain: faint noise that is laid over a photo before a network paints it.

Where a photo is flat, a convolutional network has nothing to go by but its own grid, and paints one
small motif over and over, every eighth pixel. Ulyanov et al. 2016 ("Texture networks", section 3.1)
feed noise to their generators for the same reason: it tells them where to set the next stroke.

There are two kinds: of all sizes, and coarse, of the size of strokes, which also tells where to set
none. Without the latter, a network that may paint a motif on flat ground tends to set one wherever
there is room, in rows. Coarse grain on plain ground alone tells a draft to make forms of a clear
sky, and leaves faces as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.images.plain_ground import plain_ground

GRAIN_PX = 512
"""Side of the tile that repeats over larger pictures."""

Number = TypeVar("Number", np.float32, np.int8)

OCTAVES_PX = (2, 4, 8, 16, 32, 64)
COARSE_OCTAVES_PX = (8, 16, 32)
KEPT = 4  # seeds


def grain_tile(amount: float, coarse_amount: float = 0.0, seed: int = 0) -> Floats:
    """Return grain of both kinds, the same at every call with the same seed.

    Either is a sum of octaves from fine to coarse, each of the same strength, since strokes are of
    all sizes; their mean is 0. It joins seamlessly with itself on all sides.

    Args:
        amount: standard deviation of grain of all sizes, where white is 1.
        coarse_amount: that of coarse grain.

    Returns:
        `GRAIN_PX` x `GRAIN_PX` float32.
    """
    tile = np.zeros((GRAIN_PX, GRAIN_PX), np.float32)
    for each, octaves_px in ((amount, OCTAVES_PX), (coarse_amount, COARSE_OCTAVES_PX)):
        if each:
            tile += each * _noise(octaves_px, seed)
    return tile


@lru_cache(2 * KEPT)
def _noise(octaves_px: tuple[int, ...], seed: int) -> Floats:
    """Return noise of mean 0 and standard deviation 1."""
    random = np.random.default_rng(seed if octaves_px == OCTAVES_PX else (seed, 1))
    white = np.fft.rfft2(random.standard_normal((GRAIN_PX, GRAIN_PX)))
    down = np.fft.fftfreq(GRAIN_PX)[:, None]
    across = np.fft.rfftfreq(GRAIN_PX)[None]
    squared = down**2 + across**2
    total = np.zeros((GRAIN_PX, GRAIN_PX))
    for octave_px in octaves_px:
        # A band of frequencies around one over the octave's size: a difference of two Gaussians.
        band = np.exp(-squared * octave_px**2) - np.exp(-4 * squared * octave_px**2)
        layer = np.fft.irfft2(white * band, s=total.shape)
        total += layer / layer.std()
    noise: Floats = (total / total.std()).astype(np.float32)
    return noise


def add_grain(
    pixels: Pixels,
    amount: float,
    coarse_amount: float = 0.0,
    *,
    left: int = 0,
    top: int = 0,
    seed: int = 0,
) -> Pixels:
    """Lay grain over a picture, the same for all three colours.

    Args:
        amount: standard deviation of grain of all sizes, where white is 1.
        coarse_amount: that of coarse grain.
        left, top: where in a larger picture these pixels are; grain lies still in that one.

    Returns:
        the same shape, uint8; the array itself if both amounts are 0.
    """
    import cv2

    if amount == coarse_amount == 0:
        return pixels
    levels = _in_colours(amount, coarse_amount, seed)
    grainy = np.empty(pixels.shape, np.uint8)
    # Tile by tile, so that grain for the whole picture is never laid out: it would be twice as
    # large as the picture, and anew for every frame of a video.
    for rows, tile_rows in _spans(pixels.shape[0], top):
        for columns, tile_columns in _spans(pixels.shape[1], left):
            tile = levels[tile_rows, tile_columns]
            cv2.add(pixels[rows, columns], tile, grainy[rows, columns], dtype=cv2.CV_8U)
    return grainy


def add_plain_grain(pixels: Pixels, amount: float, *, seed: int = 0) -> Pixels:
    """Lay coarse grain over a whole small picture, as far as it is `plain_ground`.

    No place becomes darker than half of what it was, or lighter than twice: a deep blue sky stays
    a sky, a dark shirt a shirt.

    Args:
        amount: standard deviation of the grain where all is plain, where white is 1.

    Returns:
        the same shape, uint8; the array itself if the amount is 0.
    """
    if not amount:
        return pixels
    height, width = pixels.shape[:2]
    levels = tiled(grain_levels(0.0, amount, seed), width, height)
    grain = np.rint(levels * plain_ground(pixels / np.float32(255)))
    most = np.minimum(2 * pixels.astype(np.int16), 255)
    grainy: Pixels = (pixels + grain[..., None]).clip(pixels // 2, most).astype(np.uint8)
    return grainy


def tiled(tile: NDArray[Number], width: int, height: int) -> NDArray[Number]:
    """Return a tile as often as it fits into a picture, and cut off where it ends."""
    repeats = -(-height // GRAIN_PX), -(-width // GRAIN_PX)
    return np.tile(tile, repeats)[:height, :width]


@lru_cache(KEPT)
def grain_levels(amount: float, coarse_amount: float, seed: int = 0) -> NDArray[np.int8]:
    """Return what `grain_tile` does, in levels of 8 bits; none is beyond 127."""
    return np.rint(255 * grain_tile(amount, coarse_amount, seed)).clip(-127, 127).astype(np.int8)


@lru_cache(KEPT)
def _in_colours(amount: float, coarse_amount: float, seed: int) -> NDArray[np.int8]:
    return np.repeat(grain_levels(amount, coarse_amount, seed)[..., None], 3, axis=2)


def _spans(length: int, offset: int) -> Iterator[tuple[slice, slice]]:
    """Yield the pieces that a side's tiles cut it into: in the picture, and in the tile."""
    begin = 0
    while begin < length:
        first = (offset + begin) % GRAIN_PX
        size = min(GRAIN_PX - first, length - begin)
        yield slice(begin, begin + size), slice(first, first + size)
        begin += size
