"""ICC profiles: from a photo's own colours to sRGB, which networks see, and back."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto._util.arrays import Pixels

if TYPE_CHECKING:
    from PIL.Image import Image

SRGB_NAMES = {"sRGB", "sRGB built-in", "sRGB IEC61966-2.1", "sRGB2014"}


def to_srgb(samples: Pixels, profile: bytes) -> Pixels:
    """Convert 8-bit samples of a profile's colours to sRGB.

    Args:
        samples: H x W x C, uint8; C is 1 for grey, 3 for RGB, 4 for CMYK (where 0 is no ink).
        profile: an ICC profile, as `useful_profile` lets it through; sRGB if empty.
    """
    image = image_of(samples)
    if profile:
        image = _convert(image, profile, srgb_profile(), "RGB") or image
    return np.array(image.convert("RGB"))


def from_srgb(pixels: Pixels, mode: str, profile: bytes) -> Pixels:
    """Convert sRGB to the colours of a profile; what lies outside of them is clipped.

    Args:
        mode: ``RGB`` or ``CMYK``.
        profile: an ICC profile, as `useful_profile` lets it through; sRGB if empty.

    Returns:
        H x W x C, uint8; C is 3 or 4.
    """
    if mode == "RGB" and not profile:
        return pixels
    image = image_of(pixels)
    if profile:
        converted = _convert(image, srgb_profile(), profile, mode)
        if converted is not None:
            return np.array(converted)
    return np.array(image.convert(mode))


def useful_profile(profile: bytes, mode: str) -> bytes:
    """Return the profile if it says more than sRGB does; nothing if it is damaged, or for another
    mode.

    Args:
        profile: an ICC profile, or nothing.
        mode: ``L``, ``RGB`` or ``CMYK``: of the samples that it came with.
    """
    from PIL import ImageCms

    if not profile:
        return b""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(opened).strip()
        space = opened.profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return b""
    fits = space == {"L": "GRAY"}.get(mode, mode)
    return profile if fits and name not in SRGB_NAMES else b""


@cache
def srgb_profile() -> bytes:
    """Return an ICC profile that says sRGB, so that wide-gamut screens do not guess."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # its date of creation: the same picture gives the same file
    return bytes(profile)


def image_of(samples: Pixels) -> Image:
    """Return 8-bit samples as an image of Pillow's.

    Args:
        samples: H x W x C, uint8; C is 1 for grey, 3 for RGB, 4 for CMYK.
    """
    from PIL import Image

    height, width, channels = samples.shape
    if channels == 4:
        return Image.frombytes("CMYK", (width, height), samples.tobytes())
    return Image.fromarray(np.ascontiguousarray(samples[..., 0] if channels == 1 else samples))


def _convert(image: Image, source: bytes, target: bytes, mode: str) -> Image | None:
    from PIL import ImageCms

    try:
        converted: Image = _transform(source, target, image.mode, mode).apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return converted


@lru_cache(maxsize=8)
def _transform(source: bytes, target: bytes, source_mode: str, target_mode: str) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(source)),
        ImageCms.ImageCmsProfile(io.BytesIO(target)),
        source_mode,
        target_mode,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
