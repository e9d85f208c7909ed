"""Photos from file to file: stills, animations, documents of many pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from impasto.images import (
    Frame,
    Picture,
    PictureSequence,
    check_format,
    encode_image,
    holds_several,
    open_sequence,
    write_image,
    write_sequence,
)
from impasto.stylizer import Stylizer

__all__ = ["PhotoReport", "encode_painting", "paint_photo"]

Source = str | os.PathLike[str] | bytes | BinaryIO


@dataclass(frozen=True)
class PhotoReport:
    """What was painted.

    Attributes:
        width, height: of the painting (the first, if there are several), in pixels.
        pictures: how many there are in the painted file: frames of an animation, pages.
        left_out: how many more the photo's file has that the painted one cannot hold.
    """

    width: int
    height: int
    pictures: int = 1
    left_out: int = 0


def paint_photo(
    stylizer: Stylizer,
    source: Source,
    target: str | os.PathLike[str],
    *,
    quality: int = 95,
    strip: bool = False,
) -> PhotoReport:
    """Paint what is in one file into another.

    Animations and files of many pages are painted whole where the target's format holds several
    pictures; where it does not, their first picture is.

    Args:
        stylizer: paints.
        source: a path, a file's content, or an open binary file.
        target: ends in one of `impasto.images.FORMATS`; replaced if it exists, once the painting is
            complete.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        strip: leave out EXIF (camera, place, time), XMP and resolution; the colour profile stays.

    Raises:
        InputError: the photo cannot be read.
        OptionError: the format is unknown, or the quality out of its range.
        OutputError: the painting cannot be written.
        EngineError: the engine fails.
    """
    file_format = check_format(target)
    with open_sequence(source) as sequence:
        if sequence.count > 1 and holds_several(file_format):
            paintings = _painted(stylizer, sequence, strip)
            first = next(paintings)
            write_sequence(target, chain([first], paintings), loop=sequence.loop, quality=quality)
            return PhotoReport(first.picture.width, first.picture.height, sequence.count)
        frame = next(_painted(stylizer, sequence, strip))
        write_image(target, frame.picture, quality=quality)
        return PhotoReport(frame.picture.width, frame.picture.height, 1, sequence.count - 1)


def encode_painting(
    stylizer: Stylizer,
    source: Source,
    file_format: str,
    *,
    quality: int = 95,
    strip: bool = False,
) -> tuple[bytes, PhotoReport]:
    """Paint the (first) picture in a file, as the bytes of another.

    Args and errors: as `paint_photo`; ``file_format`` is a key of `impasto.images.FORMATS`.
    """
    with open_sequence(source) as sequence:
        picture = next(_painted(stylizer, sequence, strip)).picture
        content = encode_image(picture, file_format, quality=quality)
        return content, PhotoReport(picture.width, picture.height, 1, sequence.count - 1)


def _painted(stylizer: Stylizer, sequence: PictureSequence, strip: bool) -> Iterator[Frame]:
    for frame in sequence.frames:
        photo: Picture = frame.picture.without_metadata() if strip else frame.picture
        yield Frame(stylizer.stylize(photo), frame.duration_ms)
