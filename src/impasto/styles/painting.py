"""Paintings that styles are made from."""

from __future__ import annotations

import io
from pathlib import Path

from impasto._util.arrays import Pixels
from impasto.errors import InputError
from impasto.images import Picture, PictureSource, as_picture, bleed

SMALLEST_PAINTING_PX = 64
THUMBNAIL_PX = 96
OPTIMISED_PX = 512
"""Longer side of a painting that drafts are optimised for."""


def read_painting(source: PictureSource) -> Pixels:
    """Return the pixels of a painting; what is transparent gets the colours beside it.

    Args:
        source: as `impasto.images.as_picture` takes it; of an animation the first picture counts.

    Raises:
        InputError: it cannot be read, is less than `SMALLEST_PAINTING_PX` on a side, or shows
            nothing.
    """
    name = f"{source}" if isinstance(source, str | Path) else "the painting"
    picture = as_picture(source)
    if min(picture.width, picture.height) < SMALLEST_PAINTING_PX:
        raise InputError(
            f"{name} is {picture.width} x {picture.height} px",
            f"give a painting of at least {SMALLEST_PAINTING_PX} px on each side",
        )
    if picture.alpha is not None and not picture.alpha.any():
        raise InputError(f"{name} is transparent all over", "give a painting that can be seen")
    return visible_pixels(picture)


def visible_pixels(picture: Picture) -> Pixels:
    """Return what is seen of a picture, and beyond it the colours of its edge: files hold any
    colour, and mostly black, where they are transparent.
    """
    return picture.pixels if picture.alpha is None else bleed(picture.pixels, picture.alpha)


def thumbnail(painting: Pixels, longer_px: int = THUMBNAIL_PX) -> bytes:
    """Return a small JPEG of a painting, for style files."""
    from PIL import Image

    image = Image.fromarray(painting)
    image.thumbnail((longer_px, longer_px))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return stream.getvalue()
