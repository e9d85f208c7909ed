"""``impasto live`` as people run it: a process with a real window, on Xvfb, and real key presses.

The camera is a file of one frame, so that every picture can be computed here and compared.
"""

import ctypes
import ctypes.util
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.images import read_image
from impasto.live import open_camera
from impasto.stylizer import Stylizer
from tiny import tiny_gallery
from video.clips import make_clip, read_clip

DEADLINE_S = 120  # a busy machine is slow; nothing waits longer than it must
PATIENCE_S = 3  # for a photo, before its key is pressed again
LOST_S = 15  # for a change, before its key is
POLL_S = 0.05

MISSING = [program for program in ("Xvfb", "xdotool") if not shutil.which(program)]
if not cv2.currentUIFramework():
    MISSING.append("an OpenCV with windows")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of a new X server's display."""
    reader, writer = os.pipe()
    arguments = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24"]
    server = subprocess.Popen(
        [*arguments, "-nolisten", "tcp"], pass_fds=[writer], stderr=subprocess.DEVNULL
    )
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], DEADLINE_S)
        number = os.read(reader, 20).decode().strip() if ready else ""
        assert number, "Xvfb does not start"
        yield f":{number}"
    finally:
        os.close(reader)
        server.terminate()
        server.wait()


class Live:
    """The process, its window, and the hand on the keyboard."""

    def __init__(self, display: Any, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.log = folder / "log.txt"
        kept = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
        self.environment = {
            **kept,
            "DISPLAY": display,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "XDG_DATA_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "impasto", "live", *arguments],
                cwd=folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.until(self.focus, "a window")

    def until(self, condition: Any, what: Any) -> Any:
        """Wait for it, as long as the process lives."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not (result := condition()):
            assert self.process.poll() is None, f"it ended: {self.log.read_text()}"
            assert time.monotonic() < deadline_s, f"no {what}: {self.log.read_text()}"
            time.sleep(POLL_S)
        return result

    def xdotool(self, *arguments: str) -> Any:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        return done.stdout.split() if done.returncode == 0 else []

    @property
    def windows(self) -> Any:
        return self.xdotool("search", "--onlyvisible", "--name", "^impasto$")

    def focus(self) -> bool:
        """There is no window manager that would give the window the keyboard."""
        for window in self.windows[:1]:
            self.xdotool("windowfocus", window)
            return window in self.xdotool("getwindowfocus")
        return False

    def press(self, key: Any) -> None:
        self.xdotool("key", key)

    def photo(self) -> NDArray[np.uint8]:
        """What the window shows, as s saves it; pressed again until there is something to save."""
        before = set(self.folder.glob("impasto-*.png"))
        pressed_s = float(-PATIENCE_S)

        def new() -> Any:
            nonlocal pressed_s
            if time.monotonic() > pressed_s + PATIENCE_S:
                self.press("s")
                pressed_s = time.monotonic()
            return set(self.folder.glob("impasto-*.png")) - before

        return read_image(max(self.until(new, "photo"))).pixels

    def changes(self, before: Any, key: Any, after: Any) -> None:
        """A key turns the one picture into the other, by and by. It is pressed again if nothing
        comes of it: of keys that a busy window takes in together, OpenCV gives the last one only.
        """
        pressed_s = float(-LOST_S)

        def changed() -> Any:
            nonlocal pressed_s
            photo = self.photo()
            if same(photo, before) and time.monotonic() > pressed_s + LOST_S:
                self.press(key)
                pressed_s = time.monotonic()
            return same(photo, after)

        self.until(changed, f"change by {key}")

    def close(self) -> None:
        """As the button of a window manager does, and no program that xdotool has."""
        x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        x11.XOpenDisplay.restype = display_type = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        display = display_type(x11.XOpenDisplay(self.environment["DISPLAY"].encode()))
        protocols, delete = (
            x11.XInternAtom(display, name, False) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        (window,) = map(int, self.windows)
        # An XClientMessageEvent: its type is 33, and its data 5 numbers of 32 bits.
        event = (ctypes.c_long * 24)(33, 0, 0, 0, window, protocols, 32, delete)
        x11.XSendEvent(display, ctypes.c_ulong(window), False, ctypes.c_long(0), event)
        x11.XCloseDisplay(display)

    def ends(self) -> Any:
        """The code with which the process ends."""
        return self.process.wait(timeout=DEADLINE_S)


def same(pixels: NDArray[np.uint8], expected: Any) -> Any:
    return pixels.shape == expected.shape and np.abs(pixels.astype(int) - expected).mean() < 0.5


@pytest.fixture
def arguments(tmp_path: Path) -> list[Any]:
    """For a process that paints one frame over and over."""
    folder = tiny_gallery(tmp_path / "gallery").folder
    clip = make_clip(tmp_path / "clip.mp4", frames=1)
    options = ["--engine", "opencv", "--precision", "f32", "--stability", "0"]
    return [str(clip), "--gallery", str(folder), "--style", "first", *options]


@pytest.fixture
def live(display: str, tmp_path: Path, arguments: list[Any]) -> Iterator[Live]:
    live = Live(display, tmp_path, *arguments)
    yield live
    live.process.kill()
    live.process.wait()


def test_keys_in_a_real_window(live: Live, tmp_path: Path) -> None:
    camera = open_camera(str(tmp_path / "clip.mp4"))
    frame = camera.read()
    assert frame is not None
    camera.close()
    gallery = tiny_gallery(tmp_path / "gallery")

    def painted(style: Any, strength: float = 1.0) -> Any:
        with Stylizer(
            style, strength=strength, gallery=gallery, engine="opencv", precision="f32"
        ) as stylizer:
            return stylizer(frame)

    now = painted("first")
    assert same(live.photo(), now)
    for key, after in [
        ("n", painted("second")),
        ("m", painted("second+first")),
        ("minus", painted("second+first", 0.9)),
        ("m", painted("second", 0.9)),
        ("1", painted("first", 0.9)),
    ]:
        assert not same(now, after)
        live.changes(now, key, after)
        now = after

    live.press("r")
    (video,) = live.until(lambda: list(tmp_path.glob("impasto-*.mkv")), "recording")
    live.photo()
    live.press("r")
    live.until(lambda: video.name in live.log.read_text(), "end of the recording")
    _, recorded = read_clip(video)
    assert len(recorded) >= 2
    assert frame is not None
    assert recorded[0].shape == frame.shape

    live.press("q")
    assert live.ends() == 0
    said = {line for line in live.log.read_text().splitlines() if line.startswith("impasto-")}
    assert said == {path.name for path in tmp_path.glob("impasto-*")}


def test_the_button_of_the_window_quits_and_finishes_the_recording(
    live: Live, tmp_path: Path
) -> None:
    live.photo()
    live.press("r")
    (video,) = live.until(lambda: list(tmp_path.glob("impasto-*.mkv")), "recording")
    live.photo()
    live.close()
    assert live.ends() == 0
    assert video.name in live.log.read_text()
    assert len(read_clip(video)[0]) >= 2
