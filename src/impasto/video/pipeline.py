"""A video from file to file: reading, painting and writing overlap, each in a thread of its own."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
from typing_extensions import Unpack

from impasto._util.arrays import Pixels
from impasto._util.atomic_files import real_path
from impasto._util.prefetch import map_ahead
from impasto.defaults import DEFAULT_STYLE
from impasto.errors import InputError, OptionError
from impasto.images import bleed, resize
from impasto.options import StyleSource, StylizeOptions
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.video.encoding import Encoding, SegmentWriter, choose_encoding
from impasto.video.gif import spaced, write_gif
from impasto.video.io_threads import QUEUED_FRAMES, PaintedFrame, write_behind
from impasto.video.muxing import join_segments
from impasto.video.options import VideoKeywords, VideoOptions
from impasto.video.resume_state import Job
from impasto.video.source import VideoFrame, VideoSource
from impasto.video.temporal_consistency import StrokeMemory
from impasto.video.timeline import Timeline
from impasto.video.tracks import check_tracks
from impasto.video.video_stylizer import VideoStylizer, options_over_time
from impasto.video.worker_pool import pool_size

FAINT = 16  # lossy alpha is not quite 0 where nothing is seen, and black lies behind it


@dataclass(frozen=True)
class VideoReport:
    """Report of what was done.

    Attributes:
        frames: in the output.
        painted: of them, now; the others by the work that was resumed.
        damaged: packets and frames of the source that were damaged.
        cut_off: the source ends before it should, and before the end that was asked for.
    """

    frames: int
    painted: int
    damaged: int
    cut_off: bool
    seconds: float


def stylize_video(
    video: str | os.PathLike[str],
    output: str | os.PathLike[str],
    style: StyleSource | Timeline | StylizeOptions = DEFAULT_STYLE,
    *,
    progress: ProgressListener = ignore_progress,
    **keywords: Unpack[VideoKeywords],
) -> VideoReport:
    """Paint a video; sound, subtitles, chapters and metadata are kept as they are.

    Every frame keeps its time. If it is interrupted (by a `KeyboardInterrupt`, which the progress
    listener may raise, too), what was painted so far becomes a playable output, unless that would
    replace another file, and ``resume`` goes on from there.

    Args:
        video: a file that FFmpeg reads.
        output: ends in .mp4, .m4v, .mov, .mkv, .webm or .gif. Transparent parts are kept in GIF,
            and by VP9 in WebM and Matroska; elsewhere they become white.
        style: as `StylizeOptions` has it, or these themselves; or a timeline
            (`impasto.video.timeline`), whose times are the video's own.
        keywords: options, as `impasto.video.VideoOptions` and `StylizeOptions` have them, but for
            those of areas and detail.

    Raises:
        InputError: the video cannot be read.
        OptionError: an option is unknown, is for photos only, or has an impossible value; or
            ``resume`` does not fit.
        OutputError: the output exists, is being painted by another process, cannot be written, or
            could not hold the video's sound or subtitles.
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
    """
    options, others = VideoOptions.split(keywords)
    timeline, look = options_over_time(style, others)
    workers = pool_size(look.engine)
    with VideoStylizer(timeline, look, stability=options.stability, workers=workers) as painter:
        return convert_video(
            Path(video),
            Path(output),
            painter,
            options,
            settings={
                **_settings(timeline, look),
                "stability": options.stability,
                "engine": painter.engine,
            },
            exact_colors=needs_exact_colors(look),
            progress=progress,
        )


def _settings(timeline: Timeline, look: StylizeOptions) -> dict[str, object]:
    palette = look.palette_pixels()
    return {
        "style": str(timeline),
        "strength": look.strength,
        "stroke": look.stroke,
        "keep_colors": look.keep_colors,
        "palette": None if palette is None else zlib.crc32(palette.tobytes()),
        "seed": look.seed,
        "quality": look.quality,
    }


def convert_video(
    video: Path,
    output: Path,
    painter: VideoStylizer,
    options: VideoOptions,
    *,
    settings: Mapping[str, object],
    exact_colors: bool = True,
    progress: ProgressListener = ignore_progress,
) -> VideoReport:
    """Do what `stylize_video` does, with a painter that is open.

    Args:
        video, output, options, progress: as `stylize_video` takes them.
        painter: what it remembers outlives an interruption.
        settings: what the painter depends on, so that ``resume`` can tell whether it is the same.
        exact_colors: as `VideoSource` takes it; for painters that show something of the frame.
    """
    encoding = choose_encoding(output, options.codec, options.crf)
    if real_path(output) == real_path(video):
        raise OptionError(f"{output} would replace the video", "give another output")
    if encoding.container != "gif":
        kept = {"sound": options.sound, "subtitles": options.subtitles}
        check_tracks(video, output, encoding.container, **kept)
    with VideoSource(video, exact_colors=exact_colors) as source:
        stat = video.stat()
        settings = {
            **settings,
            "video": [video.name, stat.st_size, stat.st_mtime_ns],
            "encoding": [encoding.codec, encoding.crf],
            "size": options.size,
            "start": options.start_s,
            "end": options.end_s,
        }
        resume, overwrite = options.resume, options.overwrite
        with Job(output, settings, resume=resume, overwrite=overwrite) as job:
            return _Conversion(source, job, painter, options, encoding, progress).run()


@dataclass(frozen=True)
class _Conversion:
    """The work on a video that is open."""

    source: VideoSource
    job: Job
    painter: VideoStylizer
    options: VideoOptions
    encoding: Encoding
    progress: ProgressListener

    def run(self) -> VideoReport:
        """Paint what is to be painted, and make one file of it, of a part in case of Ctrl-C."""
        job, before, began_s = self.job, self.job.frames, time.monotonic()
        interrupted: KeyboardInterrupt | None = None
        try:
            self._paint()
        except KeyboardInterrupt as error:
            interrupted = error
        if not job.segments:
            job.remove()
            raise interrupted or self._nothing_there()
        replaces = job.output.exists() and not job.owns_output()
        if not (interrupted and replaces):  # a part never replaces what may be whole
            self._publish(is_part=interrupted is not None)
        if interrupted:
            raise interrupted
        job.remove()
        return VideoReport(
            job.frames,
            job.frames - before,
            self.source.damaged,
            self.source.cut_off,
            time.monotonic() - began_s,
        )

    def _paint(self) -> None:
        width, height = self.options.size or (self.source.info.width, self.source.info.height)
        info = replace(self.source.info, width=width, height=height)
        resume_s, last_s = self.options.start_s, None
        if self.job.segments:
            last_s = self._time_s(self.job.segments[-1].last_pts)
            resume_s = self._time_s(self.job.segments[-1].last_pts + 0.5)
            if arrays := self.job.memory():
                self.painter.recall(StrokeMemory.of(arrays), last_s)
        wanted = self.source.frames(resume_s, self.options.end_s)
        if self.encoding.container == "gif":
            wanted = spaced(wanted, self.options.start_s, last_s)
        done = self.job.frames
        whole_s = float(info.frame_count / info.rate)
        part_s = min(whole_s, self.options.end_s or whole_s) - resume_s
        total = done + max(0, round(part_s * float(info.rate)))

        began_s = time.monotonic()
        with (
            write_behind(self.job, info, self.encoding) as write,
            _painted(wanted, self.painter, (width, height)) as paintings,
        ):
            for number, painted in enumerate(paintings, 1):
                write(painted)
                rate = number / max(1e-9, time.monotonic() - began_s)
                so_far = done + number
                told = Progress("painting", so_far, max(total, so_far), {"frames/s": rate})
                self.progress(told)

    def _publish(self, *, is_part: bool) -> None:
        """Make one file of the segments, and of the source's sound and subtitles up to there."""
        options, last_pts = self.options, self.job.segments[-1].last_pts
        last_frame_s = self.source.duration_s(last_pts)
        if last_frame_s is not None and options.end_s is not None:
            last_frame_s = min(last_frame_s, options.end_s - self._time_s(last_pts))
        with self.job.publishing() as file:
            if self.encoding.container == "gif":
                write_gif(
                    self.job.paths,
                    self.source.path,
                    file,
                    frame_count=self.job.frames,
                    start_s=options.start_s,
                    last_frame_s=last_frame_s,
                    progress=self.progress,
                )
            else:
                join_segments(
                    self.job.paths,
                    self.source.path,
                    file,
                    self.encoding.container,
                    start_s=options.start_s,
                    end_s=self._time_s(last_pts + 1) if is_part else options.end_s,
                    last_frame_s=last_frame_s,
                    sound=options.sound,
                    subtitles=options.subtitles,
                )

    def _time_s(self, pts: float) -> float:
        return float(pts * self.source.info.time_base)

    def _nothing_there(self) -> InputError:
        start_s, end_s, info = self.options.start_s, self.options.end_s, self.source.info
        if not start_s and end_s is None:  # what was decoded was the rest of a broken frame
            return InputError(f"{self.source.path} has no frame that is whole", "get it anew")
        until = "" if end_s is None else f" and before {end_s:g} s"
        return InputError(
            f"{self.source.path} has no frame at or after {start_s:g} s{until}",
            f"it lasts about {float(info.frame_count / info.rate):.3g} s",
        )


