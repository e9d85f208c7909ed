"""What files of photos hold beside plain pixels: EXIF, profiles, depth."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

CAMERA, LATITUDE = "Camera of no make", (48.0, 51.0, 24.0)
MODEL, ORIENTATION, GPS, EXIF = 0x0110, 0x0112, 0x8825, 0x8769


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, file_format, **options)
    return content.getvalue()


def exif_bytes(orientation: int = 1) -> bytes:
    """A camera, a place, an exposure."""
    exif = Image.Exif()
    exif[MODEL] = CAMERA
    exif[ORIENTATION] = orientation
    exif[GPS] = {1: "N", 2: LATITUDE}
    exif[EXIF] = {0x829A: 0.01, 0xA002: 40, 0xA003: 30}
    return exif.tobytes()


def check_exif(content: bytes) -> None:
    """The camera, the place and the exposure are there, and the picture is upright."""
    exif = Image.Exif()
    exif.load(content)
    assert exif[MODEL] == CAMERA
    assert exif.get(ORIENTATION, 1) == 1
    assert tuple(exif.get_ifd(GPS)[2]) == LATITUDE
    assert float(exif.get_ifd(EXIF)[0x829A]) == 0.01


def profile_with(exchange: Any = (), scale: float | None = None, name: bytes = b"tEST") -> bytes:
    """sRGB's profile, changed: primaries exchanged, or all colours drawn apart from grey."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # its date
    tags = {}
    (count,) = struct.unpack(">I", profile[128:132])
    for number in range(count):
        start = 132 + 12 * number
        tags[bytes(profile[start : start + 4])] = start
    if exchange:
        first, second = (tags[each] for each in exchange)
        profile[first + 4 : first + 12], profile[second + 4 : second + 12] = (
            profile[second + 4 : second + 12],
            profile[first + 4 : first + 12],
        )
    if scale:
        names = (b"rXYZ", b"gXYZ", b"bXYZ")
        places = [
            struct.unpack(">I", profile[tags[each] + 4 : tags[each] + 8])[0] for each in names
        ]
        values = np.array([struct.unpack(">3i", profile[at + 8 : at + 20]) for at in places])
        grey = values.mean(axis=0)
        for at, value in zip(places, grey + scale * (values - grey), strict=True):
            profile[at + 8 : at + 20] = struct.pack(">3i", *(round(each) for each in value))
    return bytes(profile).replace(b"sRGB", name).replace(b"s\0R\0G\0B", b"t\0E\0S\0T")


def green_for_red_profile() -> Any:
    """A profile whose red is sRGB's green, and the other way round."""
    return profile_with(exchange=(b"rXYZ", b"gXYZ"))


def wide_gamut_profile() -> bytes:
    """A profile of colours one and a quarter times as far from grey as sRGB's."""
    return profile_with(scale=1.25)


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio in decibels, white being 255."""
    error = np.mean((first.astype(float) - second.astype(float)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)
