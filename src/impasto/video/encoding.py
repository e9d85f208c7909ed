"""Writing frames as a piece of video, and what codecs and files there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame as AvFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from impasto.errors import OptionError, OutputError
from impasto.video.source import EXACT_COLORS, Colors, VideoInfo

__all__ = ["CODECS", "VIDEO_SUFFIXES", "Encoding", "SegmentWriter", "choose_encoding"]

CODECS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
"""Encoders by the names that people know."""

VIDEO_SUFFIXES = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""FFmpeg's containers by the end of a file's name."""

# Speed before size: the encoder shares the processor with the network.
SPEED = {
    "h264": {"preset": "superfast"},
    "hevc": {"preset": "veryfast"},
    "vp9": {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0"},
    "av1": {"preset": "10"},
}
SEGMENT_FORMAT = "nut"  # takes every codec, and keeps any time base exactly


@dataclass(frozen=True)
class Encoding:
    """How frames become a stream.

    Attributes:
        container: FFmpeg's name of the output's format.
        codec: one of `CODECS`.
        crf: constant rate factor: smaller is better, and larger in bytes.
    """

    container: str
    codec: str
    crf: int


def choose_encoding(output: Path, codec: str | None, crf: int) -> Encoding:
    """By the output's name: H.264, in WebM VP9, unless another codec is asked for.

    Raises:
        OptionError: the format or codec is unknown, or they do not fit.
    """
    container = VIDEO_SUFFIXES.get(output.suffix.lower())
    if container is None:
        raise OptionError(
            f"{output}: no video format is called {output.suffix.removeprefix('.')!r}",
            f"end it in {', '.join(VIDEO_SUFFIXES)}",
        )
    codec = codec or ("vp9" if container == "webm" else "h264")
    if codec not in CODECS:
        raise OptionError(f"unknown codec {codec!r}", f"one of {', '.join(CODECS)}")
    if container == "webm" and codec not in ("vp9", "av1"):
        raise OptionError(f"WebM does not hold {codec}", "take vp9 or av1, or write .mkv")
    if not 0 <= crf <= 63:
        raise OptionError(f"crf is {crf}", "give a number from 0 (best) to 63")
    return Encoding(container, codec, crf)


class SegmentWriter:
    """Writes one segment: a file of frames that can be decoded without the others.

    Frames are not reordered (no B-frames), so that segments can be joined, and a file that was cut
    off is whole up to where it ends.

    Args:
        path: of the segment.
        info: of the source: its size, rate, time base and colours become the segment's.
        encoding: see `Encoding`.
        container: FFmpeg's name of the segment's own format.

    Raises:
        OutputError: the file cannot be written, or the encoder is missing.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        encoding: Encoding,
        *,
        container: str = SEGMENT_FORMAT,
    ) -> None:
        self.path = path
        self.frames = 0
        self.last_pts = -1
        self._colors = info.colors
        try:
            self._container = av.open(str(path), "w", format=container)
            stream = self._container.add_stream(CODECS[encoding.codec], rate=info.rate)
            assert isinstance(stream, VideoStream)
            self._stream = stream
            self._set_up(info, encoding)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise OutputError(f"{path} cannot be written ({error})", "check the disk") from error

    def _set_up(self, info: VideoInfo, encoding: Encoding) -> None:
        context = self._stream.codec_context
        context.width, context.height = _even(info.width), _even(info.height)
        context.pix_fmt = "yuv420p"
        context.time_base = info.time_base
        context.max_b_frames = 0
        context.options = {"crf": str(encoding.crf), **SPEED[encoding.codec]}
        context.color_range = info.colors.range
        context.colorspace = info.colors.matrix
        context.color_primaries = info.colors.primaries
        context.color_trc = info.colors.transfer

    def write(self, pixels: NDArray[np.uint8], pts: int) -> None:
        """Encode one frame.

        Raises:
            OutputError: the disk is full, or the encoder fails.
        """
        frame = _yuv(pixels, self._colors)
        frame.pts, frame.time_base = pts, self._stream.codec_context.time_base
        self._mux(frame)
        self.frames += 1
        self.last_pts = pts

    def close(self) -> None:
        """Finish the file.

        Raises:
            OutputError: the disk is full.
        """
        try:
            if self.frames:
                self._mux(None)
        finally:
            self._container.close()

    def _mux(self, frame: AvFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.strerror})", "check the disk"
            ) from error


def _even(side: int) -> int:
    """4:2:0 chroma needs even sides."""
    return side + side % 2


def _yuv(pixels: NDArray[np.uint8], colors: Colors) -> AvFrame:
    """RGB to YUV, the way back that decoding came; an odd side gets its last row once more."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = AvFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=colors.matrix,
        dst_color_range=colors.range,
        interpolation=EXACT_COLORS,
    )
