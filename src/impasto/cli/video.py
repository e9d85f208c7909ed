"""``impasto video CLIP --style udnie``: paint a video file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from impasto._util.atomic_files import file_label
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
from impasto.errors import InputError, OptionError
from impasto.options import StylizeOptions

__all__ = ["video_command"]

FILE = "File"


def video_command(
    context: typer.Context,
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video.")],
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
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Ends in .mp4, .m4v, .mov, .mkv, .webm or .gif; or a folder. "
            "Default: VIDEO-STYLE beside the video.",
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
        bool, flag("resume", "Go on with interrupted work on the same output.", panel=FILE)
    ] = False,
    gallery: GalleryOption = None,
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
) -> None:
    """Paint a video; its sound, subtitles and times are kept.

    Ctrl-C leaves a playable file of what is done, and --resume goes on from there.
    """
    from impasto.video import VIDEO_SUFFIXES, parse_timeline, read_timeline, stylize_video
    from impasto.video.resume_state import is_unfinished

    suffix = video.suffix if video.suffix.lower() in VIDEO_SUFFIXES else ".mp4"
    if style and timeline and was_said(context, "style") != was_said(context, "timeline"):
        style, timeline = (style, None) if was_said(context, "style") else (None, timeline)
    if style and timeline:
        raise OptionError("--style and --timeline both say what styles there are", "give one")
    if timeline:
        styles = read_timeline(timeline)
    else:
        styles = parse_timeline(style or DEFAULT_STYLE, "--style")
    label = file_label("+".join(dict.fromkeys(styles.names)))
    default = video.with_name(f"{video.stem}-{label}{suffix}")
    target = output / default.name if output and output.is_dir() else output or default
    start_s = _seconds(start, "--start")
    end_s = _seconds(end, "--end") if end else None
    before = _stamp(target)
    try:
        with console.progress() as progress:
            report = stylize_video(
                video,
                target,
                styles,
                strength=strength,
                stroke=stroke,
                keep_colors=cast(ColorWay | None, keep_colors),
                stability=stability,
                codec=codec,
                crf=crf,
                size=parse_size(size, "--size") if size else None,
                start_s=start_s,
                end_s=end_s,
                sound=not no_sound,
                subtitles=not no_subtitles,
                resume=resume,
                overwrite=overwrite,
                engine=cast(EngineName, engine),
                precision=cast(Precision, precision),
                gallery=gallery,
                progress=progress,
            )
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
