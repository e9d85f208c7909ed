"""Live pictures for other programs: a virtual camera, by pyvirtualcam."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import MissingExtraError, OutputError
from impasto.images import resize

__all__ = ["VirtualCamera", "open_virtual_camera"]


class VirtualCamera(Protocol):
    """Taker of the pictures that other programs shall see."""

    def send(self, pixels: NDArray[np.uint8]) -> None:
        """Send the next picture, H x W x 3 uint8 RGB."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


def open_virtual_camera(width: int, height: int, rate: float) -> VirtualCamera:
    """Open the system's loopback device.

    Args:
        width, height: what programs see, in pixels; pictures of other sizes are scaled.
        rate: frames a second that the device announces.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        OutputError: there is no such device.
    """
    try:
        import pyvirtualcam
    except ImportError as error:
        raise MissingExtraError("--virtual-camera", "virtualcam") from error
    try:
        return _Loopback(pyvirtualcam.Camera(width, height, rate), width, height)
    except RuntimeError as error:
        raise OutputError(
            "there is no virtual camera",
            "on Linux modprobe v4l2loopback, elsewhere install OBS, which brings one",
        ) from error


class _Loopback:
    def __init__(self, device: Any, width: int, height: int) -> None:
        self._device, self._size = device, (width, height)

    def send(self, pixels: NDArray[np.uint8]) -> None:
        self._device.send(resize(pixels, *self._size))

    def close(self) -> None:
        self._device.close()
