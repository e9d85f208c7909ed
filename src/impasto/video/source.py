"""Reading video files: upright RGB frames, each with its time."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame as AvFrame
from av.video.stream import VideoStream

from impasto._util.arrays import Pixels
from impasto._util.closeable import Closing
from impasto.errors import InputError
from impasto.images import MAX_PIXELS
from impasto.video.cut_off import is_cut_off

FALLBACK_RATE = Fraction(25)
EXACT_COLORS = 0x2 | 0x2000 | 0x40000
"""How FFmpeg converts colours: SWS_BILINEAR, SWS_FULL_CHR_H_INT, SWS_ACCURATE_RND (PyAV before 18
has no names for them)."""
QUICK_COLORS = 0x2
"""How it does so in less time, a level or two too dark: SWS_BILINEAR."""
FREE_RUNNING = 0x200  # AVFMT_TS_DISCONT
SEEK_BACK_S = (0.0, 2.0, 10.0, 60.0, math.inf)
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave alpha out, without a word."""
SELF_CONTAINED = "mov,matroska,avi,mpegts,mpeg,gif,flv,asf,ogg,mxf,nut"
"""Demuxers that open no other file or address; those of playlists do."""


@dataclass(frozen=True)
class Colors:
    """Meaning of a video's YUV samples, in FFmpeg's numbers, "unspecified" among them."""

    matrix: int
    range: int
    primaries: int
    transfer: int


BT_709 = Colors(matrix=1, range=1, primaries=1, transfer=1)


@dataclass(frozen=True)
class VideoInfo:
    """A picture stream's description of itself.

    Attributes:
        width, height: in pixels, upright.
        rate: frames a second, the mean where it varies.
        time_base: the unit of `VideoFrame.pts`, in seconds.
        frame_count: of the whole video, roughly: some files do not say, and it is guessed.
        colors: see `Colors`; for pictures that are RGB already, BT.709's.
        alpha: its pictures may have transparent parts.
    """

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    frame_count: int
    colors: Colors
    alpha: bool = False


