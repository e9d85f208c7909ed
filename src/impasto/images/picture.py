"""A picture in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from impasto._util.arrays import Pixels
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import InputError
from impasto.images.geometry import fit_within
from impasto.images.original import NO_METADATA, Metadata, Original
from impasto.images.spool import PixelRows
from impasto.images.windows import shrink_rows
from impasto.images.writing import encode_image, to_image, write_image

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, their transparency if there is any, and what else came with them.

    Attributes:
        pixels: H x W x 3, uint8, RGB in the sRGB colour space.
        alpha: H x W, uint8, 0 transparent to 255 opaque; none for an opaque picture.
        original: the same picture as its file has it, where that is more than the pixels say: in
            16 bits, with a wide gamut. `impasto.write_image` writes this one.
        metadata: EXIF, XMP and resolution, for the file that it will be written to.

    Raises:
        InputError: an array has another type or shape.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    original: Original | None = None
    metadata: Metadata = NO_METADATA

    def __post_init__(self) -> None:
        check_pixels(self.pixels)
        alpha, shape = self.alpha, self.pixels.shape[:2]
        if alpha is not None and not _is_uint8(alpha, shape):
            raise InputError(
                f"alpha is {_kind(alpha)}", "give uint8, as wide and high as the pixels"
            )
        if self.original and self.original.samples.shape[:2] != self.pixels.shape[:2]:
            raise InputError(
                f"the original is {self.original.samples.shape}",
                "give one as wide and high as the pixels",
            )

    @classmethod
    def of(cls, original: Original, metadata: Metadata = NO_METADATA) -> Picture:
        """Return the picture that an original shows."""
        alone = None if original.is_plain else original
        return cls(original.to_pixels(), original.alpha_8_bit(), alone, metadata)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    def as_original(self) -> Original:
        """Return the original, or the pixels in its place."""
        return self.original or Original(self.pixels, self.alpha)

    def without_metadata(self) -> Picture:
        """Return the same picture without EXIF, XMP and resolution; its colour profile stays."""
        return replace(self, metadata=NO_METADATA)

    def shrunk(self, longer_px: int | None) -> Picture:
        """Return the same picture, its longer side made at most ``longer_px``, if that is given:
        means over areas, in its own depth.

        Raises:
            OptionError: it is less than a pixel.
        """
        size = fit_within(self.width, self.height, longer_px)
        if size == (self.width, self.height):
            return self
        whole = self.as_original()
        has_alpha = whole.alpha is not None
        rows = PixelRows(whole.channels).strips()
        strips = shrink_rows(rows, (self.width, self.height), size, alpha=has_alpha)
        channels = np.concatenate(list(strips))
        original = Original.split(channels, has_alpha, whole.white, whole.profile)
        return Picture.of(original, self.metadata.sized(*size))

    def save(
        self,
        path: str | os.PathLike[str] | BinaryIO,
        *,
        file_format: str | None = None,
        quality: int = DEFAULT_FILE_QUALITY,
        overwrite: bool = True,
    ) -> None:
        """Write a file; see `impasto.write_image`."""
        write_image(path, self, file_format=file_format, quality=quality, overwrite=overwrite)

    def to_pil(self) -> Image:
        """Return the pixels, and alpha if there is any, as an image of Pillow's: RGB or RGBA."""
        return to_image(Original(self.pixels, self.alpha))

    def _repr_png_(self) -> bytes:
        """Return what notebooks show."""
        return encode_image(Picture(self.pixels, self.alpha), "png")


@dataclass(frozen=True)
class Frame:
    """One picture of several in a file.

    Attributes:
        picture: the frame of an animation, whole, or the page.
        duration_ms: how long it is shown; 0 for pages.
    """

    picture: Picture
    duration_ms: float = 0.0


def check_pixels(pixels: Pixels) -> None:
    """Check that an array holds RGB pixels.

    Raises:
        InputError: it is not uint8 of H x W x 3, or it is empty.
    """
    shape = getattr(pixels, "shape", ())
    if 0 in shape or not _is_uint8(pixels, (*shape[:2], 3)):
        raise InputError(f"a picture is {_kind(pixels)}", "give uint8, height x width x 3, RGB")


def _is_uint8(array: object, shape: tuple[int, ...]) -> bool:
    return isinstance(array, np.ndarray) and array.dtype == np.uint8 and array.shape == shape


def _kind(array: object) -> str:
    if isinstance(array, np.ndarray):
        return f"{array.dtype} {array.shape}"
    return f"of type {type(array).__name__}"
