"""A picture in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError

__all__ = ["Picture", "check_pixels"]


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, and their transparency if there is any.

    Attributes:
        pixels: H x W x 3, uint8, RGB in the sRGB colour space.
        alpha: H x W, uint8, 0 transparent to 255 opaque; none for an opaque picture.

    Raises:
        OptionError: an array has another type or shape.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        check_pixels(self.pixels)
        alpha = self.alpha
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != self.pixels.shape[:2]):
            raise OptionError(
                f"alpha is {alpha.dtype} {alpha.shape}",
                "give uint8, as wide and high as the pixels",
            )

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    def save(self, path: str | os.PathLike[str], *, quality: int = 95) -> None:
        """Write a file; see `impasto.write_image`."""
        from impasto.images.writing import write_image

        write_image(path, self, quality=quality)


def check_pixels(pixels: NDArray[np.uint8]) -> None:
    """An array holds RGB pixels.

    Raises:
        OptionError: it is not uint8 of H x W x 3, or it is empty.
    """
    shape = getattr(pixels, "shape", None)
    kind = getattr(pixels, "dtype", type(pixels).__name__)
    if kind != np.uint8 or shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise OptionError(
            f"a picture is {kind} {shape or ''}".rstrip(), "give uint8, height x width x 3, RGB"
        )
