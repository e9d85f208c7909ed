"""``impasto video CLIP --style udnie``: paint video files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto._util.atomic_files import exists, file_label, make_folder, real_path
from impasto.cli.console import console
from impasto.cli.options import (
    EngineOption,
    GalleryOption,
    KeepColorsOption,
    PrecisionOption,
    StabilityOption,
    StrengthOption,
    StrokeOption,
    flag,
    parse_size,
    was_said,
)
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE, ColorWay, EngineName, Precision
from impasto.errors import BatchError, ImpastoError, InputError, OptionError, OutputError
from impasto.options import StylizeOptions

if TYPE_CHECKING:
    from impasto.video import VideoReport

__all__ = ["SUFFIXES", "video_command"]

SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts"}
"""Of files that are taken for videos by their names; what FFmpeg reads is known when it is loaded.
"""

FILE = "File"


def video_command(
    context: typer.Context,
    videos: Annotated[
        list[str], typer.Argument(metavar="VIDEO...", help="Videos, or folders of them.")
    ],
    style: Annotated[
        str | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME",
            help="A style, a mixture, or the file of a network; or styles and times: "
            "udnie@0s..great-wave@10s changes little by little, udnie@0s,great-wave@10s at once. "
            f"Default: {DEFAULT_STYLE}.",
            show_default=False,
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Styles and times from a TOML file (docs/video.md), instead of --style.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Ends in .mp4, .m4v, .mov, .mkv, .webm or .gif; or a folder. "
            "Default: VIDEO-STYLE beside the video, or FOLDER-STYLE beside the folder.",
            show_default=False,
        ),
    ] = None,
    strength: StrengthOption = StylizeOptions.strength,
    stroke: StrokeOption = StylizeOptions.stroke,
    keep_colors: KeepColorsOption = None,
    stability: StabilityOption = DEFAULT_STABILITY,
    start: Annotated[
        str, typer.Option(metavar="TIME", help="Begin here: seconds, or 1:02:03.5.")
    ] = "0",
    end: Annotated[
        str | None, typer.Option(metavar="TIME", help="End here.", show_default=False)
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="h264, hevc, vp9 or av1. Default: h264, in .webm vp9.",
            rich_help_panel=FILE,
            show_default=False,
        ),
    ] = None,
    crf: Annotated[
        int,
        typer.Option(help="Smaller is better, and larger in bytes.", rich_help_panel=FILE),
    ] = 20,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Of the painted video. Default: the video's own.",
            rich_help_panel=FILE,
            show_default=False,
        ),
    ] = None,
    no_sound: Annotated[
        bool,
        typer.Option(
            "--no-sound/--sound", help="Leave sound out.", show_default=False, rich_help_panel=FILE
        ),
    ] = False,
    no_subtitles: Annotated[
        bool,
        typer.Option(
            "--no-subtitles/--subtitles",
            help="Leave subtitles out.",
            show_default=False,
            rich_help_panel=FILE,
        ),
    ] = False,
    overwrite: Annotated[
        bool, flag("overwrite", "Replace a video that exists.", panel=FILE)
    ] = False,
    resume: Annotated[
        bool,
        flag(
            "resume",
            "Go on with interrupted work on the same output; of several videos, leave out those "
            "that are done.",
            panel=FILE,
        ),
    ] = False,
    gallery: GalleryOption = None,
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
) -> None:
    """Paint videos; their sound, subtitles and times are kept.

    Several are painted one after the other; one that fails does not keep the others from it. Ctrl-C
    leaves a playable file of what is done, and --resume goes on from there.
    """
    from impasto.video import parse_timeline, read_timeline, stylize_video
    from impasto.video.resume_state import is_unfinished

    if style and timeline and was_said(context, "style") != was_said(context, "timeline"):
        style, timeline = (style, None) if was_said(context, "style") else (None, timeline)
    if style and timeline:
        raise OptionError("--style and --timeline both say what styles there are", "give one")
    if timeline:
        styles = read_timeline(timeline)
    else:
        styles = parse_timeline(style or DEFAULT_STYLE, "--style")
    paint = partial(
        stylize_video,
        style=styles,
        strength=strength,
        stroke=stroke,
        keep_colors=cast(ColorWay | None, keep_colors),
        stability=stability,
        codec=codec,
        crf=crf,
        size=parse_size(size, "--size") if size else None,
        start_s=_seconds(start, "--start"),
        end_s=_seconds(end, "--end") if end else None,
        sound=not no_sound,
        subtitles=not no_subtitles,
        overwrite=overwrite,
        engine=cast(EngineName, engine),
        precision=cast(Precision, precision),
        gallery=gallery,
    )
    targets = _plan(videos, output, file_label("+".join(dict.fromkeys(styles.names))))
    if len(targets) == 1:
        for video, target in targets.items():
            _paint(video, target, partial(paint, resume=resume))
        return
    failures: list[ImpastoError] = []
    for video, target in targets.items():
        begun = resume and is_unfinished(target)
        if resume and not begun and target.exists() and not overwrite:
            console.note(f"{target} is done")
            continue
        try:
            _paint(video, target, partial(paint, resume=begun))
        except (InputError, OutputError) as error:  # others speak of all videos
            console.error(error)
            failures.append(error)
    if failures:
        raise BatchError(failures, len(targets) - len(failures))


def _plan(videos: Sequence[str], output: str | None, label: str) -> dict[Path, Path]:
    """Which file becomes which, as `impasto.cli.targets.plan_jobs` has it for photos.

    Raises:
        InputError: a folder has no videos.
        OptionError, OutputError: the outputs do not fit into the one that was given.
    """
    from impasto.video import VIDEO_SUFFIXES

    address = next((each for each in videos if "://" in each), None)
    if address:
        raise InputError(f"{address} is no file", "download it first")
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
            named = each if each.name else real_path(each)  # "." has no name of its own
            folder = into or named.with_name(f"{named.name}-{label}")
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
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror})", "check it") from error
    videos = [
        each
        for each in paths
        if each.suffix.lower() in SUFFIXES and not each.name.startswith(".") and each.is_file()
    ]
    if not videos:
        raise InputError(f"{folder} holds no videos", "give a folder with some")
    return videos


def _target(video: Path, folder: Path, label: str) -> Path:
    """In the video's own folder its name and the style's, in others its name."""
    from impasto.video import VIDEO_SUFFIXES

    beside = real_path(folder) == real_path(video.parent)
    suffix = video.suffix if video.suffix.lower() in VIDEO_SUFFIXES else ".mp4"
    return folder / f"{video.stem}{f'-{label}' if beside else ''}{suffix}"


def _paint(video: Path, target: Path, paint: Callable[..., VideoReport]) -> None:
    from impasto.video.resume_state import is_unfinished

    before = _stamp(target)
    try:
        with console.progress() as progress:
            report = paint(video, target, progress=progress)
    except KeyboardInterrupt:
        if is_unfinished(target):
            changed = _stamp(target) != before
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


def _stamp(path: Path) -> tuple[int, int] | None:
    """Another one when the file was written anew; none if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _seconds(text: str, option: str) -> float:
    from impasto.video import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise OptionError(f"{option} {text!r} is no time", "write seconds, or 1:02:03.5") from error
