"""Several networks at work on different frames.

A network on all cores has them wait for each other at every layer, and longer still when one is
called away to read or write a frame. Networks on a core each need no more work for a frame, and
leave no gaps (`benchmarks/video_speed.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue

from impasto._util.arrays import Floats, Pixels
from impasto._util.closeable import Closing
from impasto._util.cpu import usable_cores
from impasto.engines import EngineName, installed_engine
from impasto.stylizer import Stylizer

MOST_PAINTERS = 4  # each holds the features of a frame


def pool_size(engine: EngineName) -> int:
    """Tell how many frames an engine may paint at once: one a core."""
    if installed_engine(engine) == "opencv":
        return 1  # its threads are the whole process's
    return max(1, min(MOST_PAINTERS, usable_cores()))


class WorkerPool(Closing):
    """Stylizers in one style, which share the cores.

    Args:
        open_stylizer: makes one that has so many threads; all, if None.
        threads: of each; if not given, its share of the cores.

    Attributes:
        first: one of them, for what all have in common.
    """

    def __init__(
        self, open_stylizer: Callable[[int | None], Stylizer], size: int, threads: int | None = None
    ) -> None:
        if threads is None and size > 1:
            threads = max(1, usable_cores() // size)
        self._idle: SimpleQueue[Stylizer] = SimpleQueue()
        with ExitStack() as opened:
            stylizers = [opened.enter_context(open_stylizer(threads)) for _ in range(size)]
            self._opened = opened.pop_all()
        for stylizer in stylizers:
            self._idle.put(stylizer)
        self.first = stylizers[0]

    def paint(self, photo: Pixels, vector: Floats | None = None) -> Pixels:
        """Paint a frame at full strength, as `Stylizer.paint` does; from any thread, which waits
        until one of them is idle.

        Args:
            vector: of the style, where the stylizers are steered; else their own.
        """
        stylizer = self._idle.get()
        try:
            if vector is not None:
                stylizer.restyle(vector)
            return stylizer.paint(photo)
        finally:
            self._idle.put(stylizer)

    def close(self) -> None:
        """Let the engines' memory go."""
        self._opened.close()
