"""Calm videos: strokes stay on the things that they were painted on.

Painted one by one, frames flicker: the least movement gives a network other strokes. So, with Ruder
et al. 2016 ("Artistic style transfer for videos", section 4), the last painting is carried along by
optical flow, and new paint goes where flow cannot be trusted. Departures: there, the carried
painting starts and constrains an optimisation; here, it *is* the result, since a mean of two
paintings has no strokes at all (its style loss is five times as high). And from time to time a part
of the strokes is renewed, so that errors of flow do not add up.
Nothing looks ahead: live pictures are treated in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.errors import OptionError
from impasto.images import Picture, check_pixels
from impasto.stylizer import Stylizer
from impasto.video.optical_flow import LEAST_SIDE_PX, Motion, carry, find_motion, reduce, spread

# Motion is looked for in frames of this shorter side, but no smaller than a quarter of the video's.
# Found less exactly, it bends strokes: their style loss is what grows. Half of it takes a quarter
# of the time.
REDUCED_TO_PX, QUICKLY_REDUCED_TO_PX, MOST_REDUCED = 240, 120, 4
RENEW_FRAMES = 7
OFTEN_BELOW = 0.4  # stability below which strokes are renewed more often, too
ENOUGH_TRUST = 0.85  # with less, what was painted anew becomes part of the canvas at once
LEAST_CUT_LEVELS = 8  # of 255, in the mean: frames that differ less need no search for motion
CUT_TRUST = 0.35  # no movement leaves so little of a picture
PATCHES = 4  # of renewed strokes, along the picture's shorter side
MOST_CRISPNESS = 0.6


def check_stability(stability: float) -> None:
    """Check that a stability is a share.

    Raises:
        OptionError: it is none.
    """
    if not 0 <= stability <= 1:
        raise OptionError(f"stability is {stability}", "give a number from 0 to 1")


@dataclass(frozen=True, eq=False)
class StrokeMemory:
    """Memory of a painter from one frame to the next. Arrays in it are never changed.

    Attributes:
        canvas: H x W x 3, uint8: the painting that is carried along.
        photo: h x w, uint8: the frame that it shows, reduced.
        motion: from the last frame to that one.
        age: how many frames the canvas has been carried.
        renewals: how often a part of it was renewed.
    """

    canvas: Pixels
    photo: Pixels
    motion: Motion | None
    age: int
    renewals: int

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all of it, to be saved."""
        arrays: dict[str, NDArray[np.generic]] = {
            "canvas": self.canvas,
            "photo": self.photo,
            "counts": np.array([self.age, self.renewals]),
        }
        if self.motion is not None:
            arrays |= {name: getattr(self.motion, name) for name in ("back", "ahead", "trust")}
        return arrays

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> StrokeMemory:
        """Make a memory of what `arrays` gave.

        Raises:
            KeyError: something is missing.
        """
        motion = None
        if "back" in arrays:
            flows = (arrays[name].astype(np.float32) for name in ("back", "ahead", "trust"))
            motion = Motion(*flows)
        canvas, photo = (arrays[name].astype(np.uint8) for name in ("canvas", "photo"))
        age, renewals = (int(count) for count in arrays["counts"].astype(np.int64))
        return cls(canvas, photo, motion, age, renewals)


