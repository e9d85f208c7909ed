"""Cameras' raw photos, developed by LibRaw (rawpy, the extra ``raw``)."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np

from impasto.errors import InputError, MissingExtraError
from impasto.images.decoding import check_size
from impasto.images.original import Metadata, Original
from impasto.images.picture import Picture
from impasto.images.rows.tiff_reader import read_exif

RAW_SUFFIXES = frozenset(
    {".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"}
)
"""File names of raw photos end so: by their content, many look like TIFF."""


def read_raw(path: Path, max_pixels: int) -> Picture:
    """Develop a raw photo: the camera's white balance, 16-bit sRGB, upright.

    Args:
        path: a file whose name ends in one of `RAW_SUFFIXES`.
        max_pixels: larger photos are refused.

    Raises:
        InputError: it is damaged or too large, or LibRaw does not know the camera.
        MissingExtraError: rawpy is not installed.
    """
    try:
        import rawpy
    except ImportError as error:
        raise MissingExtraError(f"{path} is a raw photo, which", "raw") from error
    try:
        with rawpy.imread(str(path)) as raw:
            check_size(str(path), raw.sizes.width, raw.sizes.height, max_pixels)
            samples = raw.postprocess(
                use_camera_wb=True, output_bps=16, output_color=rawpy.ColorSpace.sRGB
            )
    except (rawpy.LibRawError, OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be developed ({str(error) or type(error).__name__})",
            "get it anew, or develop it in another program",
        ) from error
    original = Original(np.ascontiguousarray(samples, dtype=np.uint16), white=65535.0)
    exif = b""
    # Camera, times and GPS of those raw formats that are TIFF files inside.
    with contextlib.suppress(ValueError, OSError), path.open("rb") as file:
        exif = read_exif(file)
    return Picture.of(original, Metadata(exif))
