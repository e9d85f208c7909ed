"""Areas as people give them: pictures, and the names ``subject``, ``background``, ``rest``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import OptionError
from impasto.images import IMAGE_SUFFIXES, PictureSource, as_picture, luminance
from impasto.masks.areas import Area
from impasto.masks.subject import Subject

AreaSource: TypeAlias = "Area | PictureSource"
"""A place that `as_area` takes."""

REST, SUBJECT, BACKGROUND = "rest", "subject", "background"
FOUND = "found"  # a subject without a box
_SUFFIXES = "|".join(re.escape(each) for each in sorted(IMAGE_SUFFIXES))
REGION = re.compile(
    rf"({REST}|{SUBJECT}|{BACKGROUND}|.*?(?:{_SUFFIXES})):(.+)", re.IGNORECASE | re.DOTALL
)


def split_regions(regions: list[str] | tuple[str, ...]) -> tuple[str | None, list[tuple[str, str]]]:
    """Split regions of the form ``PLACE:STYLE``, where the place is a mask's file, or one of the
    names above.

    Returns:
        the style of the rest, if one is named, and the others with their places.

    Raises:
        OptionError: a region cannot be read, or there are two rests.
    """
    rests, placed = [], []
    for region in regions:
        match = REGION.fullmatch(region)
        if not match:
            raise OptionError(
                f"region {region!r} is not PLACE:STYLE",
                f"write mask.png:STYLE, {SUBJECT}:STYLE, {BACKGROUND}:STYLE or {REST}:STYLE",
            )
        place, style = match.groups()
        if place == REST:
            rests.append(style)
        else:
            placed.append((place, style))
    if len(rests) > 1:
        raise OptionError(f"there are {len(rests)} regions called {REST}", "give one")
    return (rests[0] if rests else None), placed


def as_area(place: AreaSource, box: str = "", inverted: bool = False) -> Area:
    """Return an area from whatever it is given as.

    Args:
        place: ``subject`` or ``background``, a `Subject`, or a mask, as `as_mask` takes it.
        box: ``X,Y,WIDTH,HEIGHT`` around the subject that is called so, in pixels; empty or
            ``found`` for none.
        inverted: all but the area.

    Raises:
        OptionError: the box cannot be read.
        InputError: the mask cannot be, or is of another kind.
    """
    if isinstance(place, str) and place in (SUBJECT, BACKGROUND):
        place = Subject(_parse_box(box), inverted=place == BACKGROUND)
    if isinstance(place, Subject):
        return replace(place, inverted=inverted != place.inverted)
    mask = as_mask(place)
    return 255 - mask if inverted else mask


def _parse_box(text: str) -> tuple[int, int, int, int] | None:
    if text in ("", FOUND):
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except (ValueError, AttributeError) as error:  # of text, or no text
        raise OptionError(
            f"subject {text!r} is no box", "write X,Y,WIDTH,HEIGHT in pixels"
        ) from error
    return left, top, width, height


def as_mask(source: PictureSource) -> Pixels:
    """Return a picture as a mask, H x W, uint8: white is 255; what is transparent counts as black.

    Args:
        source: as `impasto.images.as_picture` takes it, or H x W truth values.

    Raises:
        InputError: it cannot be read, or is of another kind.
    """
    if isinstance(source, np.ndarray) and source.dtype == np.bool_:
        source = 255 * source.astype(np.uint8)
    picture = as_picture(source)
    grey = luminance(picture.pixels)
    if picture.alpha is not None:
        grey = grey * (picture.alpha / np.float32(255))
    mask: Pixels = np.rint(255 * grey).astype(np.uint8)
    return mask