class SteadyStylizer:
    """Painter of frames in their order.

    Args:
        stylizer: open.
        stability: from 0, which paints frame by frame, to 1. Every 7 frames, below 0.4 more often,
            strokes are renewed, but for a share of ``stability**2``. Each time that they stay,
            interpolation costs them some of their edge.
        quick: save time at some cost in sharpness; for live pictures.

    Attributes:
        memory: of the frames so far; may be taken, and put back into another painter.

    Raises:
        OptionError: ``stability`` is beyond 0 to 1.
    """

    def __init__(self, stylizer: Stylizer, stability: float, *, quick: bool = False) -> None:
        check_stability(stability)
        self.stylizer = stylizer
        self.stability = stability
        self.memory: StrokeMemory | None = None
        self._quick = quick

    def __call__(self, photo: Pixels) -> Pixels:
        """Paint the next frame, H x W x 3 uint8 RGB.

        Raises:
            InputError: the frame is of another type or shape.
            EngineError: the engine fails.
        """
        check_pixels(photo)
        if self.stylizer.strength == 0:
            self.memory = None
            return np.array(photo)
        return self.place(photo, self.stylizer.paint(photo))

    def place(self, photo: Pixels, fresh: Pixels) -> Pixels:
        """Return the next frame, where its own painting is known: frames do not have to be painted
        in their order.

        Args:
            fresh: what `Stylizer.paint` made of it.

        Raises:
            InputError: the frame is of another type or shape.
        """
        check_pixels(photo)
        if self.stability == 0 or self.stylizer.strength == 0:  # no trace of it in the next one
            self.memory, painting = None, fresh
        else:
            painting = self._carry_on(*self._look(photo), fresh)
        return self.stylizer.finish(Picture(photo), painting).pixels

    def _look(self, photo: Pixels) -> tuple[Pixels, Motion | None]:
        """Return the frame, reduced, and its motion to the canvas; none if a scene begins."""
        now = _reduced(photo, QUICKLY_REDUCED_TO_PX if self._quick else REDUCED_TO_PX)
        memory = self.memory
        if memory is None or memory.canvas.shape != photo.shape:
            return now, None
        motion = find_motion(now, memory.photo, memory.motion)
        return now, motion if motion.trust.mean() >= CUT_TRUST else None

    def _carry_on(self, now: Pixels, motion: Motion | None, fresh: Pixels) -> Pixels:
        """Return the painting of the next frame, which is remembered."""
        memory = self.memory
        if motion is None or memory is None:
            self.memory = StrokeMemory(fresh, now, None, 0, 0)
            return fresh
        memory = replace(memory, motion=motion, age=memory.age + 1)
        every = max(1, round(RENEW_FRAMES * min(1.0, self.stability / OFTEN_BELOW)))
        renews = memory.age >= every or (motion.trust.mean() < ENOUGH_TRUST and memory.age > 1)
        stays = None
        if renews:  # each stroke but a share of them has its turn
            share = 1 - self.stability**2
            stays = (_turns(*now.shape) + memory.renewals * share) % 1 >= share
        carried = carry(memory.canvas, motion, quick=self._quick)
        weight = spread(_weight(motion.trust, stays), fresh.shape[1], fresh.shape[0])
        joined = cv2.blendLinear(_crispen(carried, fresh), fresh, weight, 1 - weight)
        painting = np.asarray(joined, dtype=np.uint8)
        if renews:
            memory = StrokeMemory(painting, now, None, 0, memory.renewals + 1)
        self.memory = memory
        return painting


def begins_scene(photo: Pixels, before: Pixels) -> bool:
    """Tell whether so little of the frame before is left in a frame, each H x W x 3, uint8, RGB,
    that nothing painted is carried over to it.
    """
    if np.abs(photo[::8, ::8].astype(np.int16) - before[::8, ::8]).mean() < LEAST_CUT_LEVELS:
        return False
    now, then = _reduced(photo, REDUCED_TO_PX), _reduced(before, REDUCED_TO_PX)
    return bool(find_motion(now, then, None).trust.mean() < CUT_TRUST)


def _reduced(photo: Pixels, wanted_px: int) -> Pixels:
    height, width = photo.shape[:2]
    factor = max(1, min(MOST_REDUCED, min(width, height) // wanted_px))
    return reduce(photo, max(LEAST_SIDE_PX, width // factor), max(LEAST_SIDE_PX, height // factor))


def _weight(trust: Floats, stays: NDArray[np.bool_] | None) -> Floats:
    """Return how far the carried painting is seen, with soft edges."""
    weight = cv2.erode(trust, np.ones((3, 3), dtype=np.uint8))
    if stays is not None:
        weight = weight * stays
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), 1), dtype=np.float32)


@cache
def _turns(height: int, width: int) -> Floats:
    """Return soft random patches, h x w, evenly distributed over 0 to 1."""
    noise = np.random.default_rng(0).standard_normal((height, width)).astype(np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), min(height, width) / PATCHES))
    ranks = np.empty(noise.size, dtype=np.float32)
    ranks[np.argsort(noise, axis=None)] = np.arange(noise.size) / noise.size
    return ranks.reshape(height, width)


def _crispen(carried: Pixels, fresh: Pixels) -> Pixels:
    """Make strokes that interpolation has softened as sharp as fresh ones are."""
    soft = cv2.GaussianBlur(carried, (3, 3), 0)
    wanted = _detail(fresh, cv2.GaussianBlur(fresh, (3, 3), 0))
    gain = wanted / max(_detail(carried, soft), 1e-6) - 1
    gain = min(max(gain, 0.0), MOST_CRISPNESS)
    return np.asarray(cv2.addWeighted(carried, 1 + gain, soft, -gain, 0), dtype=np.uint8)


def _detail(pixels: Pixels, soft: cv2.typing.MatLike) -> float:
    return float(cv2.absdiff(pixels, np.asarray(soft, dtype=np.uint8))[::4, ::4].mean())
