"""Encoders, containers, and files of encoded frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame as AvFrame
from av.video.stream import VideoStream

from impasto._util.arrays import Pixels
from impasto._util.cpu import usable_cores
from impasto.errors import OptionError, OutputError
from impasto.images import lay_on_white
from impasto.video.source import EXACT_COLORS, VideoInfo
from impasto.video.yuv import knows, to_yuv420

CODECS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
"""Encoders by the names that people know."""

VIDEO_SUFFIXES = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".gif": "gif",
}
"""FFmpeg's containers by the end of a file's name."""

HELD = {"mov": ("h264", "hevc"), "webm": ("vp9", "av1")}
"""The codecs that a container has a place for, the usual one first; not all of `CODECS`."""

# A frame takes x264 about a tenth of the time that it takes the network: more threads than that
# would only get in the network's way.
X264_THREADS = 1 + usable_cores() // 8

# Speed before size: the encoder shares the processor with the network. "ultrafast" with 8x8dct is
# far faster than "superfast" on paintings, and little larger at its quality.
SPEED = {
    "h264": {"preset": "ultrafast", "x264-params": f"8x8dct=1:threads={X264_THREADS}"},
    "hevc": {"preset": "veryfast", "x265-params": "log-level=error"},
    "vp9": {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0"},
    "av1": {"preset": "10"},
}


@dataclass(frozen=True)
class Encoding:
    """Choice of container, codec and quality.

    Attributes:
        container: FFmpeg's name of the output's format.
        codec: one of `CODECS`, or ``gif``.
        crf: constant rate factor: smaller is better, and larger in bytes.
    """

    container: str
    codec: str
    crf: int

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the segments' encoder.

        Those of a GIF are lossless: its colours are chosen when all frames are known.
        """
        return "ffv1" if self.codec == "gif" else CODECS[self.codec]

    @property
    def options(self) -> dict[str, str]:
        """The encoder's options."""
        return {} if self.codec == "gif" else {"crf": str(self.crf), **SPEED[self.codec]}

    def pixel_format(self, *, alpha: bool) -> str:
        """Return FFmpeg's name of the samples to encode, from a source with or without alpha.

        Of containers, only Matroska and WebM have a place for alpha; of encoders, only VP9.
        """
        if self.codec == "gif":
            return "bgra"
        holds_alpha = self.codec == "vp9" and self.container in ("matroska", "webm")
        return "yuva420p" if alpha and holds_alpha else "yuv420p"


def choose_encoding(output: Path, codec: str | None, crf: int) -> Encoding:
    """Return what the output's name asks for: H.264, in WebM VP9, unless another codec is named;
    or a GIF.

    Raises:
        OptionError: the format or codec is unknown, or they do not fit.
    """
    container = VIDEO_SUFFIXES.get(output.suffix.lower())
    if container is None:
        ending = output.suffix.removeprefix(".")
        problem = f"no video format is called {ending!r}" if ending else "no ending tells a format"
        raise OptionError(f"{output}: {problem}", f"end it in {', '.join(VIDEO_SUFFIXES)}")
    if not 0 <= crf <= 63:
        raise OptionError(f"crf is {crf}", "give a number from 0 (best) to 63")
    if container == "gif":
        if codec is not None:
            raise OptionError(f"GIF does not hold {codec}", "give no codec, or write .mp4")
        return Encoding("gif", "gif", crf)
    if codec is not None and codec not in CODECS:
        raise OptionError(f"codec {codec!r} is unknown", f"one of {', '.join(CODECS)}")
    held = HELD.get(container, tuple(CODECS))
    if codec is not None and codec not in held:
        raise OptionError(
            f"{output.suffix} does not hold {codec}", f"take {' or '.join(held)}, or write .mkv"
        )
    return Encoding(container, codec or held[0], crf)


