"""The webcam, painted, in a window; capture, network and display run apart."""

from impasto.live.camera import open_camera
from impasto.live.loop import LiveOptions, run_live
from impasto.live.screen import open_screen
from impasto.live.virtual_camera import VirtualCamera

__all__ = [
    "LiveOptions",
    "VirtualCamera",
    "open_camera",
    "open_screen",
    "run_live",
]
