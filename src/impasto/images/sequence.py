"""Writing several pictures into one file: animations, and documents of many pages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from impasto._util.atomic_files import write_atomically
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import OutputError
from impasto.images.picture import Frame
from impasto.images.rows import RowWriter
from impasto.images.writing import (
    FORMATS,
    Format,
    check_format,
    fitted,
    save_options,
    to_image,
    write_rows,
)

ANIMATED, PAGED = ("GIF", "WEBP", "PNG", "AVIF"), "TIFF"


def holds_several(file_format: str) -> bool:
    """Tell whether files of this format, a key of `FORMATS`, may hold several pictures."""
    return FORMATS[file_format].pillow_name in (*ANIMATED, PAGED)


def write_sequence(
    path: str | os.PathLike[str],
    frames: Iterable[Frame],
    *,
    loop: int | None = None,
    quality: int = DEFAULT_FILE_QUALITY,
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
    if form.pillow_name == PAGED:
        with write_atomically(path, overwrite=overwrite) as file:
            page: RowWriter | None = None
            for frame in frames:
                original = fitted(frame.picture.as_original(), form)
                page = write_rows(original, frame.picture.metadata, file, form, page)
        return
    at_hand = list(frames)  # their errors are not the file's
    with write_atomically(path, overwrite=overwrite) as file:
        try:
            _write_animation(file, at_hand, loop, quality, form)
        except (ValueError, KeyError) as error:
            raise OutputError(
                f"{path} cannot be written as {form.pillow_name} ({error})", "write WebP"
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
