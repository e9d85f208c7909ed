"""The webcam, painted, in a window; capture, network and display run apart."""

from impasto.live.camera import Camera, open_camera
from impasto.live.frame_budget import FrameBudget
from impasto.live.loop import LiveOptions, run_live
from impasto.live.screen import Screen, open_screen
from impasto.live.virtual_camera import VirtualCamera

__all__ = [
    "Camera",
    "FrameBudget",
    "LiveOptions",
    "Screen",
    "VirtualCamera",
    "open_camera",
    "open_screen",
    "run_live",
]
