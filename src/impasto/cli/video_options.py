"""The options of ``impasto video``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto.cli.options import argument, flag, option, painting_option, stability_option
from impasto.defaults import DEFAULT_STYLE

__all__ = ["VideoCommandOptions"]

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
