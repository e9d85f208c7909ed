"""Other sizes of pictures that never are in memory whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.images.original import Samples, cast_samples
from impasto.images.spool import PixelRows

SHARPNESS = -0.75  # of cubic interpolation, as OpenCV has it
LEAST_OPACITY = np.float32(1e-4)  # where all is transparent, colours count alike
REDUCED_PX = 1_000_000
BLOCK_ROWS = 32  # interpolated at once: few, so that most weights are not 0


def shrink_rows(
    strips: Iterable[Samples],
    size: tuple[int, int],
    new_size: tuple[int, int],
    *,
    alpha: bool = False,
) -> Iterator[Samples]:
    """Make a picture smaller that comes and goes row by row: means over areas.

    Args:
        strips: all rows in order: n x W x channels, uint8, uint16 or float32.
        size: width and height of what comes.
        new_size: no larger than ``size``.
        alpha: the last channel is opacity, by which the colours in an area count.

    Yields:
        the rows that are complete: n x new W x channels, of the same type.
    """
    import cv2

    height, (new_width, new_height) = size[1], new_size
    top, done = 0, 0
    pending: Floats | None = None
    for strip in strips:
        rows, channels = len(strip), strip.shape[2]
        # In floats: what is rounded twice differs from the whole, and networks amplify that.
        floats = strip.astype(np.float32)
        if alpha:
            floats[..., :-1] *= floats[..., -1:] + LEAST_OPACITY
        narrow = cv2.resize(floats, (new_width, rows), interpolation=cv2.INTER_AREA)
        # Row r of the picture spreads over new rows r * scale to (r + 1) * scale.
        edges = (top + np.arange(rows + 1)) * (new_height / height)
        last = min(new_height, int(np.ceil(edges[-1] - 1e-9)))
        lines = np.arange(done, last)[:, None]
        shares = np.minimum(edges[1:], lines + 1) - np.maximum(edges[:-1], lines)
        added = shares.clip(0).astype(np.float32) @ narrow.reshape(rows, -1)
        if pending is not None:
            added[: len(pending)] += pending
        top += rows
        whole = new_height if top == height else int(np.floor(edges[-1] + 1e-9))
        complete, pending = added[: whole - done], added[whole - done :]
        done += len(complete)
        if len(complete):
            smaller = complete.reshape(-1, new_width, channels)
            if alpha:
                smaller[..., :-1] /= smaller[..., -1:] + LEAST_OPACITY
            white = np.inf if strip.dtype.kind == "f" else float(np.iinfo(strip.dtype).max)
            yield cast_samples(smaller, strip.dtype, white)


def reduced(picture: PixelRows) -> Pixels:
    """Return a copy of at most a million pixels (or one row), for what only averages matter to."""
    width, height = picture.size
    scale = min(1.0, (REDUCED_PX / (width * height)) ** 0.5)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.concatenate(list(shrink_rows(picture.strips(), picture.size, size)))


def enlarged_rows(source: PixelRows, new_size: tuple[int, int], top: int, bottom: int) -> Pixels:
    """Return some rows of an enlarged picture, as `impasto.images.resize` makes the whole of it
    (rounding apart): cubic interpolation.

    OpenCV stretches the rows that it needs to their new width, so that each pixel comes to lie
    where it lies in the whole. The rows between them are interpolated here, since OpenCV knows no
    enlargement that begins in the middle.

    Args:
        source: the picture.
        new_size: width and height of the enlarged one; neither below the picture's.

    Returns:
        n x new width x channels, uint8.
    """
    import cv2

    width, height = source.size
    new_width, new_height = new_size
    if source.size == new_size:
        return source.rows(top, bottom)
    rows = np.empty((bottom - top, new_width, source.channels), dtype=np.uint8)
    for start in range(top, bottom, BLOCK_ROWS):
        stop = min(bottom, start + BLOCK_ROWS)
        taps, weights = _cubic_taps(start, stop, height, new_height)
        first, last = int(taps.min()), int(taps.max()) + 1
        seen = source.rows(first, last).astype(np.float32)
        if new_width != width:
            wide = cv2.resize(seen, (new_width, last - first), interpolation=cv2.INTER_CUBIC)
            seen = np.asarray(wide, dtype=np.float32)
        matrix = np.zeros((stop - start, last - first), dtype=np.float32)
        np.add.at(matrix, (np.arange(stop - start)[:, None], taps - first), weights)
        block = np.rint(matrix @ seen.reshape(last - first, -1)).clip(0, 255)
        rows[start - top : stop - top] = block.reshape(-1, new_width, source.channels)
    return rows


def _cubic_taps(
    start: int, stop: int, length: int, new_length: int
) -> tuple[NDArray[np.int64], Floats]:
    """Find which four rows each new row is made of, and how much of each: OpenCV's cubic
    interpolation (Keys 1981, a = -0.75), its rounding of places to float32 included.
    """
    lines = np.arange(start, stop)
    places = ((lines + 0.5) * (length / new_length) - 0.5).astype(np.float32)
    whole = np.floor(places)
    before = places - whole + 1  # distance from the first of the four
    after = 3 - before
    outer = [SHARPNESS * (((each - 5) * each + 8) * each - 4) for each in (before, after)]
    near = before - 1
    second = ((SHARPNESS + 2) * near - (SHARPNESS + 3)) * near**2 + 1
    weights = np.stack([outer[0], second, 1 - outer[0] - outer[1] - second, outer[1]], axis=1)
    taps = (whole[:, None] + np.arange(-1, 3)).astype(np.int64).clip(0, length - 1)
    return taps, weights.astype(np.float32)
