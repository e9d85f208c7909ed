"""Styles that change over time: ``udnie@0s..great-wave@10s``, or a small TOML file.

Between two points joined by ``..`` the one style becomes the other, evenly: style vectors mix
linearly (Dumoulin et al. 2017, section 3.3). A comma instead, ``udnie@0s,great-wave@10s``, changes
it at once.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto._util.atomic_files import exists, read_toml
from impasto.errors import OptionError
from impasto.networks.network_files import split_network
from impasto.styles import Style

ENTRY = re.compile(r"\s*(?P<style>[^@]*?)\s*@\s*(?P<time>[^@,]*?)\s*(?P<link>\.\.|,|$)")
MAX_POINTS = 1000
MAX_TIME_S = 1e9


@dataclass(frozen=True)
class TimelinePoint:
    """Time at which a style is reached.

    Attributes:
        time_s: in seconds from the video's beginning.
        style: a name or mixture, the file of a network, or a `Style`.
        at_once: the style before lasts until then, and does not become this one little by little.
    """

    time_s: float
    style: str | Style
    at_once: bool = False

    @property
    def name(self) -> str:
        """The style's name."""
        return self.style.name if isinstance(self.style, Style) else self.style


@dataclass(frozen=True)
class Timeline:
    """Styles in the order of their times. The first one lasts from the beginning, the last one to
    the end.

    Attributes:
        points: at least one.
        source: where they come from, for errors: an option or a file.

    Raises:
        OptionError: there are no points, or too many, or they are not in order.
    """

    points: tuple[TimelinePoint, ...]
    source: str = "style"

    def __post_init__(self) -> None:
        if not 1 <= len(self.points) <= MAX_POINTS:
            raise OptionError(
                f"{self.source} has {len(self.points)} entries", f"give 1 to {MAX_POINTS}"
            )
        for number, point in enumerate(self.points):
            if not 0 <= point.time_s < MAX_TIME_S:
                raise OptionError(f"{self.entry(number)}: no such time", "give seconds from 0 up")
            if number and point.time_s <= self.points[number - 1].time_s:
                raise OptionError(
                    f"{self.entry(number)} is not after the entry before it",
                    "give times that grow",
                )

    @classmethod
    def constant(cls, style: str | Style) -> Timeline:
        """Make a timeline of one style throughout."""
        return cls((TimelinePoint(0, style),))

    def __str__(self) -> str:
        """Return the text that `parse_timeline` takes."""
        if len(self.points) == 1:
            return self.points[0].name
        parts = [f"{point.name}@{point.time_s:g}s" for point in self.points]
        links = ["," if point.at_once else ".." for point in self.points[1:]]
        return parts[0] + "".join(link + part for link, part in zip(links, parts[1:], strict=True))

    @property
    def names(self) -> list[str]:
        """The names of the styles."""
        return [point.name for point in self.points]

    def entry(self, number: int) -> str:
        """Return what errors call a point, from 0."""
        point = self.points[number]
        if len(self.points) == 1:
            return f"{self.source} {point.name}"
        return f"{self.source}, entry {number + 1} ({point.name}@{point.time_s:g}s)"

    def stretch_at(self, time_s: float) -> int:
        """Return the number of the last point that was reached; 0 before the first."""
        reached = [number for number, point in enumerate(self.points) if point.time_s <= time_s]
        return reached[-1] if reached else 0

    def changes_after(self, number: int) -> bool:
        """Tell whether point ``number``'s style becomes the next one little by little."""
        if number + 1 >= len(self.points):
            return False
        here, following = self.points[number], self.points[number + 1]
        return not following.at_once and here.style != following.style

    def share_at(self, time_s: float) -> float:
        """Tell how far the style of the last point reached has become the next one, 0 to 1."""
        number = self.stretch_at(time_s)
        if not self.changes_after(number):
            return 0.0
        begins_s, ends_s = self.points[number].time_s, self.points[number + 1].time_s
        return min(1.0, max(0.0, (time_s - begins_s) / (ends_s - begins_s)))


def parse_timeline(text: str, source: str = "style") -> Timeline:
    """Read ``STYLE@TIME..STYLE@TIME,STYLE@TIME``; a style without a time lasts throughout.

    Args:
        text: styles are names, mixtures, or files of networks; times as `parse_time` takes them.
        source: where it comes from, for errors.

    Raises:
        OptionError: an entry cannot be read, or is not after the one before it; it is named.
    """
    if "@" not in text or exists(split_network(text)[0]):
        return Timeline.constant(text)
    points: list[TimelinePoint] = []
    place, link = 0, ".."
    while link:
        found = ENTRY.match(text, place)
        if found is None or not found["style"]:
            raise OptionError(
                f"{source}, entry {len(points) + 1} ({text[place:].strip()!r}) cannot be read",
                "write STYLE@TIME..STYLE@TIME",
            )
        try:
            time_s = parse_time(found["time"])
        except ValueError as error:
            raise OptionError(
                f"{source}, entry {len(points) + 1}: {found['time']!r} is no time",
                "write 10s, or 1:02:03.5",
            ) from error
        points.append(TimelinePoint(time_s, found["style"], at_once=link == ","))
        place, link = found.end(), found["link"]
    return Timeline(tuple(points), source)


def read_timeline(path: str | os.PathLike[str]) -> Timeline:
    """Read a TOML file of points.

    ::

        [[point]]
        at = 0
        style = "udnie"

        [[point]]
        at = "0:10"
        style = "great-wave:0.7+udnie:0.3"
        at_once = true  # the default is false: little by little

    Raises:
        InputError: it is missing, or no TOML.
        OptionError: an entry is wrong; it is named.
    """
    path = Path(path)
    table = read_toml(path, "a timeline")
    entries = table.get("point")
    if set(table) != {"point"} or not isinstance(entries, list):
        raise OptionError(f"{path} holds something else than [[point]]s", "see docs/video.md")
    points = tuple(_point(entry, f"{path}, entry {n}") for n, entry in enumerate(entries, 1))
    return Timeline(points, str(path))


def _point(entry: Any, name: str) -> TimelinePoint:
    if not isinstance(entry, dict):
        raise OptionError(f"{name} is no table", "write [[point]] above its lines")
    unknown = sorted(set(entry) - {"at", "style", "at_once"})
    if unknown:
        raise OptionError(f"{name} has {unknown[0]!r}", "it takes at, style and at_once")
    at, style, at_once = entry.get("at"), entry.get("style"), entry.get("at_once", False)
    if not isinstance(style, str) or not style.strip():
        raise OptionError(f"{name} has no style", 'add style = "NAME"')
    if not isinstance(at_once, bool):
        raise OptionError(f"{name}: at_once is {at_once!r}", "write true or false")
    try:
        time_s = parse_time(at if isinstance(at, str) else repr(at))
    except ValueError as error:
        raise OptionError(f"{name}: at = {at!r} is no time", 'write 10, or "1:02:03.5"') from error
    return TimelinePoint(time_s, style.strip(), at_once)


def parse_time(text: str) -> float:
    """Read seconds: ``90``, ``90s``, ``1:30`` and ``0:01:30`` are the same.

    Raises:
        ValueError: it is no time.
    """
    parts = [float(part) for part in text.strip().removesuffix("s").split(":")]
    if not 1 <= len(parts) <= 3 or not all(0 <= part < MAX_TIME_S for part in parts):
        raise ValueError(text)
    seconds = 0.0
    for part in parts:
        seconds = 60 * seconds + part
    return seconds
