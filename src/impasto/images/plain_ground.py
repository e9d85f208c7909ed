"""Plain ground: where a photo has nothing to keep, such as a clear sky."""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Floats

PLAIN_SLOPE = 0.03
"""A mean slope, from pixel to pixel, where white is 1; the place is half plain there."""

AROUND_PX = 17
"""Side of the square of which the mean is taken: cheeks are near eyes, and are not plain."""


def plain_ground(photo: Floats) -> Floats:
    """Return how plain a small photo is around each place: nearly 1 in a clear sky, and nearly 0
    where there is much to see.

    The slope at a place is that of grey to the right and down, one after the other. Beyond the
    border the picture is mirrored for slopes, and does not count for means.

    Args:
        photo: H x W x 3, 0-1; some 128 px wide or high, as drafts see it.

    Returns:
        H x W, 0-1.
    """
    import cv2

    height, width = photo.shape[:2]
    grey = photo.mean(axis=2, dtype=np.float32)
    grey = cv2.copyMakeBorder(grey, 0, 1, 0, 1, cv2.BORDER_REFLECT_101)
    across, down = np.diff(grey, axis=1)[:height], np.diff(grey, axis=0)[:, :width]
    slopes = np.abs(across) + np.abs(down)
    total, count = (
        cv2.boxFilter(
            each,
            cv2.CV_32F,
            (AROUND_PX, AROUND_PX),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        for each in (slopes, np.ones_like(slopes))
    )
    around = (total / count) ** 2
    plain: Floats = PLAIN_SLOPE**2 / (around + PLAIN_SLOPE**2)
    return plain
