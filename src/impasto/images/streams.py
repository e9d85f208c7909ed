"""Writing paintings a few rows at a time."""

from __future__ import annotations

from typing import BinaryIO, Literal, cast

import numpy as np

from impasto.images.original import NO_METADATA, Original
from impasto.images.picture import Picture
from impasto.images.rows import Layout, RowWriter
from impasto.images.writing import FORMATS, encode_image, file_profile, fitted, open_writer

__all__ = ["RowTarget", "streams"]

STREAMED = ("PNG", "TIFF")


def streams(file_format: str) -> bool:
    """Files of this format, a key of `FORMATS`, can be written row by row."""
    return FORMATS[file_format].pillow_name in STREAMED


class RowTarget:
    """A file that is written a few rows at a time; formats that cannot be are kept until the end.

    Args:
        file: open for writing.
        file_format: a key of `FORMATS`.
        width, height: of the whole, in pixels.
        quality: 1 to 100, of JPEG, WebP and AVIF.
    """

    def __init__(
        self, file: BinaryIO, file_format: str, width: int, height: int, quality: int
    ) -> None:
        self._file = file
        self._format = file_format
        self._width, self._height = width, height
        self._quality = quality
        self._writer: RowWriter | None = None
        self._kept: list[Original] = []
        self._metadata = NO_METADATA

    def write(self, picture: Picture) -> None:
        """The next rows."""
        form = FORMATS[self._format]
        original = fitted(picture.as_original(), form)
        if not streams(self._format):
            self._kept.append(original)
            self._metadata = picture.metadata
            return
        samples = original.samples
        if original.alpha is not None:
            samples = np.concatenate([samples, original.alpha[..., None]], axis=2)
        if not self._writer:
            kind = cast(Literal["u1", "u2", "f4"], samples.dtype.str[1:])
            alpha = original.alpha is not None
            layout = Layout(
                self._width, self._height, original.samples.shape[2], alpha, kind, original.white
            )
            profile = file_profile(original)
            self._writer = open_writer(self._file, form, layout, picture.metadata, profile)
        self._writer.write(samples)

    def finish(self) -> None:
        """After the last row."""
        if self._writer:
            self._writer.finish()
            return
        first = self._kept[0]
        samples = np.concatenate([strip.samples for strip in self._kept])
        alphas = [strip.alpha for strip in self._kept if strip.alpha is not None]
        self._kept.clear()
        alpha = np.concatenate(alphas) if alphas else None
        original = Original(samples, alpha, first.white, first.profile)
        whole = Picture(original.to_pixels(), alpha, original, self._metadata)
        self._file.write(encode_image(whole, self._format, quality=self._quality))
