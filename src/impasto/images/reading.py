"""Reading pictures: whatever is in the file becomes upright RGB uint8 in sRGB."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.images.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["IMAGE_SUFFIXES", "MAX_PIXELS", "read_image"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif"}
)
"""File names that end so (in small letters) are taken for images in folders."""

MAX_PIXELS = 178_956_970
"""Larger pictures are refused by their header, before any memory is taken; Pillow refuses them,
too."""

# No others: some of Pillow's readers start other programs.
READ_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "GIF")
NAMES = "JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF"


def read_image(
    source: str | os.PathLike[str] | bytes | BinaryIO, *, max_pixels: int = MAX_PIXELS
) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF (its first frame).

    EXIF orientation is applied; colours are converted to sRGB by the picture's ICC profile; 16-bit
    and float samples are scaled to 8 bit; transparency becomes `Picture.alpha`.

    Args:
        source: a path, a file's content, or an open binary file.
        max_pixels: larger pictures are refused.

    Raises:
        InputError: missing, empty, damaged, cut off, not an image, or too large.
    """
    if isinstance(source, bytes | bytearray):
        name, content = "the image data", bytes(source)
    elif isinstance(source, str | os.PathLike):
        name, content = str(source), _read_file(Path(source))
    else:
        name, content = _stream_name(source), source.read()
    if not content:
        raise InputError(f"{name} is empty", "give an image")
    return _decode(content, name, min(max_pixels, MAX_PIXELS))


def _read_file(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"{path} is a folder", "give a file")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", "check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "check the file") from error


def _stream_name(stream: BinaryIO) -> str:
    name = getattr(stream, "name", None)
    return "standard input" if name in ("<stdin>", 0, None) else str(name)


def _decode(content: bytes, name: str, max_pixels: int) -> Picture:
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        # Pillow warns of large pictures and of odd but readable metadata; our bound is max_pixels.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=READ_FORMATS) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise InputError(
                        f"{name} has {width} x {height} pixels, more than {max_pixels:,}",
                        "make it smaller first",
                    )
                image.load()
                upright = ImageOps.exif_transpose(image)
                return _to_picture(upright)
        except InputError:
            raise
        except UnidentifiedImageError as error:
            raise InputError(f"{name} is not an image that can be read", f"give {NAMES}") from error
        except Image.DecompressionBombError as error:
            raise InputError(
                f"{name} has more than {max_pixels:,} pixels", "make it smaller first"
            ) from error
        except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
            raise InputError(
                f"{name} is damaged or cut off", "get it anew, or save it again in another program"
            ) from error


def _to_picture(image: Image) -> Picture:
    """Colours to sRGB, samples to 8 bit, transparency apart."""
    alpha = None
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() == 255:
            alpha = None
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _scale_to_8_bit(np.asarray(image))
        return Picture(np.repeat(grey[..., None], 3, axis=2), alpha)
    return Picture(np.ascontiguousarray(_to_srgb(image)), alpha)


def _to_srgb(image: Image) -> NDArray[np.uint8]:
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(embedded):
                converted = ImageCms.profileToProfile(
                    image,
                    embedded,
                    ImageCms.createProfile("sRGB"),
                    renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                    outputMode="RGB",
                    flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
                )
                image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a damaged profile, or one for another kind of picture: the numbers must do
    return np.asarray(image.convert("RGB"))


def _scale_to_8_bit(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey samples of 16 or 32 bits, or floats. Pillow itself would clip them at 255."""
    values = np.nan_to_num(samples.astype(np.float64))
    peak = float(values.max(initial=0))
    if samples.dtype.kind == "f" and peak <= 1:
        white = 1.0
    elif samples.dtype == np.uint16 or peak > 255:
        white = 65535.0 if peak <= 65535 else peak
    else:
        white = 255.0
    return np.rint(values * (255 / white)).clip(0, 255).astype(np.uint8)
