"""Pictures from whatever people have them in: files, arrays, images of Pillow's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.images.decoding import MAX_PIXELS, check_size, decode_image, decoded
from impasto.images.original import Original, full_white
from impasto.images.photo_file import Source, read_image
from impasto.images.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

PictureSource: TypeAlias = "Source | Picture | Image | NDArray[Any]"
"""A source that `as_picture` takes."""

ROUNDING = 1e-3  # by which floats may be beyond black and white


def as_picture(source: PictureSource) -> Picture:
    """Return the picture that a source has, with all that the source says of it.

    Args:
        source: a file, as `read_image` takes it; a `Picture`; an image of Pillow's; or an array,
            H x W or H x W x C, of uint8, uint16, or floats from 0 (black) to 1 (white). Its C
            channels are grey or RGB, in sRGB, and perhaps alpha.

    Raises:
        InputError: a file cannot be read, or a picture is of another kind.
        MissingExtraError: the format's package is not installed.
    """
    from PIL.Image import Image

    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return Picture.of(_original(source))
    if not isinstance(source, Image):
        return read_image(source)
    if source.mode == "F":
        return as_picture(np.array(source))
    name = "the image of Pillow's"
    check_size(name, source.width, source.height, MAX_PIXELS)
    [(original, metadata)] = decoded(map(decode_image, [source]), name, MAX_PIXELS)
    return Picture.of(original, metadata)


def _original(array: NDArray[Any]) -> Original:
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or not 1 <= samples.shape[2] <= 4 or 0 in array.shape:
        raise InputError(
            f"an array of shape {array.shape} is no picture",
            "give height x width, or height x width x 1 to 4 channels",
        )
    if samples.dtype.kind == "f":
        low, high = float(samples.min()), float(samples.max())
        if not -ROUNDING <= low <= high <= 1 + ROUNDING:  # or either is no number
            raise InputError(
                f"an array of floats goes from {low:g} to {high:g}",
                "give 0 (black) to 1 (white), or uint8",
            )
        samples = samples.clip(0, 1).astype(np.float32)
    elif samples.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"an array is of {samples.dtype}", "give uint8, uint16, or floats from 0 to 1"
        )
    white, alpha = full_white(samples.dtype), None
    if samples.shape[2] in (2, 4):
        samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
        alpha = None if alpha.min() >= white else alpha
    return Original(np.ascontiguousarray(samples), alpha, white)