class SegmentWriter:
    """Writer of one segment: a file of frames that can be decoded without the others.

    Frames are not reordered (no B-frames), so that segments can be joined, and a file that was cut
    off is whole up to where it ends.

    Args:
        info: of the source: its size, rate, time base and colours become the segment's.
        container: FFmpeg's name of the segment's own format; if none, one that keeps all that is
            encoded.

    Raises:
        OutputError: the file cannot be written, or the encoder is missing.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        encoding: Encoding,
        *,
        container: str | None = None,
    ) -> None:
        self.path = path
        self.frames = 0
        self.last_pts = -1
        self._colors = info.colors
        self._format = encoding.pixel_format(alpha=info.alpha)
        # NUT keeps any time base exactly, but not VP9's alpha, which lies beside the packets.
        container = container or ("matroska" if self._format == "yuva420p" else "nut")
        try:
            self._container = av.open(str(path), "w", format=container)
            stream = self._container.add_stream(encoding.encoder, rate=info.rate)
            assert isinstance(stream, VideoStream)
            self._stream = stream
            self._set_up(info, encoding)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise OutputError(f"{path} cannot be written ({error})", "check the disk") from error

    def _set_up(self, info: VideoInfo, encoding: Encoding) -> None:
        context = self._stream.codec_context
        context.width, context.height = self._fitted(info.width), self._fitted(info.height)
        context.pix_fmt = self._format
        context.time_base = info.time_base
        context.max_b_frames = 0
        context.options = encoding.options
        if encoding.codec == "av1":  # it would write all about itself to the error output
            os.environ.setdefault("SVT_LOG", "1")
        if self._format == "bgra":
            return
        context.color_range = info.colors.range
        context.colorspace = info.colors.matrix
        context.color_primaries = info.colors.primaries
        context.color_trc = info.colors.transfer

    def write(self, pixels: Pixels, pts: int, alpha: Pixels | None = None) -> None:
        """Encode one frame.

        Args:
            pts: when it is shown, in the source's time base.
            alpha: H x W, uint8; none if nothing is transparent. What the format cannot hold is
                laid on white.

        Raises:
            OutputError: the disk is full, or the encoder fails.
        """
        frame = self._frame(pixels, alpha)
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
            with self._writing():
                self._container.close()

    def _mux(self, frame: AvFrame | None) -> None:
        try:
            packets = self._stream.encode(frame)
        except av.error.FFmpegError as error:
            context = self._stream.codec_context
            raise OutputError(
                f"{context.name} does not take {context.width} x {context.height} px "
                f"({error.strerror})",
                "give another --size or --codec",
            ) from error
        with self._writing():
            self._container.mux(packets)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.strerror})", "check the disk"
            ) from error

    def _frame(self, pixels: Pixels, alpha: Pixels | None) -> AvFrame:
        """Convert RGB as decoding did, the other way; repeat the last row of an odd side."""
        if self._format == "yuv420p":
            samples = pixels if alpha is None else lay_on_white(pixels, alpha, 255)
        else:
            opaque = np.full(pixels.shape[:2], 255, np.uint8)
            samples = np.dstack([pixels, opaque if alpha is None else alpha])
        height, width = samples.shape[:2]
        more = (self._fitted(height) - height, self._fitted(width) - width)
        if any(more):
            samples = np.pad(samples, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
        if self._format == "yuv420p" and knows(self._colors):
            frame = AvFrame.from_ndarray(to_yuv420(samples, self._colors), format="yuv420p")
            frame.colorspace, frame.color_range = self._colors.matrix, self._colors.range
            return frame
        layout = "rgb24" if samples.shape[2] == 3 else "rgba"
        frame = AvFrame.from_ndarray(np.ascontiguousarray(samples), format=layout)
        if self._format == "bgra":
            return frame.reformat(format="bgra")
        return frame.reformat(
            format=self._format,
            dst_colorspace=self._colors.matrix,
            dst_color_range=self._colors.range,
            interpolation=EXACT_COLORS,
        )

    def _fitted(self, side: int) -> int:
        """Return a side that 4:2:0 chroma can have: an even one."""
        return side if self._format == "bgra" else side + side % 2
