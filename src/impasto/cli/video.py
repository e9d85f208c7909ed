"""``impasto video CLIP --style udnie``: paint video files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto._util.atomic_files import exists, list_folder, make_folder, real_path
from impasto.cli.console import console
from impasto.cli.options import (
    argument,
    flag,
    option,
    painting_option,
    painting_values,
    parse_size,
    stability_option,
    takes,
    was_said,
)
from impasto.cli.targets import folder_beside
from impasto.cli.watching import stamp
from impasto.defaults import DEFAULT_STYLE, FILM_SUFFIXES
from impasto.errors import BatchError, ImpastoError, InputError, OptionError, OutputError

if TYPE_CHECKING:
    from impasto.video import Timeline, VideoReport

FILE = "File"


@dataclass(frozen=True)
class VideoCommandOptions:
    """The options of ``impasto video``, in the order of its help."""

    videos: list[str] = argument("VIDEO...", "Videos, or folders of them.")
    style: str | None = option(
        None,
        "A style, a mixture, or the file of a network; or styles and times: "
        "udnie@0s..great-wave@10s changes little by little, udnie@0s,great-wave@10s at once. "
        f"Default: {DEFAULT_STYLE}.",
        "--style",
        "-s",
        metavar="NAME",
    )
    timeline: Path | None = option(
        None,
        "Styles and times from a TOML file (docs/video.md), instead of --style.",
        metavar="FILE",
    )
    output: str | None = option(
        None,
        "Ends in .mp4, .m4v, .mov, .mkv, .webm or .gif; or a folder. "
        "Default: VIDEO-STYLE beside the video, or FOLDER-STYLE beside the folder.",
        "--output",
        "-o",
        metavar="FILE",
    )
    strength: float = painting_option("strength")
    stroke: float = painting_option("stroke")
    keep_colors: str | None = painting_option("keep_colors")
    stability: float = stability_option()
    start: str = option("0", "Begin here: seconds, or 1:02:03.5.", metavar="TIME")
    end: str | None = option(None, "End here.", metavar="TIME")
    codec: str | None = option(
        None, "h264, hevc, vp9 or av1. Default: h264, in .webm vp9.", metavar="NAME", panel=FILE
    )
    crf: int = option(20, "Smaller is better, and larger in bytes.", panel=FILE)
    size: str | None = option(
        None, "Of the painted video. Default: the video's own.", metavar="WIDTHxHEIGHT", panel=FILE
    )
    no_sound: bool = option(False, "Leave sound out.", "--no-sound/--sound", panel=FILE)
    no_subtitles: bool = option(
        False, "Leave subtitles out.", "--no-subtitles/--subtitles", panel=FILE
    )
    overwrite: bool = flag("overwrite", "Replace a video that exists.", panel=FILE)
    resume: bool = flag(
        "resume",
        "Go on with interrupted work on the same output; of several videos, leave out those "
        "that are done.",
        panel=FILE,
    )
    gallery: str | None = painting_option("gallery")
    engine: str = painting_option("engine")
    precision: str = painting_option("precision")


@takes(VideoCommandOptions)
def video_command(context: typer.Context, options: VideoCommandOptions) -> None:
    """Paint videos; their sound, subtitles and times are kept.

    Several are painted one after the other; one that fails does not keep the others from it. Ctrl-C
    leaves a playable file of what is done, and --resume goes on from there.
    """
    from impasto.styles import StyleRef
    from impasto.video import stylize_video
    from impasto.video.resume_state import is_unfinished

    styles = _styles(context, options)
    label = "+".join(StyleRef.parse(each).label for each in dict.fromkeys(styles.names))
    targets = _plan(options.videos, options.output, label)
    paint = partial(stylize_video, **_keywords(options, styles))
    if len(targets) == 1:
        for video, target in targets.items():
            _paint(video, target, partial(paint, resume=options.resume))
        return
    failures: list[ImpastoError] = []
    for video, target in targets.items():
        begun = options.resume and is_unfinished(target)
        if options.resume and not begun and target.exists() and not options.overwrite:
            console.note(f"{target} is done")
            continue
        try:
            _paint(video, target, partial(paint, resume=begun))
        except (InputError, OutputError) as error:  # others speak of all videos
            console.error(error)
            failures.append(error)
    if failures:
        raise BatchError(failures, len(targets) - len(failures))


def _styles(context: typer.Context, options: VideoCommandOptions) -> Timeline:
    from impasto.video import parse_timeline, read_timeline

    style, timeline = options.style, options.timeline
    if style and timeline and was_said(context, "style") != was_said(context, "timeline"):
        style, timeline = (style, None) if was_said(context, "style") else (None, timeline)
    if style and timeline:
        raise OptionError("--style and --timeline both say what styles there are", "give one")
    if timeline:
        return read_timeline(timeline)
    return parse_timeline(style or DEFAULT_STYLE, "--style")


def _keywords(options: VideoCommandOptions, styles: Timeline) -> dict[str, Any]:
    """Return what `stylize_video` takes of the options of all videos."""
    file = ("stability", "codec", "crf", "overwrite")
    return {
        **painting_values(options),
        "style": styles,
        **{name: getattr(options, name) for name in file},
        "size": parse_size(options.size, "--size") if options.size else None,
        "start_s": _seconds(options.start, "--start"),
        "end_s": _seconds(options.end, "--end") if options.end else None,
        "sound": not options.no_sound,
        "subtitles": not options.no_subtitles,
    }


def _plan(videos: Sequence[str], output: str | None, label: str) -> dict[Path, Path]:
    """Decide which file becomes which, as `impasto.cli.targets.plan_jobs` has it for photos."""
    from impasto.video import VIDEO_SUFFIXES

    folders = [Path(each) for each in videos if exists(each) and Path(each).is_dir()]
    several = len(videos) > 1 or bool(folders)
    is_folder = output is not None and (
        output.endswith(("/", os.sep)) or (exists(output) and Path(output).is_dir())
    )
    if output and not (several or is_folder):
        return {Path(videos[0]): Path(output)}
    into = Path(output) if output else None
    if into and into.suffix.lower() in VIDEO_SUFFIXES and not is_folder:
        raise OptionError(f"{into} is called as one video, and there are several", "give a folder")
    targets: dict[Path, Path] = {}
    for each in map(Path, videos):
        if each in folders:
            folder = into or folder_beside(each, label)
            for video in _videos_in(each):
                targets[video] = _target(video, folder, label)
        else:
            targets[each] = _target(each, into or each.parent, label)
    painted = set(targets.values())
    if len(painted) < len(targets):
        raise OptionError("two videos would have the same name", "paint them apart")
    # What is called as the painting of another one, an earlier run made.
    targets = {video: target for video, target in targets.items() if video not in painted}
    for folder in {target.parent for target in targets.values()} if into or folders else ():
        make_folder(folder)
    return targets


def _videos_in(folder: Path) -> list[Path]:
    videos = [
        each
        for each in list_folder(folder)
        if each.suffix.lower() in FILM_SUFFIXES and not each.name.startswith(".") and each.is_file()
    ]
    if not videos:
        raise InputError(f"{folder} holds no videos", "give a folder with some")
    return videos


def _target(video: Path, folder: Path, label: str) -> Path:
    """Name a painting: in the video's own folder as it and the style, in others as the video."""
    from impasto.video import VIDEO_SUFFIXES

    beside = real_path(folder) == real_path(video.parent)
    suffix = video.suffix if video.suffix.lower() in VIDEO_SUFFIXES else ".mp4"
    return folder / f"{video.stem}{f'-{label}' if beside else ''}{suffix}"


def _paint(video: Path, target: Path, paint: Callable[..., VideoReport]) -> None:
    from impasto.video.resume_state import is_unfinished

    before = stamp(target)
    try:
        with console.progress() as progress:
            report = paint(video, target, progress=progress)
    except KeyboardInterrupt:
        if is_unfinished(target):
            changed = stamp(target) != before
            state = "has what was painted so far" if changed else "is as it was"
            console.note(f"{target} {state}; the same command with --resume goes on")
        raise
    if report.damaged:
        console.note(f"{video}: {report.damaged} damaged packets or frames were bridged")
    rate = report.painted / max(report.seconds, 1e-9)
    console.detail(f"{report.painted} frames in {report.seconds:.1f} s, {rate:.1f} frames a second")
    console.note(f"{video} -> {target}")
    if report.cut_off:
        raise InputError(f"{video} is cut off: what there is of it was painted", "get it anew")


def _seconds(text: str, option: str) -> float:
    from impasto.video import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise OptionError(f"{option} {text!r} is no time", "write seconds, or 1:02:03.5") from error
