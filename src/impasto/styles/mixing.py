"""Mixtures of styles: ``great-wave:0.7+udnie:0.3``.

A mixture's vector is the weighted mean of its styles' vectors (Dumoulin et al. 2017, section 3.3).
So it is of what they add to the last layer, where a style that has none adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.atomic_files import exists
from impasto.errors import OptionError, StyleError
from impasto.images import IMAGE_SUFFIXES
from impasto.styles.gallery import Gallery
from impasto.styles.style import Style

__all__ = ["mix_vectors", "mixed_style", "names_painting", "parse_mixture"]

MAX_STYLES = 16
MAX_WEIGHT = 1e6


def parse_mixture(text: str) -> list[tuple[str, float]]:
    """Split ``NAME[:WEIGHT][+NAME[:WEIGHT]]...`` into names and weights that sum to 1.

    A name may be a painting's file (`names_painting`); one with a plus in it can only stand alone.

    A style without a weight has weight 1 before the division: ``a+b`` is half and half, and
    ``a:3+b`` three quarters of a.

    Raises:
        OptionError: a part is empty, or a weight is not a number above 0 (and up to a million).
    """
    if names_painting(text) and exists(text):
        return [(text, 1.0)]
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
    return [(name, weight / total) for name, weight in parts]


def _split(part: str) -> tuple[str, float]:
    """Name and weight; not a number where there is none to be read."""
    if names_painting(part):  # C:\cow.jpg has a colon, too
        return part, 1.0
    name, colon, number = part.rpartition(":") if ":" in part else (part, "", "")
    try:
        weight = float(number) if colon else 1.0
    except ValueError:
        weight = math.nan
    if ":" in name and not names_painting(name):
        weight = math.nan
    return name.strip(), weight


def names_painting(name: str) -> bool:
    """A style is a picture's file, from which it is to be predicted."""
    return Path(name.strip()).suffix.lower() in IMAGE_SUFFIXES


def mix_vectors(
    vectors: Sequence[NDArray[np.float32]], weights: Sequence[float]
) -> NDArray[np.float32]:
    """The weighted mean of style vectors of one trunk; the weights sum to 1.

    Some may go on with a last layer of their own: it is zeros in the others.
    """
    longest = max(vector.size for vector in vectors)
    alike = [np.pad(vector, (0, longest - vector.size)) for vector in vectors]
    return np.average(np.stack(alike), axis=0, weights=weights).astype(np.float32)


def mixed_style(
    mixture: str, gallery: Gallery, load: Callable[[str], Style] | None = None
) -> Style:
    """A style of a gallery by its name, or a mixture of styles as one.

    Args:
        mixture: as `parse_mixture` takes it.
        gallery: has the trunks.
        load: gives a style by its name; the gallery's own if not given.

    Raises:
        OptionError: the mixture cannot be read.
        StyleError: a style in it is unknown, or they are of different packs.
    """
    parts = parse_mixture(mixture)
    styles = [(load or gallery.load_style)(name) for name, _ in parts]
    if len(styles) == 1:
        return styles[0]
    for style in styles[1:]:
        if style.trunk != styles[0].trunk:
            first, second = (_mates(each, gallery) for each in (styles[0], style))
            raise StyleError(
                f"{styles[0].name} and {style.name} do not mix: their trunks differ",
                f"mix {styles[0].name} with {first}, and {style.name} with {second}",
            )
    vector = mix_vectors([style.vector for style in styles], [weight for _, weight in parts])
    return Style(mixture, vector, styles[0].trunk)


def _mates(style: Style, gallery: Gallery) -> str:
    """The styles that mix with this one."""
    pack = gallery.styles_of(gallery.trunk_of(style))
    return ", ".join(each.name for each in pack if each.name != style.name) or "no other"
