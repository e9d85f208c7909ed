"""Uploads are measured by their headers, before anything in them is decoded."""

from __future__ import annotations

import io
from pathlib import Path

from impasto.errors import InputError
from impasto.images import FORMATS
from impasto.images.decoding import check_size, open_image
from impasto.images.photo_file import PhotoFile
from impasto.server.settings import Limits
from impasto.video.source import read_header

SECONDS_TOO_LONG = 1.01
"""Headers round: a clip of ten seconds may say a little more."""


def check_photo(content: bytes, limits: Limits) -> str:
    """Refuse a photo that is none, or has more pixels than it may.

    Args:
        content: of the file.
        limits: see `Limits`.

    Returns:
        its format, a key of `impasto.images.FORMATS`; ``jpg`` for those that are only read.

    Raises:
        InputError: it is no photo, or too large.
    """
    with PhotoFile(content, max_pixels=limits.pixels) as photo:
        try:
            image = open_image(io.BytesIO(content), photo.name)
        except Exception:  # as many kinds as Pillow has readers
            photo.read()  # what Pillow does not know may be read without it; else this says why
            return "tiff"
    with image:
        try:
            frames = int(getattr(image, "n_frames", 1))
            pixels = image.width * image.height * frames
            if image.format == "TIFF":  # each page has a size of its own
                pixels = 0
                for page in range(frames):
                    image.seek(page)
                    pixels += image.width * image.height
        except Exception as error:
            raise InputError("the photo is damaged or cut off", "get it anew") from error
        shown = "" if frames == 1 else f" in {frames} frames"
        if pixels > limits.pixels:
            raise InputError(
                f"the photo has {pixels:,} pixels{shown}, more than {limits.pixels:,}",
                "make it smaller first",
            )
        form = str(image.format).lower().replace("jpeg", "jpg")
    return form if form in FORMATS else "jpg"


def check_video(path: Path, limits: Limits) -> None:
    """Refuse a video that is none, opens other files, or is longer or larger than it may be.

    Raises:
        InputError: it is so.
    """
    header = read_header(path)
    check_size("the video", header.width, header.height, limits.pixels)
    if header.frames > limits.frames:
        raise InputError(
            f"the video has {header.frames:,} frames, more than {limits.frames:,}", "cut it first"
        )
    if header.seconds > SECONDS_TOO_LONG * limits.seconds:
        raise InputError(
            f"the video lasts {header.seconds:,.0f} s, more than {limits.seconds:,.0f}",
            "cut it first",
        )
