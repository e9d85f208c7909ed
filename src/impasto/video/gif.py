"""Animated GIFs of painted segments: few colours for all frames, and times in hundredths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame as AvFrame
from av.video.stream import VideoStream

from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.video.source import VideoFrame, open_container

HUNDREDTH = Fraction(1, 100)
SHORTEST = 2  # hundredths; viewers show a frame of less for ten of them
VISIBLE = 128  # alpha from which a pixel of a GIF is opaque: paletteuse's own
DITHERING = "dither=bayer:bayer_scale=3:diff_mode=rectangle"
"""An ordered pattern lies still where the painting does; diffused errors would crawl over it."""


def spaced(
    frames: Iterable[VideoFrame], start_s: float, last_s: float | None
) -> Iterator[VideoFrame]:
    """Leave out the frames that a GIF has no time for: it shows at most 50 a second.

    Args:
        start_s: the time at which the GIF begins.
        last_s: the time of the frame before them, if there is one.
    """
    last = None if last_s is None else _hundredths(last_s, start_s)
    for frame in frames:
        now = _hundredths(frame.time_s, start_s)
        if last is None or now >= last + SHORTEST:
            last = now
            yield frame


def write_gif(
    segments: Sequence[Path],
    source: Path,
    file: BinaryIO,
    *,
    frame_count: int,
    start_s: float = 0,
    last_frame_s: float | None = None,
    progress: ProgressListener = ignore_progress,
) -> None:
    """Write segments as a GIF.

    The frames are gone through twice: first, 255 colours are chosen for all of them together, so
    that none flickers; then each is laid out in them. Sound and subtitles have no place in a GIF.

    Args:
        segments: files of `impasto.video.encoding.SegmentWriter`, at least one.
        source: what they were painted from; a GIF is repeated as often as this one, if it is one.
        file: where to write.
        start_s: the part of the source that the segments show begins here, in seconds.
        last_frame_s: how long the last frame is shown, in seconds, if that is known.

    Raises:
        OSError: the file cannot be written.
    """
    told, some_transparent = 0, False

    def frames() -> Iterator[AvFrame]:
        nonlocal told, some_transparent
        for frame in _read(segments, start_s):
            opaque = bool(frame.to_ndarray()[..., 3].min() >= VISIBLE)
            some_transparent = some_transparent or not opaque
            # After the first pass, that is known of all frames.
            yield _pierced(frame) if opaque and some_transparent else frame
            told += 1
            progress(Progress("writing the GIF", told, 2 * frame_count))

    options = {"loop": str(_loop(source))}
    if last_frame_s is not None:
        options["final_delay"] = str(max(SHORTEST, round(last_frame_s / HUNDREDTH)))
    palette = _palette(frames())
    with av.open(file, "w", format="gif", options=options) as written:
        stream = written.add_stream("gif", rate=1 / HUNDREDTH)
        assert isinstance(stream, VideoStream)
        for frame in _laid_out(frames(), palette):
            if not stream.codec_context.is_open:
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "pal8"
                stream.codec_context.time_base = HUNDREDTH
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))


def _hundredths(time_s: float, start_s: float) -> int:
    return round((time_s - start_s) * 100)


def _read(segments: Sequence[Path], start_s: float) -> Iterator[AvFrame]:
    for path in segments:
        with open_container(path) as segment:
            for frame in segment.decode(segment.streams.video[0]):
                assert frame.time is not None
                frame.pts, frame.time_base = _hundredths(frame.time, start_s), HUNDREDTH
                yield frame


def _pierced(frame: AvFrame) -> AvFrame:
    """Return the same frame with one transparent pixel, in the corner.

    FFmpeg removes a frame before the next one only if it has a transparent part; otherwise it would
    show through the transparent parts of the next.
    """
    pixels = frame.to_ndarray()
    pixels[-1, -1, 3] = 0
    pierced = AvFrame.from_ndarray(pixels, format="bgra")
    pierced.pts, pierced.time_base = frame.pts, frame.time_base
    return pierced


def _palette(frames: Iterator[AvFrame]) -> AvFrame:
    """Choose 255 colours and transparency, in a picture of 16 x 16."""
    first = next(frames)
    graph = Graph()
    entry, choose, end = _entry(graph, first), graph.add("palettegen"), graph.add("buffersink")
    entry.link_to(choose)
    choose.link_to(end)
    graph.configure()
    entry.push(first)
    for frame in frames:
        entry.push(frame)
    entry.push(None)
    palette = end.pull()
    assert isinstance(palette, AvFrame)
    return palette


def _laid_out(frames: Iterator[AvFrame], palette: AvFrame) -> Iterator[AvFrame]:
    """Convert frames to the colours of a palette."""
    first = next(frames)
    graph = Graph()
    entry, colors = _entry(graph, first), _entry(graph, palette)
    use, end = graph.add("paletteuse", DITHERING), graph.add("buffersink")
    entry.link_to(use, 0, 0)
    colors.link_to(use, 0, 1)
    use.link_to(end)
    graph.configure()
    palette.pts, palette.time_base = 0, HUNDREDTH
    colors.push(palette)
    colors.push(None)
    entry.push(first)
    yield from _pulled(end)
    for frame in frames:
        entry.push(frame)
        yield from _pulled(end)
    entry.push(None)
    yield from _pulled(end)


def _entry(graph: Graph, frame: AvFrame) -> FilterContext:
    """Add an entry for frames like this one."""
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=HUNDREDTH
    )


def _pulled(end: FilterContext) -> Iterator[AvFrame]:
    while True:
        try:
            frame = end.pull()
        except (av.error.BlockingIOError, av.error.EOFError):  # nothing more for now, or for good
            return
        assert isinstance(frame, AvFrame)
        yield frame


def _loop(source: Path) -> int:
    """Tell how often an animation is repeated: 0 for ever, as GIFs of videos are; -1 not at all.

    FFmpeg does not tell.
    """
    from PIL import Image

    try:
        with Image.open(source) as image:
            return int(image.info.get("loop", -1))
    except OSError:  # no picture
        return 0
