"""Defaults and choices of options. No other module is imported here: help needs no more."""

from typing import Literal

DEFAULT_STYLE = "udnie"
"""A style in every shipped gallery."""

DEFAULT_FILE_QUALITY = 95
"""Of JPEG, WebP and AVIF, from 1 to 100."""

DEFAULT_STABILITY = 0.4
"""How much of the strokes stays from frame to frame (`impasto.video.temporal_consistency`)."""

FILM_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts"}
)
"""Of files that are taken for videos by their names; what FFmpeg reads is known when it is loaded.
"""

ColorWay = Literal["luminance", "histogram", "linear"]
Quality = Literal["auto", "live", "fine", "best"]
EngineName = Literal["auto", "opencv", "openvino", "onnxruntime"]
Precision = Literal["auto", "f32", "bf16", "int8"]