@dataclass(frozen=True)
class VideoHeader:
    """A video's description of itself before any picture is decoded; all of it may be wrong.

    Attributes:
        width, height: in pixels, as stored.
        frames: how many there are.
        seconds: how long it lasts.
    """

    width: int
    height: int
    frames: int
    seconds: float


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One picture of a video.

    Attributes:
        pixels: H x W x 3, uint8, RGB.
        pts: when it is shown, in the video's time base, from its beginning (see `begin_s`).
        time_s: the same in seconds.
        alpha: H x W, uint8, 0 where nothing is to be seen; none if all is. Colours are not
            multiplied with it.
    """

    pixels: Pixels
    pts: int
    time_s: float
    alpha: Pixels | None = None


class VideoSource(Closing):
    """A video file that is open for reading.

    Whatever FFmpeg reads is taken: any frame rate, constant or not; rotated pictures are turned
    upright. Packets that cannot be decoded are skipped and counted.

    Args:
        exact_colors: else they are a level or two too dark, which no painting shows, but read in
            less time.

    Attributes:
        info: see `VideoInfo`.
        damaged: packets and frames that were damaged, so far.
        cut_off: `frames` came to the end of a file that ends before it should, or to a place that
            cannot be read.

    Raises:
        InputError: the file is missing, no video, or has no picture that can be decoded.
    """

    def __init__(self, path: str | os.PathLike[str], *, exact_colors: bool = True) -> None:
        self.path = Path(path)
        self._conversion = EXACT_COLORS if exact_colors else QUICK_COLORS
        self.damaged = 0
        self.cut_off = False
        self._container = open_container(self.path)
        try:
            self._stream = _picture_stream(self._container, self.path)
            self._decoder = _open_decoder(self._stream)
            first = next(self._decode(), None)
            if first is None:
                raise InputError(f"{self.path} has no frame that can be decoded", "get it anew")
            info = _info(self._container, self._stream, first, self.path)
            alpha = _has_alpha(first) or self._decoder is not self._stream.codec_context
            self.info = replace(info, alpha=alpha)
            self._begin_pts = round(begin_s(self._container) / info.time_base)
        except BaseException:
            self._container.close()
            raise
        self.damaged = 0

    def frames(self, start_s: float = 0, end_s: float | None = None) -> Iterator[VideoFrame]:
        """Read frames in the order of their times, from the first at or after ``start_s`` to the
        last before ``end_s``.
        """
        base = self.info.time_base
        step = max(1, round(1 / self.info.rate / base))
        last: int | None = None
        # From the key frame before; up to the start, frames are decoded, but not given.
        for frame in self._decode_from(start_s):
            if frame.pts is None or (last is not None and frame.pts - self._begin_pts <= last):
                pts = 0 if last is None else last + step
            else:
                pts = frame.pts - self._begin_pts
            last = pts
            time_s = float(pts * base)
            if end_s is not None and time_s >= end_s:
                return
            if time_s < start_s:
                continue
            pixels, alpha = _upright(frame, self._conversion)
            yield VideoFrame(pixels, pts, time_s, alpha)

    def duration_s(self, pts: int) -> float | None:
        """Tell how long the frame of that time is shown, if the file says. Ends `frames`."""
        pts += self._begin_pts
        self._container.seek(pts, stream=self._stream)
        with contextlib.suppress(av.error.FFmpegError):
            for packet in self._container.demux(self._stream):
                if packet.pts == pts and packet.duration:
                    return float(packet.duration * self.info.time_base)
        return None

    def _decode_from(self, start_s: float) -> Iterator[AvFrame]:
        """Decode from a frame at or before a time on, or from the first there is.

        Not every format knows where its key frames are. If nothing can be decoded before that time,
        this looks further and further back.
        """
        damaged = self.damaged
        for back_s in SEEK_BACK_S:
            from_s = max(0.0, start_s - back_s)
            self._container.seek(
                self._begin_pts + int(from_s / self.info.time_base), stream=self._stream
            )
            if self._decoder.is_open:
                self._decoder.flush_buffers()
            frames = self._decode()
            first = next(frames, None)
            if from_s == 0 or (first is not None and self._time_s(first) <= start_s):
                break
            self.damaged = damaged
        if first is not None:
            yield first
            yield from frames

    def _time_s(self, frame: AvFrame) -> float:
        """Return when a frame is shown; never, if the file does not say."""
        if frame.pts is None:
            return math.inf
        return float((frame.pts - self._begin_pts) * self.info.time_base)

    def _decode(self) -> Iterator[AvFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                self.cut_off = is_cut_off(self.path)
                return
            except av.error.InvalidDataError:
                self.damaged += 1
                continue
            except av.error.FFmpegError:  # the file itself ends early, or cannot be read on
                self.cut_off = True
                return
            try:
                frames = self._decoder.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:  # what is bad is this packet, not the next one
                self.damaged += 1
                continue
            for frame in frames:
                assert isinstance(frame, AvFrame)
                self.damaged += frame.is_corrupt
                yield frame

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def read_frames(path: str | os.PathLike[str]) -> Iterator[VideoFrame]:
    """Read all frames of a video file, to do something of your own with them.

    Raises:
        InputError: the file is missing, or no video.
    """
    with VideoSource(path) as source:
        yield from source.frames()


def read_header(path: Path) -> VideoHeader:
    """Return what a video from a stranger says of itself; no picture is decoded for it.

    Raises:
        InputError: the file is missing, no video, or a playlist, which would open other files.
    """
    with open_container(path, {"format_whitelist": SELF_CONTAINED}) as container:
        stream = _picture_stream(container, path)
        context = stream.codec_context
        seconds = _duration_s(container, stream)
        rate = stream.average_rate or stream.guessed_rate or FALLBACK_RATE
        frames = stream.frames or round(seconds * rate)
        return VideoHeader(context.width, context.height, frames, seconds)


def open_container(path: Path, options: Mapping[str, str] | None = None) -> InputContainer:
    """Open a media file.

    Args:
        options: of FFmpeg's reader.

    Raises:
        InputError: it is missing, or FFmpeg does not know it.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder", "give a video file")
        container = av.open(str(path), metadata_errors="replace", options=dict(options or {}))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", "check the name") from error
    except (av.error.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} is no video that can be read ({reason})", "check it") from error
    if container.format.name == "image2" or container.format.name.endswith("_pipe"):
        container.close()
        raise InputError(f"{path} is a picture", f"paint it by itself: impasto {path}")
    return container


