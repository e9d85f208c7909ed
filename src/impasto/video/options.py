"""Options of videos, beside how frames are painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from impasto.defaults import DEFAULT_STABILITY
from impasto.errors import OptionError
from impasto.multiscale import MAX_SIDE_PX
from impasto.options import StylizeKeywords
from impasto.video.temporal_consistency import check_stability


@dataclass(frozen=True)
class VideoOptions:
    """The part of a video to paint, how calm, and how to write it.

    Attributes:
        stability: how much strokes stay on the things that they are painted on, 0 to 1
            (`impasto.video.temporal_consistency`); 0 paints frame by frame.
        codec: ``h264`` (the default), ``hevc``, ``vp9`` (the default for .webm) or ``av1``.
        crf: constant rate factor of the encoder, 0 to 63: smaller is better, and larger in bytes.
        size: width and height of the output, in pixels; those of the video if not given.
        start_s, end_s: paint only this part, in seconds.
        sound, subtitles: keep them.
        resume: go on with work on the same output that was interrupted.
        overwrite: replace an output that exists, once the new one is whole.

    Raises:
        OptionError: an option has an impossible value.
    """

    stability: float = DEFAULT_STABILITY
    codec: str | None = None
    crf: int = 20
    size: tuple[int, int] | None = None
    start_s: float = 0
    end_s: float | None = None
    sound: bool = True
    subtitles: bool = True
    resume: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_stability(self.stability)
        if self.size and not (min(self.size) >= 1 and max(self.size) <= MAX_SIDE_PX):
            width, height = self.size
            raise OptionError(f"size is {width}x{height}", f"give sides from 1 to {MAX_SIDE_PX}")
        if not 0 <= self.start_s < float("inf"):
            raise OptionError(f"start is {self.start_s}", "give seconds from 0 up")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise OptionError(f"end is {self.end_s}, start {self.start_s}", "end after the start")

    @classmethod
    def split(cls, keywords: Mapping[str, Any]) -> tuple[VideoOptions, dict[str, Any]]:
        """Return the options among some keywords, and all the others."""
        names = {each.name for each in fields(cls)}
        own = {name: value for name, value in keywords.items() if name in names}
        return cls(**own), {name: keywords[name] for name in keywords if name not in names}


class VideoKeywords(StylizeKeywords, total=False):
    """The options of videos, and those of paintings but the style, as keywords."""

    stability: float
    codec: str | None
    crf: int
    size: tuple[int, int] | None
    start_s: float
    end_s: float | None
    sound: bool
    subtitles: bool
    resume: bool
    overwrite: bool
