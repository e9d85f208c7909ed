"""The webcam, painted, in a window; capture, network and display run apart."""

from impasto.live.budget import FrameBudget
from impasto.live.camera import Camera, open_camera
from impasto.live.loop import LiveOptions, run_live
from impasto.live.screen import Screen, open_screen

__all__ = [
    "Camera",
    "FrameBudget",
    "LiveOptions",
    "Screen",
    "open_camera",
    "open_screen",
    "run_live",
]