def begin_s(container: InputContainer) -> float:
    """Return the time that a file calls its first: 0, but in broadcasts and recordings of cameras
    (MPEG transport and program streams), whose clocks begin anywhere.
    """
    free_running = container.format.flags & FREE_RUNNING
    return (container.start_time or 0) / av.time_base if free_running else 0.0


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise InputError(f"{path} has no picture, only sound or text", "give a video")
    width, height = stream.codec_context.width, stream.codec_context.height
    if not (width and height):
        raise InputError(f"{path} has no frame that can be decoded", "get it anew")
    if width * height > MAX_PIXELS:
        raise InputError(f"{path} has frames of {width} x {height} px", "make it smaller first")
    stream.thread_type = "AUTO"
    return stream


def _open_decoder(stream: VideoStream) -> VideoCodecContext:
    """Return the stream's own decoder, but for VP8 and VP9 with alpha."""
    own = stream.codec_context
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if tags.get("alpha_mode") != "1" or own.name not in ALPHA_DECODERS:
        return own
    try:
        decoder = av.CodecContext.create(ALPHA_DECODERS[own.name], "r")
    except UnknownCodecError:  # FFmpeg was built without libvpx: better opaque than not at all
        return own
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_type = "AUTO"
    return decoder


def _has_alpha(frame: AvFrame) -> bool:
    return any(component.is_alpha for component in frame.format.components)


def _info(container: InputContainer, stream: VideoStream, first: AvFrame, path: Path) -> VideoInfo:
    if stream.time_base is None:
        raise InputError(f"{path} has no times", "convert it with another program first")
    rate = stream.average_rate or stream.guessed_rate or FALLBACK_RATE
    frame_count = stream.frames or max(1, round(_duration_s(container, stream) * rate))
    turned = _quarter_turns(first) % 2
    width, height = (first.height, first.width) if turned else (first.width, first.height)
    colors = BT_709
    if not first.format.is_rgb:
        colors = Colors(first.colorspace, first.color_range, first.color_primaries, first.color_trc)
    return VideoInfo(width, height, Fraction(rate), stream.time_base, frame_count, colors)


def _duration_s(container: InputContainer, stream: VideoStream) -> float:
    """Return how long a stream lasts; 0 if nothing tells."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return 0.0 if container.duration is None else container.duration / av.time_base


def _quarter_turns(frame: AvFrame) -> int:
    """Tell how often to turn a frame counterclockwise."""
    return round(frame.rotation / 90) % 4


def _upright(frame: AvFrame, conversion: int) -> tuple[Pixels, Pixels | None]:
    """Return colours, and alpha if anything can be seen through."""
    form = "rgba" if _has_alpha(frame) else "rgb24"
    pixels = np.asarray(frame.to_ndarray(format=form, interpolation=conversion), np.uint8)
    pixels = np.rot90(pixels, _quarter_turns(frame))
    colors, alpha = np.ascontiguousarray(pixels[..., :3]), pixels[..., 3:]
    seen_through = alpha.size and alpha.min() < 255
    return colors, np.ascontiguousarray(alpha[..., 0]) if seen_through else None
