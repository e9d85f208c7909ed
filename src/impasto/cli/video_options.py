"""What ``impasto video`` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.options import (
    EngineOption,
    GalleryOption,
    KeepColorsOption,
    PrecisionOption,
    StabilityOption,
    StrengthOption,
    StrokeOption,
    flag,
)
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.options import StylizeOptions

__all__ = ["VideoCommandOptions"]

FILE = "File"


@dataclass(frozen=True)
class VideoCommandOptions:
    """The options of ``impasto video``, in the order of its help."""

    videos: Annotated[
        list[str], typer.Argument(metavar="VIDEO...", help="Videos, or folders of them.")
    ]
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
    ] = None
    timeline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Styles and times from a TOML file (docs/video.md), instead of --style.",
            show_default=False,
        ),
    ] = None
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
    ] = None
    strength: StrengthOption = StylizeOptions.strength
    stroke: StrokeOption = StylizeOptions.stroke
    keep_colors: KeepColorsOption = None
    stability: StabilityOption = DEFAULT_STABILITY
    start: Annotated[
        str, typer.Option(metavar="TIME", help="Begin here: seconds, or 1:02:03.5.")
    ] = "0"
    end: Annotated[
        str | None, typer.Option(metavar="TIME", help="End here.", show_default=False)
    ] = None
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="h264, hevc, vp9 or av1. Default: h264, in .webm vp9.",
            rich_help_panel=FILE,
            show_default=False,
        ),
    ] = None
    crf: Annotated[
        int,
        typer.Option(help="Smaller is better, and larger in bytes.", rich_help_panel=FILE),
    ] = 20
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Of the painted video. Default: the video's own.",
            rich_help_panel=FILE,
            show_default=False,
        ),
    ] = None
    no_sound: Annotated[
        bool,
        typer.Option(
            "--no-sound/--sound", help="Leave sound out.", show_default=False, rich_help_panel=FILE
        ),
    ] = False
    no_subtitles: Annotated[
        bool,
        typer.Option(
            "--no-subtitles/--subtitles",
            help="Leave subtitles out.",
            show_default=False,
            rich_help_panel=FILE,
        ),
    ] = False
    overwrite: Annotated[bool, flag("overwrite", "Replace a video that exists.", panel=FILE)] = (
        False
    )
    resume: Annotated[
        bool,
        flag(
            "resume",
            "Go on with interrupted work on the same output; of several videos, leave out those "
            "that are done.",
            panel=FILE,
        ),
    ] = False
    gallery: GalleryOption = None
    engine: EngineOption = "auto"
    precision: PrecisionOption = "auto"
