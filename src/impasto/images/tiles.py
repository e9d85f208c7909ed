"""Pictures cut into tiles.

A convolution's output at one place depends on what is within half its receptive field. So a tile is
painted with that margin around it, which is thrown away; where all else is equal (frozen
statistics, grain that lies where it lies in the whole picture, tiles that begin on the network's
grid), what is left is the whole picture's painting to the last bit, and there is no seam.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A tile along one side of a picture.

    Attributes:
        start, stop: what the tile contributes.
        window_start, window_stop: what has to be seen for it: the margins included.
    """

    start: int
    stop: int
    window_start: int
    window_stop: int

    @property
    def core(self) -> slice:
        """The pixels that the tile contributes, counted from its window's start."""
        return slice(self.start - self.window_start, self.stop - self.window_start)


def cut(length: int, core_px: int, margin_px: int, multiple: int) -> list[Span]:
    """Cut a side into tiles of about equal length.

    Args:
        length: of the side, in pixels.
        core_px: what a tile may contribute at most.
        margin_px: what it must see beyond that, unless the picture ends there.
        multiple: windows start at multiples of this.
    """
    count = -(-length // core_px)
    step = -(-length // count)
    step = -(-step // multiple) * multiple
    spans = []
    for start in range(0, length, step):
        stop = min(length, start + step)
        window_start = max(0, start - margin_px) // multiple * multiple
        window_stop = min(length, -(-(stop + margin_px) // multiple) * multiple)
        spans.append(Span(start, stop, window_start, window_stop))
    return spans
