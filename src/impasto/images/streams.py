"""Writing paintings a few rows at a time."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from impasto.images.original import Metadata, Original, Samples
from impasto.images.picture import Picture
from impasto.images.rows import RowWriter
from impasto.images.writing import FORMATS, encode_image, fitted, open_writer

STREAMED = ("PNG", "TIFF")


def streams(file_format: str) -> bool:
    """Tell whether files of this format, a key of `FORMATS`, can be written row by row."""
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
        self._kept: list[Samples] = []
        self._last: tuple[Original, Metadata] | None = None

    def write(self, picture: Picture) -> None:
        """Write the next rows."""
        form = FORMATS[self._format]
        original = fitted(picture.as_original(), form)
        if not streams(self._format):
            self._kept.append(original.channels)
            self._last = original, picture.metadata
            return
        if not self._writer:
            size = self._width, self._height
            self._writer = open_writer(self._file, form, original, size, picture.metadata)
        self._writer.write(original.channels)

    def finish(self) -> None:
        """Complete the file, after the last row."""
        if self._writer:
            self._writer.finish()
            return
        assert self._last
        (last, metadata), channels = self._last, np.concatenate(self._kept)
        self._kept.clear()
        original = Original.split(channels, last.alpha is not None, last.white, last.profile)
        whole = Picture.of(original, metadata)
        self._file.write(encode_image(whole, self._format, quality=self._quality))
