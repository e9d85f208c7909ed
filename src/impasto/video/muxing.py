"""One file of painted segments, and of the source's sound, subtitles and data about itself."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from impasto.errors import OutputError
from impasto.video.source import begin_s, open_container
from impasto.video.tracks import Track, kept_streams

if TYPE_CHECKING:
    from av.container.core import Chapter  # only PyAV's stubs have it

TimedPacket = tuple[float, int, "Packet[Any]"]


def join_segments(
    segments: Sequence[Path],
    source: Path,
    file: BinaryIO,
    container_format: str,
    *,
    start_s: float = 0,
    end_s: float | None = None,
    last_frame_s: float | None = None,
    sound: bool = True,
    subtitles: bool = True,
) -> None:
    """Write segments, and all else that the source holds, as one file.

    All sound and subtitle streams go along (`impasto.video.tracks`), with their metadata, and so do
    the file's metadata and chapters. What lies before ``start_s`` is left out, and times move
    forward by as much.

    Args:
        segments: files of `impasto.video.encoding.SegmentWriter`, at least one.
        source: the video that they were painted from.
        file: where to write; on disk, for FFmpeg opens it by its name.
        container_format: FFmpeg's name of its format.
        start_s, end_s: the part of the source that the segments show, in seconds.
        last_frame_s: how long the last frame is shown, in seconds, if that is known.
        sound, subtitles: keep them.

    Raises:
        OSError: the file cannot be written.
        OutputError: its format cannot hold what the source holds.
    """
    try:
        with (
            open_container(source) as original,
            open_container(segments[0]) as first,
            av.open(file.name, "w", format=container_format) as written,
        ):
            painted = _painted(segments, last_frame_s)
            streams = kept_streams(original, container_format, sound=sound, subtitles=subtitles)
            _write(written, original, first, painted, list(streams), start_s, end_s)
    except (
        ValueError
    ) as error:  # both PyAV's and FFmpeg's for a codec that a format has no place for
        raise OutputError(
            f"the sound or subtitles of {source} have no place here ({error})", "write .mkv"
        ) from error


def _write(
    written: OutputContainer,
    original: InputContainer,
    first: InputContainer,
    painted: Iterator[Packet[Any]],
    streams: Sequence[Stream],
    start_s: float,
    end_s: float | None,
) -> None:
    # Opaque: PyAV would look for an encoder called like the decoder, which AV1 has none of.
    picture = written.add_stream_from_template(first.streams.video[0], opaque=True)
    source_picture = original.streams.best("video")
    if source_picture is not None:
        picture.metadata.update(source_picture.metadata)
    # Whether there is alpha is the painting's matter.
    for tag in [tag for tag in picture.metadata if tag.lower() == "alpha_mode"]:
        del picture.metadata[tag]
    if "alpha_mode" in first.streams.video[0].metadata:
        picture.metadata["alpha_mode"] = "1"
    tracks = {stream.index: Track(written, stream) for stream in streams}
    written.metadata.update(original.metadata)
    written.set_chapters(_chapters(original, start_s, end_s))
    written.start_encoding()

    pictures = (_retimed(packet, picture, start_s) for packet in painted)
    others = _copied(original, tracks, start_s, end_s)
    for _, _, packet in heapq.merge(pictures, others, key=lambda timed: timed[:2]):
        written.mux(packet)


def _painted(segments: Sequence[Path], last_frame_s: float | None) -> Iterator[Packet[Any]]:
    last: Packet[Any] | None = None
    for path in segments:
        with open_container(path) as segment:
            for packet in segment.demux(segment.streams.video[0]):
                if packet.pts is None:
                    continue
                if last is not None:
                    yield last
                last = packet
    if last is not None:
        if last_frame_s is not None and last.time_base is not None:
            last.duration = round(Fraction(last_frame_s) / last.time_base)
        yield last


def _copied(
    original: InputContainer, tracks: dict[int, Track], start_s: float, end_s: float | None
) -> Iterator[TimedPacket]:
    if not tracks:
        return
    origin_s = begin_s(original)
    sources = [original.streams[index] for index in tracks]
    packets = original.demux(*sources)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):  # a source that is cut off gives what it has
            return
        if packet.pts is None or packet.dts is None or packet.time_base is None:
            continue
        time_s = float(packet.pts * packet.time_base) - origin_s
        # Encoders' run-up has times before 0. It belongs to the beginning, and to nothing else.
        if (start_s and time_s < start_s) or (end_s is not None and time_s >= end_s):
            continue
        track = tracks[packet.stream.index]
        if (copy := track.packet(packet)) is not None:
            yield _retimed(copy, track.target, origin_s + start_s)


def _retimed(packet: Packet[Any], target: Stream, start_s: float) -> TimedPacket:
    base = packet.time_base
    assert base is not None
    if start_s:
        shift = round(Fraction(start_s) / base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
    time_s = float((packet.dts or 0) * base)
    packet.stream = target
    return time_s, target.index, packet


def _chapters(original: InputContainer, start_s: float, end_s: float | None) -> list[Chapter]:
    kept: list[Chapter] = []
    for chapter in original.chapters():
        base = chapter["time_base"] or Fraction(1, av.time_base)
        begins, ends = chapter["start"] * base, chapter["end"] * base
        if ends <= start_s or (end_s is not None and begins >= end_s):
            continue
        shift = round(Fraction(start_s) / base)
        kept.append(
            {
                "id": chapter["id"],
                "start": max(0, chapter["start"] - shift),
                "end": chapter["end"] - shift,
                "time_base": chapter["time_base"],
                "metadata": chapter["metadata"],
            }
        )
    return kept
