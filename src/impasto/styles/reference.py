"""References to styles: names, mixtures, files of paintings, of styles and of networks.

``great-wave``, ``great-wave:0.7+udnie:0.3``, ``cow.jpg``, ``cow.style``, ``net.t7`` and
``net.onnx#7``.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from impasto._util.atomic_files import exists
from impasto.errors import OptionError
from impasto.images import IMAGE_SUFFIXES
from impasto.networks.network_files import NETWORK_SUFFIXES, split_network
from impasto.styles.style import STYLE_SUFFIX, Style

MAX_STYLES = 16
MAX_WEIGHT = 1e6
LONGEST_LABEL = 80


@dataclass(frozen=True)
class StyleRef:
    """A style, as it was asked for.

    Attributes:
        text: what was said; of a `Style`, its name.
        parts: names or files of what is mixed, with weights that sum to 1. Of a `Style` and of a
            network, there are none.
        style: the `Style` itself, if that was given.
    """

    text: str
    parts: tuple[tuple[str, float], ...] = ()
    style: Style | None = None

    @classmethod
    def parse(cls, source: str | os.PathLike[str] | Style | StyleRef) -> StyleRef:
        """Read a `Style`, a file, or ``NAME[:WEIGHT][+NAME[:WEIGHT]]...``; a reference stays one.

        A name may be a file; one with a plus in it can only stand alone. A style without a weight
        has weight 1 before the division: ``a+b`` is half and half, and ``a:3+b`` three quarters of
        a.

        Raises:
            OptionError: a part is empty, or a weight is not a number above 0 (and up to a million).
        """
        if isinstance(source, StyleRef):
            return source
        if isinstance(source, Style):
            return cls(source.name, style=source)
        text = os.fspath(source)
        files = (text, *(part.partition(":")[0].strip() for part in text.split("+")))
        suffixes = {split_network(each)[0].suffix.lower() for each in files}
        return cls(text, () if suffixes & NETWORK_SUFFIXES else _parts(text))

    @property
    def is_network(self) -> bool:
        """Whether it is a network in a file, or would mix one: none of a gallery's styles."""
        return not self.parts and self.style is None

    @property
    def is_file(self) -> bool:
        """Whether it is the file of a painting or of a style, alone."""
        return len(self.parts) == 1 and _names_file(self.parts[0][0])

    @property
    def label(self) -> str:
        """Its part of a file name: ``great-wave+cow`` of ``great-wave:3+cow.jpg``, ``candy-7`` of
        ``models/candy.onnx#7``.
        """
        if self.is_network:
            path, choice = split_network(self.text)
            label = path.stem if choice is None else f"{path.stem}-{Path(choice).stem}"
        else:
            names = [name for name, _ in self.parts] or [self.text]
            stems = [Path(name).stem for name in names]  # of a painting without folder and end
            label = "+".join("-".join(stem.lower().split()) for stem in stems)
        plain = "".join(c if c.isalnum() or c in "-+_" else "-" for c in label)
        return plain[:LONGEST_LABEL] or "painting"


def names_painting(name: str) -> bool:
    """Return whether a style is a picture's file, from which it is to be predicted."""
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


def _names_file(name: str) -> bool:
    return names_painting(name) or Path(name).suffix == STYLE_SUFFIX


def _parts(text: str) -> tuple[tuple[str, float], ...]:
    if _names_file(text.strip()) and exists(text):
        return ((text, 1.0),)
    parts = []
    for part in text.split("+"):
        name, weight = _split(part.strip())
        if not name or not 0 < weight <= MAX_WEIGHT:
            raise OptionError(
                f"style {text!r} is not a mixture that can be read",
                "write NAME, or NAME:WEIGHT+NAME:WEIGHT with weights above 0",
            )
        parts.append((name, weight))
    if len(parts) > MAX_STYLES:
        raise OptionError(f"style {text!r} mixes {len(parts)} styles", f"mix {MAX_STYLES} at most")
    total = sum(weight for _, weight in parts)
    return tuple((name, weight / total) for name, weight in parts)


def _split(part: str) -> tuple[str, float]:
    """Return name and weight, which is not a number where there is none to be read."""
    if _names_file(part):  # C:\cow.jpg has a colon, too
        return part, 1.0
    name, colon, number = part.rpartition(":") if ":" in part else (part, "", "")
    try:
        weight = float(number) if colon else 1.0
    except ValueError:
        weight = math.nan
    name = name.strip()
    return name, weight if ":" not in name or _names_file(name) else math.nan
