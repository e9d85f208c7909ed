"""Other sizes of pictures that never are in memory whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["resized_window", "shrink_rows", "source_rows"]

Pixels = NDArray[np.uint8]
KERNEL_PX = 2  # of cubic interpolation, on each side
PLACES_PER_PX = 32  # remap rounds to these
REMAP_PX = 16_384  # OpenCV's remap takes no longer sides


def shrink_rows(
    strips: Iterable[Pixels], size: tuple[int, int], new_size: tuple[int, int]
) -> Iterator[Pixels]:
    """Make a picture smaller that comes and goes row by row: means over areas.

    Args:
        strips: all rows in order: n x W x 3, uint8.
        size: width and height of what comes.
        new_size: no larger than ``size``.

    Yields:
        the rows that are complete: n x new W x 3, uint8.
    """
    import cv2

    height, (new_width, new_height) = size[1], new_size
    top, done = 0, 0
    pending = np.zeros((0, new_width * 3), dtype=np.float32)
    for strip in strips:
        rows = len(strip)
        narrow = cv2.resize(strip, (new_width, rows), interpolation=cv2.INTER_AREA)
        # Row r of the picture spreads over new rows r * scale to (r + 1) * scale.
        edges = (top + np.arange(rows + 1)) * (new_height / height)
        last = min(new_height, int(np.ceil(edges[-1] - 1e-9)))
        lines = np.arange(done, last)[:, None]
        shares = np.minimum(edges[1:], lines + 1) - np.maximum(edges[:-1], lines)
        added = shares.clip(0).astype(np.float32) @ narrow.reshape(rows, -1).astype(np.float32)
        added[: len(pending)] += pending
        top += rows
        whole = new_height if top == height else int(np.floor(edges[-1] + 1e-9))
        complete, pending = added[: whole - done], added[whole - done :]
        done += len(complete)
        if len(complete):
            yield np.rint(complete).clip(0, 255).astype(np.uint8).reshape(-1, new_width, 3)


def source_rows(start: int, stop: int, length: int, new_length: int) -> tuple[int, int]:
    """Which rows (or columns) cubic interpolation needs for a window of an enlarged picture.

    Args:
        start, stop: of the window, in the enlarged picture.
        length: of the picture's side.
        new_length: of the enlarged picture's.
    """
    scale = length / new_length
    first = int(np.floor((start + 0.5) * scale - 0.5)) - KERNEL_PX
    last = int(np.floor((stop - 0.5) * scale - 0.5)) + KERNEL_PX + 1
    return max(0, first), min(length, last)


def resized_window(
    rows: Pixels,
    first_row: int,
    size: tuple[int, int],
    new_size: tuple[int, int],
    window: tuple[int, int, int, int],
) -> Pixels:
    """A window of an enlarged picture (cubic interpolation).

    Places are rounded to 1/32 of a pixel, in the whole picture's coordinates: windows that overlap
    agree where they do.

    Args:
        rows: n x W x 3, uint8: at least those that `source_rows` names.
        first_row: which row of the picture they begin with.
        size: width and height of the picture.
        new_size: and of the enlarged one.
        window: left, top, right, bottom, in the enlarged picture.
    """
    import cv2

    left, top, right, bottom = window
    if size == new_size:
        return rows[top - first_row : bottom - first_row, left:right]
    down = _places(top, bottom, size[1], new_size[1]) - first_row
    pieces = []
    for start in range(left, right, REMAP_PX):
        stop = min(right, start + REMAP_PX)
        first, last = source_rows(start, stop, size[0], new_size[0])
        across = _places(start, stop, size[0], new_size[0]) - first
        x, y = np.meshgrid(across.astype(np.float32), down.astype(np.float32))
        part = np.ascontiguousarray(rows[:, first:last])
        pieces.append(cv2.remap(part, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    joined = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
    return np.asarray(joined, dtype=np.uint8)


def _places(start: int, stop: int, length: int, new_length: int) -> NDArray[np.float64]:
    """Where pixels of an enlarged side lie on the side, rounded as OpenCV will round them."""
    places = (np.arange(start, stop) + 0.5) * (length / new_length) - 0.5
    rounded: NDArray[np.float64] = np.rint(places * PLACES_PER_PX) / PLACES_PER_PX
    return rounded
