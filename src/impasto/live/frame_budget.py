"""Size of frames that holds so many frames a second."""

from __future__ import annotations

SHARES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.33, 0.25)
SMOOTHING = 0.15
ROOM = 0.8  # sizes grow again only where the larger one would leave this much room
WARM_UP_FRAMES = 5  # at a new size, which do not count: engines compile among them
SETTLE_FRAMES = 12  # after a change of size, before the next
SMALLEST_PX = 96


class FrameBudget:
    """Choice of a size for frames, so that painting them keeps up with a rate.

    The time of a frame is proportional to its area, near enough; what other programs take of the
    machine is in it. Sizes are a few fixed shares of the camera's, since every change costs the
    engine a little.

    Args:
        rate: frames a second to hold.
    """

    def __init__(self, rate: float) -> None:
        self.period_s = 1 / rate
        self._level = 0
        self._mean_s: float | None = None
        self._frames_since_change = 0

    @property
    def share(self) -> float:
        """The part of the camera's width and height."""
        return SHARES[self._level]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size to paint a camera's frame at: multiples of 8."""
        share = max(self.share, min(1.0, SMALLEST_PX / min(width, height)))
        if share == 1:
            return width, height
        return max(8, round(width * share / 8) * 8), max(8, round(height * share / 8) * 8)

    def add(self, seconds: float) -> None:
        """Take note of how long a frame took to paint."""
        self._frames_since_change += 1
        if self._frames_since_change <= WARM_UP_FRAMES:
            return
        mean = self._mean_s
        self._mean_s = seconds if mean is None else mean + SMOOTHING * (seconds - mean)
        if self._frames_since_change < SETTLE_FRAMES:
            return
        if self._mean_s > self.period_s and self._level + 1 < len(SHARES):
            smaller = range(self._level + 1, len(SHARES))
            holding = (level for level in smaller if self._expected_s(level) <= self.period_s)
            self._change(next(holding, smaller[-1]))
        elif self._level > 0 and self._expected_s(self._level - 1) < ROOM * self.period_s:
            self._change(self._level - 1)

    def _expected_s(self, level: int) -> float:
        """Return what a frame of another size would take."""
        assert self._mean_s is not None
        return self._mean_s * (SHARES[level] / self.share) ** 2

    def _change(self, level: int) -> None:
        self._level = level
        self._mean_s = None
        self._frames_since_change = 0
