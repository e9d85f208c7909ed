"""Sound and subtitles of the source on their way into the output.

Packets are copied as they are. Text that another container writes differently is written anew: what
is said and when, italics and the like come through; where on the picture it stood does not. What a
container has no place for is found out before anything is painted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from impasto.errors import OutputError
from impasto.video.encoding import VIDEO_SUFFIXES
from impasto.video.source import open_container

TEXT = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
"""The codec that a container writes text in, by FFmpeg's names."""

PLAIN_TEXT = {"subrip", "webvtt", "mov_text", "text"}
"""Codecs of text without a layout of its own, which can be written anew."""


class Track:
    """One stream of the source in the output.

    Args:
        written: the output; it gets a stream.
        stream: of the source.

    Raises:
        ValueError: the output's format has no place for it. (FFmpeg's errors may come only when
            the file's header is written.)
    """

    def __init__(self, written: OutputContainer, stream: Stream) -> None:
        self._recode: _TextCoder | None = None
        try:
            self.target = written.add_stream_from_template(stream)
        except ValueError:
            if _codec(stream) not in PLAIN_TEXT:
                raise
            self.target = written.add_stream(TEXT[written.format.name])
            self._recode = _TextCoder(stream, self.target)
        self.target.metadata.update(stream.metadata)
        self.target.disposition = stream.disposition

    def packet(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Make a packet of the source one of the output, at the same time; return none if it is
        empty or damaged.
        """
        return self._recode(packet) if self._recode else packet


class _TextCoder:
    """Converter of subtitles to the codec of a stream that has no packets yet."""

    def __init__(self, stream: Stream, target: Stream) -> None:
        decoder, encoder = stream.codec_context, target.codec_context
        assert isinstance(decoder, SubtitleCodecContext)
        assert isinstance(encoder, SubtitleCodecContext)
        assert stream.time_base is not None
        decoder.open(strict=False)
        encoder.subtitle_header = decoder.subtitle_header
        encoder.time_base = target.time_base = stream.time_base
        self._decoder, self._encoder = decoder, encoder

    def __call__(self, packet: Packet[Any]) -> Packet[Any] | None:
        try:
            subtitle = self._decoder.decode2(packet)
        except av.error.FFmpegError:  # one damaged line is no reason to lose the film
            return None
        if subtitle is None:  # the time between two subtitles, in MP4
            return None
        text = self._encoder.encode_subtitle(subtitle)
        text.pts, text.dts, text.duration = packet.pts, packet.pts, packet.duration
        text.time_base = packet.time_base
        return text


def kept_streams(
    original: InputContainer, container: str, *, sound: bool, subtitles: bool
) -> Iterator[Stream]:
    """Find what goes along with the picture into a container: sound, subtitles, their fonts.

    Sound that a broadcast announces, but does not have, is left out.
    """
    for stream in original.streams:
        if (
            (sound and isinstance(stream, AudioStream) and stream.sample_rate)
            or (subtitles and isinstance(stream, SubtitleStream))
            # Only Matroska has a place for files.
            or (container == "matroska" and isinstance(stream, AttachmentStream))
        ):
            yield stream


def check_tracks(
    source: Path, output: Path, container: str, *, sound: bool = True, subtitles: bool = True
) -> None:
    """Find out before long work that the output could not hold the source's sound or subtitles.

    Raises:
        InputError: the source is missing, or no video.
        OutputError: it could not; the track is named, and what would hold it.
    """
    with open_container(source) as original:
        streams = list(kept_streams(original, container, sound=sound, subtitles=subtitles))
        for stream in streams:
            if _holds(container, stream):
                continue
            kind = "sound" if isinstance(stream, AudioStream) else "subtitle"
            number = 1 + [each for each in streams if each.type == stream.type].index(stream)
            suffixes = {form: suffix for suffix, form in reversed(VIDEO_SUFFIXES.items())}
            others = [
                suffixes[form]
                for form in reversed(suffixes)
                if form in TEXT and all(_holds(form, each) for each in streams)
            ]
            leave_out = "--no-sound" if kind == "sound" else "--no-subtitles"
            remedy = f"leave it out with {leave_out}"
            if others:
                remedy = f"write {' or '.join(others)}, or {remedy}"
            raise OutputError(
                f"{output} cannot hold {kind} track {number} of {source} ({_codec(stream)})", remedy
            )


def _holds(container: str, stream: Stream) -> bool:
    """Write the header of a file that nobody sees: FFmpeg has no other way to tell."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            Track(trial, stream)
            trial.start_encoding()
    except ValueError:  # PyAV's own, and those of FFmpeg for what a format has no place for
        return False
    return True


def _codec(stream: Stream) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context is not None else "unknown to FFmpeg"
