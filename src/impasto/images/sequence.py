"""Files of several pictures: animations, and documents of many pages."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from impasto._util.atomic_files import write_atomically
from impasto.errors import InputError, OutputError
from impasto.images.picture import Picture
from impasto.images.raw import RAW_SUFFIXES
from impasto.images.reading import (
    MAX_PIXELS,
    READERS_RAISE,
    Decoded,
    Source,
    check_size,
    decode,
    decode_image,
    decode_rows,
    decoded,
    opened,
    picture_of,
    read_image,
    reading,
)
from impasto.images.rows import RowWriter, TiffReader
from impasto.images.writing import (
    FORMATS,
    Format,
    check_format,
    fitted,
    save_options,
    to_image,
    write_rows,
)

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Frame",
    "PictureSequence",
    "encode_sequence",
    "holds_several",
    "open_sequence",
    "write_sequence",
]

ANIMATED, PAGED = ("GIF", "WEBP", "PNG", "AVIF"), "TIFF"
MAX_FRAMES = 10_000
MAX_ANIMATION_PIXELS = 4 * MAX_PIXELS
"""In all frames: animations are written from memory. Pages are not."""


@dataclass(frozen=True)
class Frame:
    """One picture of a sequence.

    Attributes:
        picture: the frame, whole, or the page.
        duration_ms: how long it is shown; 0 for pages.
    """

    picture: Picture
    duration_ms: float = 0.0


@dataclass(frozen=True)
class PictureSequence:
    """The pictures of an open file.

    Attributes:
        count: how many there are; 1 for an ordinary photo.
        frames: in order, read one by one, to be gone through once.
        loop: how often an animation is repeated, 0 for ever; none if the file does not say.
    """

    count: int
    frames: Iterator[Frame]
    loop: int | None = None


@contextlib.contextmanager
def open_sequence(source: Source, *, max_pixels: int = MAX_PIXELS) -> Iterator[PictureSequence]:
    """Open a file of one or several pictures; `read_image` says what is read of each.

    Raises:
        InputError: missing, damaged, not an image, or too large; also while frames are read.
        MissingExtraError: the format's package is not installed.
    """
    if isinstance(source, str | os.PathLike) and Path(source).suffix.lower() in RAW_SUFFIXES:
        yield PictureSequence(1, iter([Frame(read_image(source, max_pixels=max_pixels))]))
        return
    with reading(source) as (file, name):
        limit = min(max_pixels, MAX_PIXELS)
        image, count = None, 1
        # What cannot be opened here will be tried again as a single picture, with its own errors.
        with contextlib.suppress(Exception):
            image = opened(file, name)
        if image:
            with image:
                loop, paged = image.info.get("loop"), image.format == PAGED
                size = image.width * image.height
                [count] = decoded(_count(image, name), name, limit)
        if count <= 1:
            yield PictureSequence(1, iter([Frame(decode(file, name, limit))]))
            return
        if count > MAX_FRAMES or (not paged and count * size > MAX_ANIMATION_PIXELS):
            raise InputError(
                f"{name} has {count:,} frames of {size:,} pixels", "paint it as a video"
            )
        yield PictureSequence(count, _frames(file, name, count, limit), loop)


def _count(image: Image, name: str) -> Iterator[int]:
    try:
        count = int(getattr(image, "n_frames", 1))
    except Exception as error:
        if image.format != PAGED:
            raise
        raise InputError(
            f"{name} is damaged or cut off: not all of its pages are there", "get it anew"
        ) from error
    yield count


def _frames(file: BinaryIO, name: str, count: int, max_pixels: int) -> Iterator[Frame]:
    each = _decode_each(file, name, count, max_pixels)
    for (original, metadata), duration_ms in decoded(each, name, max_pixels):
        yield Frame(picture_of(original, metadata), duration_ms)


def _decode_each(
    file: BinaryIO, name: str, count: int, max_pixels: int
) -> Iterator[tuple[Decoded, float]]:
    with opened(file, name) as image:
        for number in range(count):
            image.seek(number)
            check_size(name, image.width, image.height, max_pixels)
            if image.format == PAGED:
                yield _page(file, image, number, name, max_pixels), 0.0
            else:
                yield decode_image(image), float(image.info.get("duration") or 0)


def _page(file: BinaryIO, image: Image, number: int, name: str, max_pixels: int) -> Decoded:
    """In its own depth where `TiffReader` knows it."""
    at = file.tell()
    try:
        reader = TiffReader(file, number)
    except READERS_RAISE:
        file.seek(at)
        return decode_image(image)
    return decode_rows(reader, name, max_pixels)


def holds_several(file_format: str) -> bool:
    """Files of this format, a key of `FORMATS`, may hold several pictures."""
    return FORMATS[file_format].pillow_name in (*ANIMATED, PAGED)


def write_sequence(
    path: str | os.PathLike[str],
    frames: Iterable[Frame],
    *,
    loop: int | None = None,
    quality: int = 95,
    overwrite: bool = True,
) -> None:
    """Write several pictures as pages of a TIFF, or as an animated GIF, WebP, PNG or AVIF.

    Args:
        path: ends in one of `FORMATS` that `holds_several`.
        frames: in order. Those of an animation are of one size.
        loop: how often an animation is repeated, 0 for ever; once if none.
        quality: 1 to 100, of WebP and AVIF.
        overwrite: replace a file that exists.

    Raises:
        OptionError: the format is unknown.
        OutputError: the file cannot be written, or the format cannot hold the pictures.
    """
    path = Path(path)
    form = FORMATS[check_format(path)]
    if form.pillow_name != PAGED:
        frames = list(frames)  # their errors are not the file's
    with write_atomically(path, overwrite=overwrite) as file:
        _write(file, frames, form, str(path), loop, quality)


def encode_sequence(
    frames: Iterable[Frame],
    file_format: str,
    *,
    loop: int | None = None,
    quality: int = 95,
    name: str = "the picture",
) -> bytes:
    """Write several pictures as the bytes of a file, as `write_sequence` does.

    Args:
        frames, loop, quality: as `write_sequence` takes them.
        file_format: a key of `FORMATS` that `holds_several`.
        name: what errors call it.

    Raises:
        OutputError: the format cannot hold the pictures.
    """
    content = io.BytesIO()
    _write(content, list(frames), FORMATS[file_format], name, loop, quality)
    return content.getvalue()


def _write(
    file: BinaryIO,
    frames: Iterable[Frame],
    form: Format,
    name: str,
    loop: int | None,
    quality: int,
) -> None:
    if form.pillow_name == PAGED:
        page: RowWriter | None = None
        for frame in frames:
            original = fitted(frame.picture.as_original(), form)
            page = write_rows(original, frame.picture.metadata, file, form, page)
        return
    try:
        _write_animation(file, list(frames), loop, quality, form)
    except (ValueError, KeyError) as error:
        raise OutputError(
            f"{name} cannot be written as {form.pillow_name} ({error})", "write WebP"
        ) from error


def _write_animation(
    file: BinaryIO, frames: list[Frame], loop: int | None, quality: int, form: Format
) -> None:
    originals = [fitted(each.picture.as_original(), form) for each in frames]
    first, *others = [to_image(original) for original in originals]
    options = save_options(form, originals[0], frames[0].picture.metadata, quality)
    if loop is not None:
        options["loop"] = loop
    if form.pillow_name == "GIF" and any(original.alpha is not None for original in originals):
        options["disposal"] = 2  # what was transparent in one frame shows through the next
    first.save(
        file,
        form.pillow_name,
        save_all=True,
        append_images=others,
        duration=[round(each.duration_ms) or 100 for each in frames],
        **options,
    )
