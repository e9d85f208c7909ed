"""A video from file to file: reading, painting and writing overlap, each in a thread of its own."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Unpack

from impasto._util.atomic_files import real_path
from impasto._util.prefetch import map_ahead
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.errors import InputError, OptionError
from impasto.images import bleed, resize
from impasto.multiscale import MAX_SIDE_PX
from impasto.options import StyleSource, StylizeKeywords, StylizeOptions
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.video.encoding import Encoding, choose_encoding
from impasto.video.gif import spaced, write_gif
from impasto.video.io_threads import PaintedFrame, read_ahead, write_behind
from impasto.video.muxing import join_segments
from impasto.video.resume_state import Job
from impasto.video.source import VideoFrame, VideoInfo, VideoSource
from impasto.video.temporal_consistency import StrokeMemory
from impasto.video.timeline import Timeline
from impasto.video.tracks import check_tracks
from impasto.video.video_stylizer import VideoStylizer, options_over_time
from impasto.video.worker_pool import pool_size

__all__ = ["PaintFrame", "VideoReport", "convert_video", "stylize_video"]

Pixels = NDArray[np.uint8]
PaintFrame = Callable[[Pixels, float], Pixels]

DEFAULT_CRF = 20
FAINT = 16  # lossy alpha is not quite 0 where nothing is seen, and black lies behind it


@dataclass(frozen=True)
class VideoReport:
    """What was done.

    Attributes:
        frames: in the output.
        painted: of them, now; the others by the work that was resumed.
        damaged: packets and frames of the source that were damaged.
        cut_off: the source ends before it should, and before the end that was asked for.
        seconds: it took.
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
    stability: float = DEFAULT_STABILITY,
    codec: str | None = None,
    crf: int = DEFAULT_CRF,
    size: tuple[int, int] | None = None,
    start_s: float = 0,
    end_s: float | None = None,
    sound: bool = True,
    subtitles: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    **keywords: Unpack[StylizeKeywords],
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
        stability: how much strokes stay on the things that they are painted on, 0 to 1
            (`impasto.video.temporal_consistency`); 0 paints frame by frame.
        codec: ``h264`` (the default), ``hevc``, ``vp9`` (the default for .webm) or ``av1``.
        crf: constant rate factor of the encoder: smaller is better, and larger in bytes.
        size: width and height of the output, in pixels; those of the video if not given.
        start_s, end_s: paint only this part, in seconds.
        sound, subtitles: keep them.
        resume: go on with work on the same output that was interrupted.
        overwrite: replace an output that exists, once the new one is whole.
        progress: told after every frame.
        keywords: options, as `StylizeOptions` has them, but for those of areas and detail.

    Raises:
        InputError: the video cannot be read.
        OptionError: an option is unknown, is for photos only, or has an impossible value; or
            ``resume`` does not fit.
        OutputError: the output exists, is being painted by another process, cannot be written, or
            could not hold the video's sound or subtitles.
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
    """
    timeline, options = options_over_time(style, keywords)
    palette = options.palette_pixels()
    workers = pool_size(options.engine)
    with VideoStylizer(timeline, options, stability=stability, workers=workers) as painter:
        return convert_video(
            Path(video),
            Path(output),
            painter,
            settings={
                "style": str(timeline),
                "strength": options.strength,
                "stroke": options.stroke,
                "keep_colors": options.keep_colors,
                "palette": None if palette is None else zlib.crc32(palette.tobytes()),
                "seed": options.seed,
                "quality": options.quality,
                "stability": stability,
                "engine": painter.engine,
            },
            encoding=choose_encoding(Path(output), codec, crf),
            size=size,
            start_s=start_s,
            end_s=end_s,
            sound=sound,
            subtitles=subtitles,
            resume=resume,
            overwrite=overwrite,
            exact_colors=options.strength != 1 or options.keep_colors is not None,
            progress=progress,
        )


def convert_video(
    video: Path,
    output: Path,
    painter: PaintFrame,
    *,
    settings: dict[str, object],
    encoding: Encoding,
    size: tuple[int, int] | None = None,
    start_s: float = 0,
    end_s: float | None = None,
    sound: bool = True,
    subtitles: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    exact_colors: bool = True,
    progress: ProgressListener = ignore_progress,
) -> VideoReport:
    """As `stylize_video`, with any function of a frame.

    Args:
        painter: takes H x W x 3 uint8 RGB pixels and their time in seconds, and gives pixels of the
            same shape. What a `VideoStylizer` remembers outlives an interruption.
        settings: what the painter depends on, so that ``resume`` can tell whether it is the same.
        exact_colors: as `VideoSource` takes it; for painters that show something of the frame.
    """
    _check_part(start_s, end_s)
    if size is not None and not (min(size) >= 1 and max(size) <= MAX_SIDE_PX):
        raise OptionError(f"size is {size[0]}x{size[1]}", f"give sides from 1 to {MAX_SIDE_PX}")
    began = time.monotonic()
    if real_path(output) == real_path(video):
        raise OptionError(f"{output} would replace the video", "give another output")
    if encoding.container != "gif":
        check_tracks(video, output, encoding.container, sound=sound, subtitles=subtitles)
    with (
        VideoSource(video, exact_colors=exact_colors) as source,
        Job(
            output,
            {
                **settings,
                "video": _identity(video),
                "encoding": [encoding.codec, encoding.crf],
                "size": size,
                "start": start_s,
                "end": end_s,
            },
            resume=resume,
            overwrite=overwrite,
        ) as job,
    ):
        before = job.frames
        interrupted: KeyboardInterrupt | None = None
        try:
            _paint(source, job, painter, encoding, size, start_s, end_s, progress)
        except KeyboardInterrupt as error:
            interrupted = error
        if not job.segments:
            job.remove()
            if interrupted is None:
                until = "" if end_s is None else f" and before {end_s:g} s"
                whole_s = float(source.info.frame_count / source.info.rate)
                raise InputError(
                    f"{video} has no frame at or after {start_s:g} s{until}",
                    f"it lasts about {whole_s:.3g} s",
                )
            raise interrupted
        if interrupted and output.exists() and not job.owns_output():
            raise interrupted  # a part never replaces what may be whole
        last_s = float(job.segments[-1].last_pts * source.info.time_base)
        last_frame_s = source.duration_s(job.segments[-1].last_pts)
        if last_frame_s is not None and end_s is not None:
            last_frame_s = min(last_frame_s, end_s - last_s)
        with job.publishing() as file:
            if encoding.container == "gif":
                write_gif(
                    job.paths,
                    video,
                    file,
                    frame_count=job.frames,
                    start_s=start_s,
                    last_frame_s=last_frame_s,
                    progress=progress,
                )
            else:
                painted_s = float((job.segments[-1].last_pts + 1) * source.info.time_base)
                join_segments(
                    job.paths,
                    video,
                    file,
                    encoding.container,
                    start_s=start_s,
                    end_s=painted_s if interrupted else end_s,
                    last_frame_s=last_frame_s,
                    sound=sound,
                    subtitles=subtitles,
                )
        if interrupted is not None:
            raise interrupted
        job.remove()
        seconds = time.monotonic() - began
        painted = job.frames - before
        return VideoReport(job.frames, painted, source.damaged, source.cut_off, seconds)


def _identity(video: Path) -> list[object]:
    stat = video.stat()
    return [video.name, stat.st_size, stat.st_mtime_ns]


def _check_part(start_s: float, end_s: float | None) -> None:
    if not 0 <= start_s < float("inf"):
        raise OptionError(f"start is {start_s}", "give seconds from 0 up")
    if end_s is not None and not end_s > start_s:
        raise OptionError(f"end is {end_s}, start {start_s}", "end after the start")


def _paint(
    source: VideoSource,
    job: Job,
    painter: PaintFrame,
    encoding: Encoding,
    size: tuple[int, int] | None,
    start_s: float,
    end_s: float | None,
    progress: ProgressListener,
) -> None:
    info = source.info
    width, height = size or (info.width, info.height)
    info = replace(info, width=width, height=height)
    done = job.frames
    steady = painter if isinstance(painter, VideoStylizer) else None
    resume_s, last_s = start_s, None
    if job.segments:
        last_pts = job.segments[-1].last_pts
        resume_s = float((last_pts + 0.5) * info.time_base)
        last_s = float(last_pts * info.time_base)
        if steady and (arrays := job.memory()):
            steady.recall(StrokeMemory.of(arrays), last_s)
    wanted = source.frames(resume_s, end_s)
    if encoding.container == "gif":
        wanted = spaced(wanted, start_s, last_s)
    total = _frames_in_part(info, resume_s, end_s) + done
    began = time.monotonic()
    with ExitStack() as stack:
        frames = stack.enter_context(read_ahead(wanted))
        write = stack.enter_context(write_behind(job, info, encoding))

        def prepare(frame: VideoFrame) -> tuple[VideoFrame, Pixels | None]:
            frame = _fitted(frame, width, height)
            return frame, steady.paint(frame.pixels, frame.time_s) if steady else None

        paintings = stack.enter_context(map_ahead(prepare, frames, steady.workers if steady else 1))
        for number, (frame, fresh) in enumerate(paintings, 1):
            if steady is None or fresh is None:
                painting, memory = painter(frame.pixels, frame.time_s), None
            else:
                painting = steady.place(frame.pixels, fresh, frame.time_s)
                memory = steady.memory
            write(PaintedFrame(painting, frame.alpha, frame.pts, memory))
            rate = number / max(1e-9, time.monotonic() - began)
            done += 1
            progress(Progress("painting", done, max(total, done), {"frames/s": rate}))


def _fitted(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """In the output's size; where nothing is seen, colours go on as beside."""
    pixels, alpha = frame.pixels, frame.alpha
    if alpha is not None:
        seen = np.where(alpha < FAINT, 0, alpha).astype(np.uint8)
        pixels, alpha = bleed(pixels, seen), resize(alpha, width, height)
    return replace(frame, pixels=resize(pixels, width, height), alpha=alpha)


def _frames_in_part(info: VideoInfo, start_s: float, end_s: float | None) -> int:
    whole_s = float(info.frame_count / info.rate)
    part_s = min(whole_s, whole_s if end_s is None else end_s) - start_s
    return max(0, round(part_s * float(info.rate)))
