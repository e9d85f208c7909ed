"""Painting the newest frame in a thread; a new style is made ready in another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import ImpastoError, OptionError
from impasto.images import resize
from impasto.live.camera import Capture, LiveFrame
from impasto.live.controls import LiveSettings
from impasto.live.frame_budget import FrameBudget
from impasto.stylizer import Stylizer
from impasto.video.temporal_consistency import SteadyStylizer

WAIT_S = 0.1
WARM_UP_CALLS = 5  # engines compile for a size that comes again and again


@dataclass(frozen=True, eq=False)
class LivePicture:
    """A painted frame.

    Attributes:
        photo: the camera's frame at the size that was painted, H x W x 3, uint8, RGB.
        painting: of the same shape.
    """

    photo: Pixels
    painting: Pixels
    frame: LiveFrame
    style: str


class LiveStylizer:
    """Painter of a `Capture`; only the newest painting is kept.

    A change of style makes the new `Stylizer` beside the old one, which paints on until it is
    ready: the picture never stops.

    Args:
        settings: for the first frame; `settings` may be replaced at any time.
        budget: how large frames are painted.
        open_stylizer: makes a `Stylizer` for a style's name.
        stability: of strokes, 0 to 1.

    Raises:
        ImpastoError: the first style cannot be opened, or has no strokes of that size.
    """

    def __init__(
        self,
        capture: Capture,
        settings: LiveSettings,
        budget: FrameBudget,
        open_stylizer: Callable[[str], Stylizer],
        *,
        stability: float = 0.0,
    ) -> None:
        self.settings = settings
        self._capture = capture
        self._budget = budget
        self._open = open_stylizer
        self._style = self._wanted = settings.style
        self._stability = stability
        self._stylizer = open_stylizer(settings.style)
        try:
            self._stylizer.stroke = settings.stroke
        except OptionError:
            self._stylizer.close()
            raise
        self._steady = SteadyStylizer(self._stylizer, stability, quick=True)
        self._ready: tuple[str, Stylizer] | None = None
        self._size: tuple[int, int] | None = None
        self._newest: LivePicture | None = None
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self._threads = [threading.Thread(target=self._paint_all, name="impasto-paint")]
        self._threads[0].start()

    @property
    def engine(self) -> str:
        """The engine that paints now, with its version and precision."""
        return str(self._stylizer.engine)

    def newer_than(self, number: int, timeout_s: float) -> LivePicture | None:
        """Return the newest painting, once there is one of a frame after ``number``.

        Raises:
            ImpastoError: painting failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failure or self._is_newer(number), timeout_s)
            if self._failure:
                raise self._failure
            return self._newest if self._is_newer(number) else None

    def _is_newer(self, number: int) -> bool:
        return self._newest is not None and self._newest.frame.number > number

    def _paint_all(self) -> None:
        number = 0
        try:
            while not self._stopped:
                self._follow_style()
                frame = self._capture.newer_than(number, WAIT_S)
                if frame is None:
                    continue
                number = frame.number
                picture = self._paint(frame)
                with self._changed:
                    self._newest = picture
                    self._changed.notify_all()
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _paint(self, frame: LiveFrame) -> LivePicture:
        height, width = frame.pixels.shape[:2]
        self._size = self._budget.size(width, height)
        began = time.perf_counter()
        photo = resize(frame.pixels, *self._size)
        settings = self.settings
        self._stylizer.strength = settings.strength
        self._stylizer.keep_colors = settings.keep_colors
        stroke = settings.stroke if self._stylizer.takes_strokes else 1.0
        if self._stylizer.stroke != stroke:
            self._stylizer.stroke = stroke
            self._steady.memory = None  # the canvas has other strokes
        painting = self._steady(photo)
        self._budget.add(time.perf_counter() - began)
        return LivePicture(photo, painting, frame, self._style)

    def _follow_style(self) -> None:
        if self._ready is not None:
            old = self._stylizer
            (self._style, self._stylizer), self._ready = self._ready, None
            self._steady = SteadyStylizer(self._stylizer, self._stability, quick=True)
            old.close()
        wanted = self.settings.style
        busy = any(each.is_alive() for each in self._threads[1:])
        if wanted != self._wanted and not busy:
            self._wanted = wanted
            self._threads[1:] = [
                threading.Thread(target=self._make_ready, args=(wanted,), name="impasto-style")
            ]
            self._threads[1].start()

    def _make_ready(self, style: str) -> None:
        try:
            stylizer = self._open(style)
            if stylizer.takes_strokes:
                stylizer.stroke = self.settings.stroke
            if self._size:
                blank = np.zeros((self._size[1], self._size[0], 3), dtype=np.uint8)
                for _ in range(WARM_UP_CALLS):
                    stylizer(blank)
            self._ready = (style, stylizer)
        except ImpastoError as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def close(self) -> None:
        """End the threads, and let the network go."""
        self._stopped = True
        for thread in self._threads:
            thread.join()
        self._stylizer.close()
        if self._ready is not None:
            self._ready[1].close()
