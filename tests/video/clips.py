"""Clips for the tests, made with PyAV: a square that wanders over a gradient; and painting them
without a network.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from impasto.progress import ProgressListener, ignore_progress
from impasto.video import VideoOptions, VideoReport
from impasto.video.pipeline import convert_video
from impasto.video.video_stylizer import VideoStylizer

BASE = Fraction(1, 600)


def frame_pixels(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([40 + 2 * x, 200 - 2 * y, 60 + x + y], axis=2)
    left = 4 * number % max(1, width - 12)
    pixels[8:20, left : left + 12] = (220, 60, 40)
    return pixels.clip(0, 255).astype(np.uint8)


def make_clip(
    path: Path,
    *,
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    times: Sequence[int] | None = None,
    audio_tracks: int = 0,
    sound_codec: str = "aac",
    codec: str = "libx264",
    colors: tuple[int, int] = (1, 1),
    options: dict[str, str] | None = None,
) -> Path:
    """A clip of 25 frames a second, or with frames at ``times``, in units of 1/600 s."""
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "A wandering square"
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = BASE
        context.options = {"crf": "5"} if codec == "libx264" else {}
        context.options = {**context.options, **(options or {})}
        context.colorspace, context.color_range = colors
        sounds = [container.add_stream(sound_codec, rate=8000) for _ in range(audio_tracks)]
        for number, sound in enumerate(sounds):
            sound.layout = "mono"
            sound.metadata["language"] = ("eng", "deu")[number]
        for number, pts in enumerate(times or range(0, 24 * frames, 24)):
            frame = av.VideoFrame.from_ndarray(frame_pixels(number, *size), format="rgb24")
            frame = frame.reformat(
                format="yuv420p", dst_colorspace=colors[0], dst_color_range=colors[1]
            )
            frame.pts, frame.time_base = pts, BASE
            container.mux(stream.encode(frame))
        for number, sound in enumerate(sounds):
            for start in range(0, 320 * frames, 1024):
                wave = np.sin(np.arange(start, start + 1024) * (0.1 + 0.1 * number))
                samples = (wave * 8000).astype(np.int16)[None]
                piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
                piece.sample_rate, piece.pts = 8000, start
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
        container.mux(stream.encode(None))
    return path


def turn_clip(path: Path) -> Path:
    """Let an MP4 say that it is to be shown turned by 90 degrees clockwise, as telephones do."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    struct.pack_into(">9i", content, matrix, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def make_broadcast(folder: Path, *, begin_s: int = 0, frames: int = 50) -> Path:
    """A transport stream with sound and one key frame, whose clock begins anywhere."""
    clip = make_clip(folder / "for-broadcast.mp4", frames=frames, audio_tracks=1)
    path = folder / "clip.ts"
    with (
        av.open(str(clip)) as source,
        av.open(str(path), "w", options={"output_ts_offset": str(begin_s)}) as written,
    ):
        targets = [written.add_stream_from_template(each, opaque=True) for each in source.streams]
        for packet in source.demux():
            if packet.size:
                packet.stream = targets[packet.stream.index]
                written.mux(packet)
    return path


def damage_packet(path: Path, number: int, *, begin: int = 0, size: int = 8) -> None:
    """Overwrite ``size`` bytes of a picture's packet from ``begin`` on."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        inside = bytes(packets[number])
    assert begin + size <= len(inside)
    content = bytearray(path.read_bytes())
    assert content.count(inside) == 1
    place = content.index(inside) + begin
    content[place : place + size] = b"\xff" * size
    path.write_bytes(content)


def read_clip(path: Path) -> tuple[list[int], list[np.ndarray]]:
    """Times in units of 1/600 s, and pixels."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        times = [round(frame.pts * frame.time_base / BASE) for frame in frames]
        return times, [frame.to_ndarray(format="rgb24") for frame in frames]


def sound_packets(path: Path) -> list[list[tuple[Fraction, bytes]]]:
    """Time and content of every packet, for every sound track."""
    with av.open(str(path)) as container:
        tracks = container.streams.audio
        packets: dict[int, list[tuple[Fraction, bytes]]] = {each.index: [] for each in tracks}
        for packet in container.demux(*tracks):
            if packet.pts is not None:
                time = packet.pts * packet.time_base
                packets[packet.stream.index].append((time, bytes(packet)))
        return list(packets.values())


def invert(pixels: np.ndarray, time_s: float) -> np.ndarray:
    return 255 - pixels


def keep(pixels: np.ndarray, time_s: float) -> np.ndarray:
    return pixels


class PlainPainter(VideoStylizer):
    """Paints frames, in their order, with a function of pixels and time."""

    memory = None

    def __init__(self, function: Callable[[np.ndarray, float], np.ndarray]) -> None:
        self.function, self.workers = function, 1

    def paint(self, photo: np.ndarray, time_s: float) -> np.ndarray:
        return photo

    def place(self, photo: np.ndarray, fresh: np.ndarray, time_s: float) -> np.ndarray:
        return self.function(photo, time_s)


def convert(
    video: Path,
    output: Path,
    function: Callable[[np.ndarray, float], np.ndarray] = invert,
    *,
    crf: int = 5,
    progress: ProgressListener = ignore_progress,
    **options: Any,
) -> VideoReport:
    """Make a video of another one with a function."""
    whole = VideoOptions(crf=crf, **options)
    return convert_video(
        video, output, PlainPainter(function), whole, settings={}, progress=progress
    )
