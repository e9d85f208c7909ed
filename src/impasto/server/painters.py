"""Painters that stay open between requests, and the line in front of them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from impasto._util.closeable import Closing
from impasto.options import StylizeOptions
from impasto.styles import Gallery, Style
from impasto.styles.predict import predict_style
from impasto.stylizer import SETTLED, Stylizer

PREDICTED = 16
FIRST_GUESS_S = 1.0  # that a photo takes, until some are painted

Result = TypeVar("Result")
Key = tuple[object, ...]


class BusyError(Exception):
    """The line is full.

    Attributes:
        retry_s: when it may be shorter.
    """

    def __init__(self, retry_s: float) -> None:
        super().__init__(f"busy: come back in {retry_s:.0f} s")
        self.retry_s = retry_s


class Line:
    """Places of which only so many can be taken at a time.

    Args:
        most: how many.

    Attributes:
        taken: how many are.
    """

    def __init__(self, most: int) -> None:
        self._most, self.taken = most, 0
        self._lock = threading.Lock()

    @contextmanager
    def place(self, retry_s: float) -> Iterator[None]:
        """Take a place for as long as the block lasts.

        Args:
            retry_s: when one may be free.

        Raises:
            BusyError: none is.
        """
        with self._lock:
            if self.taken >= self._most:
                raise BusyError(retry_s)
            self.taken += 1
        try:
            yield
        finally:
            with self._lock:
                self.taken -= 1


class Painters(Closing):
    """A few threads that paint, and the stylizers that they lend.

    Args:
        at_once: how many paint at a time.
        kept: stylizers that stay open; the least recently used is closed.
        waiting: pieces of work that may wait.

    Attributes:
        line: of those that wait or are painted.
    """

    def __init__(self, at_once: int, kept: int, waiting: int) -> None:
        self.at_once = at_once
        self._kept = kept
        self.line = Line(at_once + waiting)
        self._threads = ThreadPoolExecutor(at_once, "impasto-paint")
        self._lock = threading.Lock()
        self._idle: list[tuple[Key, Stylizer]] = []  # the least recently used first
        self._opening: set[Key] = set()
        self._predicted: OrderedDict[bytes, Style] = OrderedDict()
        self._mean_s = FIRST_GUESS_S

    def place(self) -> AbstractContextManager[None]:
        """Take a place in the line, as `Line.place`."""
        return self.line.place(max(1.0, self._mean_s * self.line.taken / self.at_once))

    def start(self, work: Callable[[], Result]) -> Future[Result]:
        """Do some work in one of the threads, once it is free."""
        return self._threads.submit(self._timed, work)

    def _timed(self, work: Callable[[], Result]) -> Result:
        began = time.monotonic()
        try:
            return work()
        finally:
            self._mean_s = 0.9 * self._mean_s + 0.1 * (time.monotonic() - began)

    @contextmanager
    def lend(self, options: StylizeOptions, *, steered_effect: bool = False) -> Iterator[Stylizer]:
        """Lend a stylizer that nobody else has meanwhile; what a network does not depend on is
        changed for each borrower.

        Args:
            options: how to paint.
            steered_effect: as `Stylizer` has it.

        Raises:
            ImpastoError: as `Stylizer` raises it.
        """
        key = (steered_effect, *_key(options))
        stylizer = self._take(key) or Stylizer(options, steered_effect=steered_effect)
        try:
            stylizer.options = options
            yield stylizer
        finally:
            with self._lock:
                self._idle.append((key, stylizer))
                leaving = [each for _, each in self._idle[: -self._kept]]
                del self._idle[: -self._kept]
            for each in leaving:
                each.close()

    def prepare(self, options: StylizeOptions) -> bool:
        """Return whether a stylizer is open that nobody has; if not, open one meanwhile."""
        key = (False, *_key(options))
        with self._lock:
            if any(each == key for each, _ in self._idle):
                return True
            if key not in self._opening:
                self._opening.add(key)
                self._threads.submit(self._open, options, key)
        return False

    def _open(self, options: StylizeOptions, key: Key) -> None:
        try:
            with self.lend(options):
                pass
        finally:
            self._opening.discard(key)

    def _take(self, key: Key) -> Stylizer | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == key:
                    return self._idle.pop(place)[1]
        return None

    def predict(self, painting: bytes, gallery: Gallery) -> Style:
        """Return the style of a painting, which is looked at once if it comes again.

        Raises:
            ImpastoError: as `predict_style` raises it.
        """
        digest = hashlib.sha256(painting).digest()
        with self._lock:
            if style := self._predicted.get(digest):
                self._predicted.move_to_end(digest)
                return style
        style = predict_style(painting, gallery=gallery)
        with self._lock:
            self._predicted[digest] = style
            while len(self._predicted) > PREDICTED:
                self._predicted.popitem(last=False)
        return style

    def close(self) -> None:
        """Let the work under way end, and all networks go."""
        self._threads.shutdown(cancel_futures=True)
        for _, stylizer in self._idle:
            stylizer.close()
        self._idle.clear()


def _key(options: StylizeOptions) -> Key:
    """What a stylizer is opened for; styles that are no names are told apart by identity."""
    settled = [getattr(options, name) for name in SETTLED]
    settled += [style for _, style in options.placed_styles()[1]]
    return tuple(each if isinstance(each, str) else id(each) for each in settled)