def needs_exact_colors(look: StylizeOptions) -> bool:
    """Return whether something of the frames themselves shows, so that `VideoSource` must not take
    its quick conversion.
    """
    return look.strength != 1 or look.keep_colors is not None


@contextmanager
def _painted(
    wanted: Iterator[VideoFrame], painter: VideoStylizer, size: tuple[int, int]
) -> Iterator[Iterator[PaintedFrame]]:
    """Read and paint some frames ahead, and yield all of them in their order, of that size."""

    def prepare(frame: VideoFrame) -> tuple[VideoFrame, Pixels]:
        frame = _fitted(frame, *size)
        return frame, painter.paint(frame.pixels, frame.time_s)

    def placed(paintings: Iterator[tuple[VideoFrame, Pixels]]) -> Iterator[PaintedFrame]:
        for frame, fresh in paintings:
            painting = painter.place(frame.pixels, fresh, frame.time_s)
            yield PaintedFrame(painting, frame.alpha, frame.pts, painter.memory)

    with (
        map_ahead(lambda _: next(wanted, None), repeat(None), 1, QUEUED_FRAMES) as read,
        map_ahead(prepare, iter(partial(next, read), None), painter.workers) as paintings,
    ):
        yield placed(paintings)


def paint_segment(
    source: VideoSource,
    path: Path,
    painter: VideoStylizer,
    encoding: Encoding,
    start_s: float,
    end_s: float | None,
) -> int:
    """Paint a part of a video into a file of its own, for `join_segments`.

    Args:
        source: the video; its frames keep their times.
        painter: has forgotten what it painted before.
        start_s, end_s: the part.

    Raises:
        OutputError: the segment cannot be written.
        EngineError: the engine fails.
    """
    writer = SegmentWriter(path, source.info, encoding)
    size = source.info.width, source.info.height
    try:
        with _painted(source.frames(start_s, end_s), painter, size) as paintings:
            for painted in paintings:
                writer.write(painted.pixels, painted.pts, painted.alpha)
    finally:
        writer.close()
    return writer.frames


def _fitted(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """Return a frame in the output's size; where nothing is seen, colours go on as beside."""
    pixels, alpha = frame.pixels, frame.alpha
    if alpha is not None:
        seen = np.where(alpha < FAINT, 0, alpha).astype(np.uint8)
        pixels, alpha = bleed(pixels, seen), resize(alpha, width, height)
    return replace(frame, pixels=resize(pixels, width, height), alpha=alpha)
