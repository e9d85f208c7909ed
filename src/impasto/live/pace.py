"""Frames a second that are shown, and how late they are."""

from __future__ import annotations

from collections import deque
from statistics import median, quantiles


class Pace:
    """Times of the frames that were shown in the last seconds.

    Args:
        seconds: how far back, from the frame that was shown last.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[tuple[float, float]] = deque()

    def add(self, taken_s: float, shown_s: float) -> None:
        """Take note of when a frame was taken and shown, on one clock."""
        self._times.append((taken_s, shown_s))
        while self._times[0][1] < shown_s - self._seconds:
            self._times.popleft()

    @property
    def rate(self) -> float:
        """Frames a second, on the average; 0 as long as it cannot be told."""
        seconds = self._times[-1][1] - self._times[0][1] if self._times else 0.0
        return (len(self._times) - 1) / seconds if seconds > 0 else 0.0

    @property
    def delay_s(self) -> float:
        """From a frame's capture to the screen, at the median; 0 if none was shown."""
        return median(self._delays) if self._times else 0.0

    @property
    def long_delay_s(self) -> float:
        """The delay that 19 of 20 frames stay below, near enough."""
        if len(self._times) < 2:
            return self.delay_s
        return quantiles(self._delays, n=20, method="inclusive")[-1]

    @property
    def _delays(self) -> list[float]:
        return [shown_s - taken_s for taken_s, shown_s in self._times]
