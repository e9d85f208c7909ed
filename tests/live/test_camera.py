"""Cameras that are unplugged, with a stand-in for OpenCV's: no machine here has one."""

import os
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from impasto.errors import InputError
from impasto.live import camera as module
from impasto.live import open_camera
from impasto.live.camera import RETRY_S

IMPORTS = {"PYTHONPATH": os.pathsep.join(sys.path)}
BLUE_FIRST = np.full((4, 6, 3), (10, 20, 30), dtype=np.uint8)


class Plug:
    """Whether the camera is plugged in, and what time it is: nothing really waits."""

    def __init__(self) -> None:
        self.plugged_in = True
        self.now_s = 1000.0
        self.captures: list[Any] = []
        self.opened_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def wait_for_frame(self, camera: Any) -> tuple[Any, int]:
        """The frame that comes next, and how often there was none before."""
        missing = 0
        while (frame := camera.read()) is None:
            missing += 1
            assert missing < 1000
        return frame, missing


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    plug = Plug()

    class Capture:
        """As `cv2.VideoCapture`: one that lost its device stays without it until it is opened."""

        def __init__(self) -> None:
            plug.captures.append(self)

        def open(self, source: Any, *backend_and_limits: object) -> Any:
            plug.opened_s.append(plug.now_s)
            self.source, self.alive, self.broken = source, plug.plugged_in, False
            return self.alive

        def isOpened(self) -> Any:  # noqa: N802 - OpenCV's name
            return self.alive

        def read(self) -> Any:
            if not plug.plugged_in:
                self.broken = True
            works = self.alive and not self.broken
            return works, BLUE_FIRST if works else None

        def release(self) -> None:
            self.alive = False

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    clock = SimpleNamespace(monotonic=lambda: plug.now_s, sleep=plug.sleep)
    monkeypatch.setattr(module, "time", clock)
    return plug


@pytest.mark.parametrize(("source", "opened"), [("2", 2), ("rtsp://door/1", "rtsp://door/1")])
def test_frames_are_rgb_from_the_source_that_was_named(
    plug: Plug, source: str, opened: int | str
) -> None:
    camera = open_camera(source)
    assert plug.captures[0].source == opened
    np.testing.assert_array_equal(camera.read(), BLUE_FIRST[..., ::-1])
    camera.close()
    assert not plug.captures[0].alive


def test_a_network_camera_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection, and is silent; OpenCV alone would wait for half a
    minute.
    """
    monkeypatch.setattr(module, "CONNECT_MS", 200)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        says = f"^rtsp://127.0.0.1:{port}/stream cannot be opened: check the address"
        with pytest.raises(InputError, match=says):
            open_camera(f"rtsp://me:secret@127.0.0.1:{port}/stream")


@pytest.mark.parametrize("source", ["77", "rtsp://127.0.0.1:1/stream"])
def test_opencv_says_nothing_of_cameras_that_are_not_there(source: str) -> None:
    """In a process of its own: its FFmpeg learns only once how much to say."""
    program = (
        "from impasto.errors import InputError\n"
        "from impasto.live import open_camera\n"
        f"try: open_camera({source!r})\n"
        "except InputError as error: print(error.problem)"
    )
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, **IMPORTS})
    name = f"camera {source}" if source.isdigit() else source
    assert (done.stdout, done.stderr) == (f"{name} cannot be opened\n", "")


def test_no_camera_to_begin_with(plug: Plug) -> None:
    plug.plugged_in = False
    with pytest.raises(InputError, match="camera 0 cannot be opened: plug it in"):
        open_camera("0")


def test_unplugged_and_plugged_in_again(plug: Plug) -> None:
    camera = open_camera("0")
    assert camera.read() is not None
    for _ in range(2):  # again and again
        plug.plugged_in = False
        unplugged_s = plug.now_s
        while plug.now_s < unplugged_s + 10 * RETRY_S:
            assert camera.read() is None
        plug.plugged_in = True
        plugged_in_s = plug.now_s
        frame, missing = plug.wait_for_frame(camera)
        np.testing.assert_array_equal(frame, BLUE_FIRST[..., ::-1])
        assert missing >= 1
        assert plug.now_s - plugged_in_s < 2 * RETRY_S
    tries = np.diff(plug.opened_s[1:])
    assert len(tries) >= 20
    assert tries.min() >= RETRY_S - 1e-6  # the device is not asked all the time
    assert len(plug.captures) == 1
    camera.close()


def test_a_single_frame_that_fails_costs_no_second(plug: Plug) -> None:
    camera = open_camera("0")
    plug.captures[0].broken = True
    began_s = plug.now_s
    _, missing = plug.wait_for_frame(camera)
    assert missing == 1
    assert plug.now_s - began_s < RETRY_S
