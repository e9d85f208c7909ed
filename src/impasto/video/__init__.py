"""Video files: reading, painting, writing; sound and all else that they hold is kept."""

from impasto.video.encoding import CODECS, VIDEO_SUFFIXES
from impasto.video.pipeline import VideoReport, stylize_video
from impasto.video.source import VideoFrame, VideoInfo, VideoSource, read_frames
from impasto.video.temporal import SteadyPainter, stylize_frames

__all__ = [
    "CODECS",
    "VIDEO_SUFFIXES",
    "SteadyPainter",
    "VideoFrame",
    "VideoInfo",
    "VideoReport",
    "VideoSource",
    "read_frames",
    "stylize_frames",
    "stylize_video",
]
