import cv2
import pytest

from impasto.live import open_screen
from tiny import picture


@pytest.fixture
def qt(monkeypatch):
    """OpenCV's window functions, as Qt's behave; the list has the windows that are open."""
    monkeypatch.setenv("DISPLAY", ":0")
    windows = []

    def needs_window(*_):
        if not windows:
            raise cv2.error("NULL guiReceiver (please create a window)")
        return 1.0

    monkeypatch.setattr(cv2, "namedWindow", lambda title, flags: windows.append(title))
    monkeypatch.setattr(cv2, "imshow", lambda title, pixels: None)
    for name in ("resizeWindow", "getWindowProperty", "setWindowProperty"):
        monkeypatch.setattr(cv2, name, needs_window)
    return windows


@pytest.mark.parametrize("shown", [False, True])
def test_a_window_closed_by_its_button(qt, shown):
    """Before and after its first picture; a key that arrives with it harms nothing."""
    screen = open_screen()
    if shown:
        screen.show(picture(32, 24))
    assert screen.is_open()
    qt.clear()
    assert not screen.is_open()
    screen.toggle_full_screen()
