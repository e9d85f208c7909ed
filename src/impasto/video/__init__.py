"""Video files: reading, painting, writing; sound and all else that they hold is kept."""

from impasto.video.encoding import VIDEO_SUFFIXES
from impasto.video.options import VideoOptions
from impasto.video.pipeline import VideoReport, stylize_video
from impasto.video.source import VideoFrame, VideoSource, read_frames
from impasto.video.temporal_consistency import SteadyStylizer
from impasto.video.timeline import (
    Timeline,
    TimelinePoint,
    parse_time,
    parse_timeline,
    read_timeline,
)
from impasto.video.video_stylizer import stylize_frames

__all__ = [
    "VIDEO_SUFFIXES",
    "SteadyStylizer",
    "Timeline",
    "TimelinePoint",
    "VideoFrame",
    "VideoOptions",
    "VideoReport",
    "VideoSource",
    "parse_time",
    "parse_timeline",
    "read_frames",
    "read_timeline",
    "stylize_frames",
    "stylize_video",
]
