"""Reading pictures: whatever is in the file becomes upright RGB uint8 in sRGB."""

from __future__ import annotations

import io
import os
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
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif"}
)
"""File names that end so (in small letters) are taken for images in folders."""

MAX_PIXELS = 178_956_970
"""Larger pictures are refused by their header, before any memory is taken; Pillow refuses them,
too."""

# No others: some of Pillow's readers start other programs.
READ_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "GIF")
SRGB_PROFILES = {"sRGB", "sRGB built-in", "sRGB IEC61966-2.1", "sRGB2014"}
TIFF_PHOTOMETRIC, TIFF_WHITE_IS_ZERO = 262, 0
MAX_STREAM_BYTES = 1 << 30
NAMES = "JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF"


def read_image(
    source: str | os.PathLike[str] | bytes | BinaryIO, *, max_pixels: int = MAX_PIXELS
) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF (its first frame).

    EXIF orientation is applied; colours are converted to sRGB by the picture's ICC profile; 16-bit
    and float samples are scaled to 8 bit; transparency becomes `Picture.alpha`.

    Args:
        source: a path, a file's content, or an open binary file.
        max_pixels: larger pictures are refused; at most `MAX_PIXELS`.

    Raises:
        InputError: missing, empty, damaged, cut off, not an image, or too large.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            if path.is_dir():
                raise InputError(f"{path} is a folder", "give a file")
            with path.open("rb") as file:
                return _decode(file, str(path), min(max_pixels, MAX_PIXELS))
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist", "check the name") from error
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror})", "check it") from error
    if isinstance(source, bytes | bytearray):
        name, content = "the image data", bytes(source)
    else:
        name, content = _stream_name(source), source.read(MAX_STREAM_BYTES + 1)
    if len(content) > MAX_STREAM_BYTES:
        raise InputError(f"{name} is longer than {MAX_STREAM_BYTES:,} bytes", "give a file")
    return _decode(io.BytesIO(content), name, min(max_pixels, MAX_PIXELS))


def _stream_name(stream: BinaryIO) -> str:
    name = getattr(stream, "name", None)
    return "standard input" if name in ("<stdin>", 0, None) else str(name)


def _decode(file: BinaryIO, name: str, max_pixels: int) -> Picture:
    from PIL import Image, UnidentifiedImageError

    if not file.read(1):
        raise InputError(f"{name} is empty", "give an image")
    file.seek(0)
    try:
        with Image.open(file, formats=READ_FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise InputError(
                    f"{name} has {width} x {height} pixels, more than {max_pixels:,}",
                    "make it smaller first",
                )
            image.load()
            return _to_picture(_upright(image))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not an image that can be read", f"give {NAMES}") from error
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name} has more than {max_pixels:,} pixels", "make it smaller first"
        ) from error
    except MemoryError as error:
        raise InputError(
            f"{name} needs more memory than there is", "make it smaller first"
        ) from error
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise InputError(
            f"{name} is damaged or cut off", "get it anew, or save it again in another program"
        ) from error


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # EXIF data may be damaged in any way, the picture being sound
        return image


def _to_picture(image: Image) -> Picture:
    """Colours to sRGB, samples to 8 bit, transparency apart."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _grey_to_picture(image)
    alpha = None
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
        if alpha.min() == 255:
            alpha = None
    return Picture(_to_srgb(image), alpha)


def _grey_to_picture(image: Image) -> Picture:
    """Grey samples of 16 or 32 bits, or floats. Pillow's own conversion would clip them at 255."""
    samples = np.asarray(image)
    grey = _scale_to_8_bit(samples)
    if getattr(image, "tag_v2", {}).get(TIFF_PHOTOMETRIC) == TIFF_WHITE_IS_ZERO:
        grey = 255 - grey
    alpha = None
    if isinstance(key := image.info.get("transparency"), int):
        alpha = np.where(samples == key, 0, 255).astype(np.uint8)
    return Picture(np.repeat(grey[..., None], 3, axis=2), alpha)


def _to_srgb(image: Image) -> NDArray[np.uint8]:
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if ImageCms.getProfileDescription(embedded).strip() not in SRGB_PROFILES:
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
    return np.array(image.convert("RGB"))


def _scale_to_8_bit(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Samples to 0-255, by the largest value that their type, or their own peak, suggests."""
    values = samples.astype(np.float64)
    finite = values[np.isfinite(values)]
    peak = float(finite.max(initial=0))
    if samples.dtype.kind == "f" and peak <= 2:  # 0-1, with some overshoot
        white = 1.0
    elif samples.dtype.itemsize == 2 or 255 < peak <= 65535:
        white = 65535.0
    else:
        white = max(peak, 255.0)
    values = np.nan_to_num(values, nan=0, posinf=white, neginf=0)
    return np.rint(values * (255 / white)).clip(0, 255).astype(np.uint8)
