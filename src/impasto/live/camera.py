"""Sources of live pictures: a webcam, a network camera, or a video file that stands in."""

from __future__ import annotations

import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import InputError

RETRY_S = 1.0
WAIT_S = 0.05
CONNECT_MS, SILENCE_MS = 10_000, 5_000
"""How long a network camera may take to answer, and then be silent. OpenCV's own limit is 30 s."""


class Camera(Protocol):
    """Giver of frames, one after the other, at its own pace."""

    def read(self) -> Pixels | None:
        """Wait for the next frame, H x W x 3 uint8 RGB; return none while there is no camera."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


def open_camera(source: str) -> Camera:
    """Open a camera by its number ("0" is the first), a stream (rtsp://...), or a video file.

    Raises:
        InputError: there is none.
    """
    # It would write to the error output whenever a camera is not there.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    if source.isdigit():
        return _Device(int(source), f"camera {source}", "plug it in, or give another number")
    if "://" in source:
        name = re.sub("//[^/@]*@", "//", source)  # no passwords on the screen
        return _Device(source, name, "check the address, and that the camera is on")
    if not Path(source).is_file():
        raise InputError(
            f"{source} is neither a camera nor a file", "give a number, an address or a video file"
        )
    return _File(source)


class _Device:
    """A device or stream that may vanish and come back."""

    def __init__(self, source: int | str, name: str, remedy: str) -> None:
        self._source = source
        self._capture = cv2.VideoCapture()
        self._open()
        if not self._capture.isOpened():
            raise InputError(f"{name} cannot be opened", remedy)
        self._next_try_s = 0.0

    def _open(self) -> None:
        if isinstance(self._source, int):
            self._capture.open(self._source)
        else:
            limits = [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, CONNECT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, SILENCE_MS),
            ]
            self._capture.open(self._source, cv2.CAP_FFMPEG, limits)

    def read(self) -> Pixels | None:
        ok, frame = self._capture.read() if self._capture.isOpened() else (False, None)
        if ok and frame is not None:
            return _rgb(frame)
        if time.monotonic() >= self._next_try_s:
            self._next_try_s = time.monotonic() + RETRY_S
            self._capture.release()
            self._open()
        time.sleep(WAIT_S)
        return None

    def close(self) -> None:
        self._capture.release()


class _File:
    """A video file at its own pace, over and over."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise InputError(f"{path} is no video that can be read", "give another")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._period_s = 1 / rate if 1 <= rate <= 1000 else 1 / 25
        self._due_s = time.monotonic()

    def read(self) -> Pixels | None:
        ok, frame = self._capture.read()
        if not ok:
            self._capture.open(self._path)  # some files cannot be wound back
            ok, frame = self._capture.read()
        if not ok or frame is None:
            time.sleep(WAIT_S)
            return None
        self._due_s = max(self._due_s + self._period_s, time.monotonic() - self._period_s)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        return _rgb(frame)

    def close(self) -> None:
        self._capture.release()


def _rgb(frame: cv2.typing.MatLike) -> Pixels:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """A frame and when it was taken.

    Attributes:
        pixels: H x W x 3, uint8, RGB.
        taken_s: on the clock of `time.monotonic`.
        number: frames are counted from 1.
    """

    pixels: Pixels
    taken_s: float
    number: int


class Capture:
    """Reader of a camera in a thread of its own, which keeps the newest frame only, so that a slow
    network never builds up a delay.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._newest: LiveFrame | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self.connected = True
        self._thread = threading.Thread(target=self._read, name="impasto-capture", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        number = 0
        while not self._stopped:
            pixels = self._camera.read()
            self.connected = pixels is not None
            if pixels is None:
                continue
            number += 1
            with self._changed:
                self._newest = LiveFrame(pixels, time.monotonic(), number)
                self._changed.notify_all()

    def newer_than(self, number: int, timeout_s: float) -> LiveFrame | None:
        """Return the newest frame, once one is after ``number``; nothing after a timeout."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._newest is not None and self._newest.number > number, timeout_s
            )
            newest = self._newest
        return newest if newest is not None and newest.number > number else None

    def close(self) -> None:
        """End the thread, and close the camera."""
        self._stopped = True
        self._thread.join()
        self._camera.close()
