"""Optical flow: where each pixel of a frame was in an earlier one, and where that can be trusted.

Flow is DIS (Kroeger et al. 2016, "Fast optical flow using dense inverse search") on reduced grey
frames, which is what a few milliseconds of a processor allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels

# Ruder et al. 2016, equation 5: a pixel is hidden where flow there and back does not return to it.
RETURN_SHARE, RETURN_PX2 = 0.01, 0.5
# A pixel whose surroundings look different is another thing, whatever flow says.
SAME_LEVELS, OTHER_LEVELS = 8.0, 16.0
LOOK_PX = 1.5
LEAST_SIDE_PX = 16
"""The least side of reduced frames: OpenCV's DIS refuses smaller ones, or crashes on them."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Motion from a frame to an earlier one.

    Attributes:
        back: h x w x 2, float32: how far to go, right and down, in reduced pixels.
        ahead: the same from the earlier frame to this one.
        trust: h x w, float32, 0 to 1: that both are the same spot of the same thing.
    """

    back: Floats
    ahead: Floats
    trust: Floats


def reduce(pixels: Pixels, width: int, height: int) -> Pixels:
    """Make a small grey picture, to find motion in.

    Args:
        width, height: of the result; at least `LEAST_SIDE_PX` each.
    """
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def find_motion(now: Pixels, earlier: Pixels, guess: Motion | None = None) -> Motion:
    """Find the motion between two reduced frames.

    Args:
        now, earlier: h x w, uint8.
        guess: to begin with, as the motion from the frame just before to the same earlier one.
    """
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    search.setFinestScale(1)  # frames are reduced already
    search.setVariationalRefinementIterations(2)
    back = search.calc(now, earlier, None if guess is None else guess.back.copy())
    ahead = search.calc(earlier, now, None if guess is None else guess.ahead.copy())
    returns = np.clip(2 - return_error(back, ahead), 0, 1)
    trust = returns * _looks_the_same(now, earlier, back) * is_inside(back)
    return Motion(back, ahead, np.asarray(trust, dtype=np.float32))


def carry(painting: Pixels, motion: Motion, *, quick: bool = False) -> Pixels:
    """Move an earlier frame's painting to where its things are now.

    Args:
        motion: from now to the painting's frame.
        quick: cubic interpolation, in a quarter of the time of Lanczos'; strokes lose some edge.
    """
    height, width = painting.shape[:2]
    scale = np.array([width / motion.back.shape[1], height / motion.back.shape[0]], np.float32)
    x, y = _targets(np.asarray(spread(motion.back, width, height) * scale, dtype=np.float32))
    how = cv2.INTER_CUBIC if quick else cv2.INTER_LANCZOS4
    moved = cv2.remap(painting, x, y, how, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.uint8)


def follow(field: NDArray[Any], flow: Floats) -> NDArray[Any]:
    """Sample a field or picture where flow leads from each pixel (linear interpolation).

    Args:
        field: h x w, or h x w x C.
        flow: h x w x 2, float32: right and down, in pixels.
    """
    moved = cv2.remap(field, *_targets(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved)


def return_error(back: Floats, ahead: Floats) -> Floats:
    """Measure how far flow there and back misses its beginning (Ruder et al. 2016, equation 5).

    Returns:
        h x w, float32: the squared distance over what their equation allows; above 1 is hidden.
    """
    returned = follow(ahead, back)
    missed_px2 = np.square(returned + back).sum(axis=2)
    moved_px2 = np.square(returned).sum(axis=2) + np.square(back).sum(axis=2)
    return np.asarray(missed_px2 / (RETURN_SHARE * moved_px2 + RETURN_PX2), dtype=np.float32)


def is_inside(flow: Floats) -> NDArray[np.bool_]:
    """Tell where flow, h x w x 2, does not lead out of the picture."""
    height, width = flow.shape[:2]
    x, y = _targets(flow)
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))


def spread(field: Floats, width: int, height: int) -> Floats:
    """Enlarge a field over the reduced frame to the frame's size."""
    larger = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(larger, dtype=np.float32)


def _targets(flow: Floats) -> tuple[Floats, Floats]:
    """Return where each pixel goes."""
    height, width = flow.shape[:2]
    x = np.arange(width, dtype=np.float32)[None]  # integers would make all of it float64
    y = np.arange(height, dtype=np.float32)[:, None]
    return flow[..., 0] + x, flow[..., 1] + y


def _looks_the_same(now: Pixels, earlier: Pixels, back: Floats) -> Floats:
    moved = follow(earlier, back)
    difference = cv2.GaussianBlur(now.astype(np.float32) - moved, (0, 0), LOOK_PX)
    difference -= np.median(difference)  # cameras adapt to the light
    same = (OTHER_LEVELS - np.abs(difference)) / (OTHER_LEVELS - SAME_LEVELS)
    return np.asarray(np.clip(same, 0, 1))
