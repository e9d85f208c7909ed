"""Live pictures for other programs: a virtual camera, by pyvirtualcam."""

from __future__ import annotations

from impasto._util.arrays import Pixels
from impasto.errors import MissingExtraError, OutputError
from impasto.images import resize


class VirtualCamera:
    """The system's loopback device, which other programs see as a camera.

    Args:
        width, height: what programs see, in pixels; pictures of other sizes are scaled.
        rate: frames a second that the device announces.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        OutputError: there is no such device.
    """

    def __init__(self, width: int, height: int, rate: float) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise MissingExtraError("--virtual-camera", "virtualcam") from error
        self._size = width, height
        try:
            self._device = pyvirtualcam.Camera(width, height, rate)
        except RuntimeError as error:
            raise OutputError(
                "there is no virtual camera",
                "on Linux modprobe v4l2loopback, elsewhere install OBS, which brings one",
            ) from error

    def send(self, pixels: Pixels) -> None:
        """Send the next picture, H x W x 3 uint8 RGB."""
        self._device.send(resize(pixels, *self._size))

    def close(self) -> None:
        """Let the device go."""
        self._device.close()
