"""How much paintings flicker: the warping error.

As the temporal loss of Ruder et al. 2016 (equation 7), used as a measure: each output is compared
with the output before it, moved to where things are now. The movement is that of the video, not of
the paintings, by a finer flow than the painter's own; what was hidden before, and rims of moving
things, are left out (their equations 5 and 6). Quoted beside style loss, since a blurred painting
does not flicker either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.video.optical_flow import follow, is_inside, return_error


class WarpingError:
    """Errors of several painters of one video.

    Attributes:
        errors: by painter, for each frame from the second on: the mean absolute difference in
            levels, 0 to 255, over pixels that were seen before.
    """

    def __init__(self) -> None:
        self.errors: dict[str, list[float]] = {}
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before: tuple[Pixels, dict[str, Pixels]] | None = None

    def add(self, frame: Pixels, paintings: Mapping[str, Pixels]) -> None:
        """Take the next frame, and each painter's painting of it; H x W x 3, uint8, RGB, all."""
        grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        if self._before is not None:
            grey_before, before = self._before
            search: Any = self._search  # its stubs ask for a flow to begin with
            back = search.calc(grey, grey_before, None)
            seen = _seen_before(back, search.calc(grey_before, grey, None))
            for name, painting in paintings.items():
                moved = follow(before[name], back).astype(np.float32)
                if seen.any():
                    error = float(np.abs(painting - moved)[seen].mean())
                    self.errors.setdefault(name, []).append(error)
        self._before = grey, dict(paintings)


def _seen_before(back: Floats, ahead: Floats) -> NDArray[np.bool_]:
    """Tell what was seen (Ruder et al. 2016, equations 5 and 6) within the picture."""
    length = np.square(back).sum(axis=2)
    hidden = return_error(back, ahead) > 1
    gradients = [cv2.Sobel(back, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (0, 1)]
    steepness = np.sum([np.square(each).sum(axis=2) for each in gradients], axis=0)
    rim = steepness > 0.01 * length + 0.002
    return np.asarray(is_inside(back) & ~hidden & ~rim)
