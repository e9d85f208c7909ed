"""The window of live pictures, and the keys that are pressed in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import cv2

from impasto._util.arrays import Pixels
from impasto.errors import OutputError
from impasto.live.overlay import with_lines

ESCAPE = 27
TITLE = "impasto"
LEAST_SIDE_PX = 480
"""The shorter side of a new window, so that words on small pictures can be read."""


class Screen(Protocol):
    """A window, or what stands in for one."""

    def show(self, pixels: Pixels, lines: Sequence[str]) -> None:
        """Show H x W x 3 uint8 RGB pixels, with lines of words on them."""
        ...

    def key(self) -> str:
        """Return the key that was pressed since the last call: a character, ``escape``, or none."""
        ...

    def is_open(self) -> bool:
        """Tell whether nobody has closed the window."""
        ...

    def toggle_full_screen(self) -> None:
        """Switch to full screen, and back."""
        ...

    def close(self) -> None:
        """Close the window."""
        ...


def open_screen() -> Screen:
    """Open a window on the desktop.

    Raises:
        OutputError: there is no desktop.
    """
    # OpenCV's window library ends the whole process where there is none: ask before.
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise OutputError("there is no display for a window", "run it on a desktop")
    # opencv-python's Qt complains at length of fonts that it does not need here.
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
    return _Window()


class _Window:
    """A window of OpenCV; it belongs to the main thread."""

    def __init__(self) -> None:
        try:
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise OutputError(
                "this OpenCV cannot open windows", "pip install opencv-python, not -headless"
            ) from error
        self._sized = False
        self._full = False

    def show(self, pixels: Pixels, lines: Sequence[str]) -> None:
        if not self._sized:
            height, width = pixels.shape[:2]
            factor = max(1.0, LEAST_SIDE_PX / min(width, height))
            cv2.resizeWindow(TITLE, round(factor * width), round(factor * height))
            self._sized = True
        written = with_lines(pixels, lines, *self._size(pixels))
        cv2.imshow(TITLE, cv2.cvtColor(written, cv2.COLOR_RGB2BGR))

    def _size(self, pixels: Pixels) -> tuple[int, int]:
        """Return the window's width and height; a picture's where nobody knows them."""
        with suppress(cv2.error):  # it was closed a moment ago
            _, _, width, height = cv2.getWindowImageRect(TITLE)
            if width > 0 and height > 0:
                return width, height
        return pixels.shape[1], pixels.shape[0]

    def key(self) -> str:
        code = cv2.waitKey(1) & 0xFF
        if code == ESCAPE:
            return "escape"
        return chr(code) if code != 0xFF else ""

    def is_open(self) -> bool:
        try:
            visible = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:  # Qt has nothing left to ask once its last window is closed
            return False
        return visible or not self._sized  # before its first picture, it need not be visible

    def toggle_full_screen(self) -> None:
        if not self.is_open():  # closed at the same moment
            return
        self._full = not self._full
        mode = cv2.WINDOW_FULLSCREEN if self._full else cv2.WINDOW_NORMAL
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, mode)

    def close(self) -> None:
        cv2.destroyAllWindows()
