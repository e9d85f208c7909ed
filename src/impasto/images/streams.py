"""Photos and paintings a few rows at a time: `Picture`s from a file, and into one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np

from impasto.errors import InputError
from impasto.images.geometry import fit_within
from impasto.images.original import NO_METADATA, Original, Samples
from impasto.images.picture import Picture
from impasto.images.profiles import useful_profile
from impasto.images.raw import RAW_SUFFIXES
from impasto.images.reading import (
    ORIENTATION,
    decoded,
    open_rows,
    opened,
    orientation_of,
    reading,
    upright_metadata,
)
from impasto.images.rows import Layout, RowReader, RowWriter
from impasto.images.windows import shrink_rows
from impasto.images.writing import FORMATS, encode_image, file_profile, fitted, open_writer

__all__ = ["Header", "PictureRows", "RowTarget", "open_header", "streams"]

STREAMED = ("PNG", "TIFF")


def streams(file_format: str) -> bool:
    """Files of this format, a key of `FORMATS`, can be written row by row."""
    return FORMATS[file_format].pillow_name in STREAMED


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before that is read.

    Attributes:
        name: what errors call the file.
        size: width and height in pixels, upright; none if only reading will tell.
        reader: reads it row by row; none if it has to be read whole.
    """

    name: str
    size: tuple[int, int] | None
    reader: RowReader | None


@contextlib.contextmanager
def open_header(source: str | os.PathLike[str] | bytes) -> Iterator[Header]:
    """Look at a file, and keep it open for its reader.

    Raises:
        InputError: it is missing or empty.
    """
    with reading(source) as (file, name):
        if isinstance(source, str | os.PathLike) and Path(source).suffix.lower() in RAW_SUFFIXES:
            yield Header(name, None, None)
            return
        if reader := open_rows(file):
            orientation = orientation_of(reader.metadata)
            size = _upright((reader.layout.width, reader.layout.height), orientation)
            whole = reader.more_pages or orientation != 1
            yield Header(name, size, None if whole else reader)
            return
        image_size = None
        with contextlib.suppress(Exception), opened(file, name) as image:
            image_size = image.size
            image_size = _upright(image_size, image.getexif().get(ORIENTATION, 1))
        yield Header(name, image_size, None)


def _upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation in (5, 6, 7, 8) else size


class PictureRows:
    """A photo as a succession of pictures, each a few rows high.

    Args:
        reader: the file, upright.
        name: what errors call it.
        strip: leave out EXIF, XMP and resolution.
        longer_px: the longer side is made at most so long.

    Attributes:
        size: width and height, in pixels.
    """

    def __init__(
        self,
        reader: RowReader,
        name: str,
        *,
        strip: bool = False,
        longer_px: int | None = None,
    ) -> None:
        self._reader = reader
        self._name = name
        layout = reader.layout
        self.size = fit_within(layout.width, layout.height, longer_px)
        mode = {1: "L", 3: "RGB", 4: "CMYK"}[layout.colors]
        self._profile = useful_profile(reader.profile, mode)
        metadata = NO_METADATA if strip else upright_metadata(reader.metadata, 1)
        reduced = self.size != (layout.width, layout.height)
        self._metadata = metadata.sized(*self.size) if reduced else metadata

    def strips(self) -> Iterator[Picture]:
        """All rows from the top; the file is read anew at each call.

        Raises:
            InputError: the file is damaged or cut off.
        """
        layout = self._reader.layout
        top = 0
        strips = self._samples()
        for samples in decoded(strips, self._name, layout.width * layout.height):
            alpha = np.ascontiguousarray(samples[..., -1]) if layout.alpha else None
            colors = np.ascontiguousarray(samples[..., : layout.colors])
            original = Original(colors, alpha, layout.white, self._profile)
            top += len(samples)
            yield Picture(original.to_pixels(), original.alpha_8_bit(), original, self._metadata)
        if top != self.size[1]:
            raise InputError(f"{self._name} is damaged or cut off", "get it anew")

    def _samples(self) -> Iterator[Samples]:
        layout, strips = self._reader.layout, self._reader.strips()
        whole = layout.width, layout.height
        if self.size == whole:
            return strips
        return shrink_rows(strips, whole, self.size, alpha=layout.alpha)


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
