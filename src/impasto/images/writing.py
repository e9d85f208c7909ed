"""Writing pictures."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import OptionError, OutputError
from impasto.files import write_atomically
from impasto.images.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FORMATS", "Format", "check_format", "encode_image", "write_image"]


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        pillow_name: what Pillow calls it.
        alpha: it has transparency; without, pictures are laid on white.
        max_side_px: the longest side that it can hold.
    """

    pillow_name: str
    alpha: bool
    max_side_px: int


_JPEG = Format("JPEG", alpha=False, max_side_px=65_500)
_TIFF = Format("TIFF", alpha=True, max_side_px=2**31 - 1)
FORMATS = {
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": Format("PNG", alpha=True, max_side_px=2**31 - 1),
    "webp": Format("WEBP", alpha=True, max_side_px=16_383),
    "tif": _TIFF,
    "tiff": _TIFF,
    "bmp": Format("BMP", alpha=False, max_side_px=2**31 - 1),
    "avif": Format("AVIF", alpha=True, max_side_px=65_536),
}
"""By the end of a file's name, in small letters and without the dot."""


def write_image(path: str | os.PathLike[str], picture: Picture, *, quality: int = 95) -> None:
    """Write a picture in the format that its name ends in, whole or not at all.

    Transparency is kept in PNG, WebP, TIFF and AVIF; in JPEG and BMP the picture is laid on white.

    Args:
        path: ends in one of `FORMATS`.
        picture: what to write.
        quality: 1 to 100, of JPEG, WebP and AVIF.

    Raises:
        OptionError: the format is unknown, or the quality out of its range.
        OutputError: the file cannot be written, or the format cannot hold the picture.
    """
    path = Path(path)
    content = encode_image(picture, check_format(path), quality=quality, name=str(path))
    with write_atomically(path) as file:
        file.write(content)


def check_format(path: str | os.PathLike[str]) -> str:
    """The format that a file's name asks for, a key of `FORMATS`.

    Raises:
        OptionError: it is none of them.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise OptionError(f"{path}: no image format is called {suffix!r}", f"end it in {known}")
    return suffix


def encode_image(
    picture: Picture, file_format: str, *, quality: int = 95, name: str = "the picture"
) -> bytes:
    """A picture as the bytes of a file.

    Args:
        picture: what to encode.
        file_format: a key of `FORMATS`.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        name: what errors call it.

    Raises:
        OptionError: the format is unknown, or the quality out of its range.
        OutputError: the format cannot hold the picture.
    """
    from PIL import Image

    if file_format not in FORMATS:
        raise OptionError(f"no image format {file_format!r}", f"one of {', '.join(FORMATS)}")
    if not isinstance(quality, int) or not 1 <= quality <= 100:
        raise OptionError(f"quality is {quality}", "give a whole number from 1 to 100")
    form = FORMATS[file_format]
    if max(picture.width, picture.height) > form.max_side_px:
        raise OutputError(
            f"{name}: {form.pillow_name} holds {form.max_side_px} px at most, "
            f"the picture is {picture.width} x {picture.height}",
            "write PNG or TIFF",
        )
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
        if not form.alpha:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image).convert("RGB")
    content = io.BytesIO()
    try:
        _save(image, content, form, quality)
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(
            f"{name} cannot be written as {form.pillow_name} ({error})", "write PNG"
        ) from error
    return content.getvalue()


def _save(image: Image, file: io.BytesIO, form: Format, quality: int) -> None:
    profile = _srgb_profile()
    name = form.pillow_name
    if name == "JPEG":
        # Strokes have coloured edges, which 4:2:0 chroma would smear.
        image.save(file, name, quality=quality, subsampling="4:4:4", icc_profile=profile)
    elif name == "AVIF":
        image.save(file, name, quality=quality, subsampling="4:4:4", icc_profile=profile)
    elif name == "WEBP":  # it has no choice but 4:2:0
        image.save(file, name, quality=quality, icc_profile=profile)
    elif name == "TIFF":
        image.save(file, name, compression="tiff_lzw", icc_profile=profile)
    elif name == "PNG":
        image.save(file, name, icc_profile=profile)
    else:
        image.save(file, name)


@cache
def _srgb_profile() -> bytes:
    """An ICC profile that says sRGB, so that wide-gamut screens do not guess."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # its date of creation: the same picture gives the same file
    return bytes(profile)
