"""The virtual camera, with stand-ins for the device: no machine here has one."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.errors import MissingExtraError, OutputError
from impasto.live import LiveOptions, VirtualCamera, run_live
from impasto.options import StylizeOptions
from impasto.stylizer import Stylizer
from live.test_loop import ListCamera, ListScreen
from tiny import picture, tiny_gallery


class Device:
    def __init__(self, *arguments: object) -> None:
        self.sent: list[NDArray[np.uint8]] = []
        self.arguments, self.closed = arguments, False

    def send(self, pixels: NDArray[np.uint8]) -> None:
        self.sent.append(pixels)

    def close(self) -> None:
        self.closed = True


def test_it_gets_the_painting_without_the_words(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery")
    photo = picture(96, 96)
    device: Any = Device()
    options = LiveOptions(StylizeOptions("first", gallery=gallery, precision="f32"))
    report = run_live(ListCamera([photo]), ListScreen({}), options, virtual=device)
    assert len(device.sent) == report.frames
    assert device.closed
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        np.testing.assert_array_equal(device.sent[-1], stylizer(photo))


def test_pictures_are_scaled_to_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=Device))
    camera: Any = VirtualCamera(64, 48, 30)
    camera.send(picture(96, 96))
    camera.close()
    assert camera._device.arguments == (64, 48, 30)
    assert camera._device.sent[0].shape == (48, 64, 3)
    assert camera._device.closed


def test_no_device_and_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise RuntimeError("no device")

    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=fails))
    with pytest.raises(OutputError, match="v4l2loopback"):
        VirtualCamera(64, 48, 30)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[virtualcam\]"):
        VirtualCamera(64, 48, 30)
