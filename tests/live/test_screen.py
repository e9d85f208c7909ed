from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.live import open_screen
from tiny import picture


@pytest.fixture
def qt(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """OpenCV's window functions, as Qt's behave: whether a window is open, its size in pixels, and
    the picture in it.
    """
    monkeypatch.setenv("DISPLAY", ":0")
    qt = SimpleNamespace(is_open=False, size=(0, 0), shown=None)

    def if_open(function: Any) -> Any:
        def call(title: Any, *arguments: object) -> Any:
            if not qt.is_open:
                raise cv2.error("NULL guiReceiver (please create a window)")
            return function(*arguments)

        return call

    def show(title: Any, pixels: NDArray[np.uint8]) -> None:
        qt.shown = pixels

    def resize(width: int, height: int) -> None:
        qt.size = (width, height)

    monkeypatch.setattr(cv2, "namedWindow", lambda title, flags: setattr(qt, "is_open", True))
    monkeypatch.setattr(cv2, "imshow", show)
    monkeypatch.setattr(cv2, "resizeWindow", if_open(resize))
    monkeypatch.setattr(cv2, "getWindowImageRect", if_open(lambda: (0, 0, *qt.size)))
    monkeypatch.setattr(cv2, "getWindowProperty", if_open(lambda flag: 1.0))
    monkeypatch.setattr(cv2, "setWindowProperty", if_open(lambda flag, value: None))
    return qt


@pytest.mark.parametrize("shown", [False, True])
def test_a_window_closed_by_its_button(qt: SimpleNamespace, shown: bool) -> None:
    """Before and after its first picture; a key that arrives with it harms nothing."""
    screen = open_screen()
    if shown:
        screen.show(picture(32, 24), ["first"])
    assert screen.is_open()
    qt.is_open = False
    assert not screen.is_open()
    screen.toggle_full_screen()


def test_pictures_and_words_are_as_large_as_the_window(qt: SimpleNamespace) -> None:
    screen = open_screen()
    screen.show(picture(32, 24), ["first"])
    assert qt.size == (640, 480)  # not so small that words could not be read
    assert qt.shown.shape == (480, 640, 3)
    qt.size = (1280, 720)
    screen.show(picture(32, 24), ["first"])
    assert qt.shown.shape == (720, 960, 3)
    qt.size = (0, 0)  # nobody knows
    screen.show(picture(640, 480), ["first"])
    assert qt.shown.shape == (480, 640, 3)
