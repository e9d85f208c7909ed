"""Photos' files: each is opened once, for its header, its pictures, and its rows."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from impasto._util.atomic_files import list_folder
from impasto._util.closeable import Closing
from impasto.errors import InputError
from impasto.images.decoding import (
    MAX_PIXELS,
    READERS_RAISE,
    Decoded,
    check_size,
    damaged,
    decode_deep_heic,
    decode_image,
    decode_rows,
    decoded,
    image_orientation,
    open_image,
    open_rows,
    orientation_of,
    upright_metadata,
)
from impasto.images.geometry import fit_within
from impasto.images.original import NO_METADATA, Original, Samples
from impasto.images.picture import Frame, Picture
from impasto.images.profiles import useful_profile
from impasto.images.raw import RAW_SUFFIXES, read_raw
from impasto.images.rows import PNG_SIGNATURE, Layout, RowReader, TiffReader, check_png
from impasto.images.windows import shrink_rows

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_SUFFIXES = (
    frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif"})
    | {".heic", ".heif"}
    | RAW_SUFFIXES
)
"""File names that end so (in small letters) are taken for images."""

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""The name of a picture's file, its content, or the file, open for reading."""

MAX_STREAM_BYTES = 1 << 30
MAX_FRAMES = 10_000
MAX_ANIMATION_PIXELS = 4 * MAX_PIXELS
"""The most in all frames: animations are written from memory. Pages are not."""
PAGED = "TIFF"


def read_image(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF, or a HEIC or raw photo (of several frames the
    first).

    EXIF orientation is applied, and the tag corrected. `Picture.pixels` are 8-bit sRGB, converted
    by the picture's ICC profile; its own depth and profile are in `Picture.original`, transparency
    in `Picture.alpha`, EXIF, XMP and resolution in `Picture.metadata`.

    HEIC needs pillow-heif (the extra ``heif``), raw photos rawpy (``raw``).

    Args:
        source: a path, a file's content, or a file that is open for reading bytes.
        max_pixels: larger pictures are refused; at most `MAX_PIXELS`.

    Raises:
        InputError: missing, empty, damaged, cut off, not an image, or too large.
        MissingExtraError: the format's package is not installed.
    """
    with PhotoFile(source, max_pixels=max_pixels) as photo:
        return photo.read()


def is_image(path: Path) -> bool:
    """Return whether there is such a file, and its name is that of an image that is not hidden."""
    named = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    return named and path.is_file()


def find_images(folder: Path, kind: str, *, deep: bool = False) -> list[Path]:
    """Return the images in a folder, in alphabetical order.

    Args:
        kind: what they are, for errors: ``photographs``.

    Raises:
        InputError: there is no such folder, it cannot be read, or no image is in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", f"give a folder of {kind}")
    found = list(filter(is_image, list_folder(folder, deep=deep)))
    if not found:
        raise InputError(f"{folder} holds no {kind}", "give a folder with JPEG or PNG files")
    return found


class PhotoFile(Closing):
    """The open file of a photo, an animation, or a document of many pages.

    Args:
        source: a path, a file's content, or a file that is open for reading bytes.
        max_pixels: larger pictures are refused; at most `MAX_PIXELS`.

    Attributes:
        name: what errors call it.
        held_bytes: of its content in memory; 0 of a file that has a path.

    Raises:
        InputError: it is missing, empty, a folder, or absurdly long, or a PNG whose checksums are
            wrong.
    """

    def __init__(self, source: Source, *, max_pixels: int = MAX_PIXELS) -> None:
        self.name = _name_of(source)
        self.held_bytes = 0
        self._max_pixels = min(max_pixels, MAX_PIXELS)
        self._image: Image | None = None
        self._is_raw = False
        try:
            if not isinstance(source, str | os.PathLike):
                content = _content_of(source, self.name)
                self._file: BinaryIO = io.BytesIO(content)
                self.held_bytes = len(content)
            elif Path(self.name).is_dir():
                raise InputError(f"{self.name} is a folder", "give a file")
            else:
                self._file = _opened(self.name)
                self._is_raw = Path(self.name).suffix.lower() in RAW_SUFFIXES
            self._check()
        except FileNotFoundError as error:
            raise InputError(f"{self.name} does not exist", "check the name") from error
        except OSError as error:
            raise InputError(
                f"{self.name} cannot be read ({error.strerror})", "check it"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._image = None
        self._file.close()

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels, upright; none if only reading the photo will tell."""
        size, orientation = None, 1
        if reader := self._reader:
            size = reader.layout.width, reader.layout.height
            orientation = orientation_of(reader.metadata)
        elif image := self._header():
            size = image.size
            # Pillow says how large a TIFF is upright. It would decode a PNG to look for EXIF.
            if image.format != "TIFF" and (image.format != "PNG" or "exif" in image.info):
                orientation = image_orientation(image)
        return (size[1], size[0]) if size and orientation in (5, 6, 7, 8) else size

    @property
    def layout(self) -> Layout | None:
        """Arrangement of the samples; none if the photo cannot be read row by row."""
        reader = self._reader
        if not reader or reader.more_pages or orientation_of(reader.metadata) != 1:
            return None
        return reader.layout

    @cached_property
    def count(self) -> int:
        """Number of pictures in the file; 1 for an ordinary photo.

        Raises:
            InputError: some of them are missing or damaged, or an animation is absurdly long.
        """
        image = self._header()
        if not image:
            return 1
        [count] = decoded(self._counted(image), self.name, self._max_pixels)
        size = image.width * image.height
        too_long = image.format != PAGED and count > 1 and count * size > MAX_ANIMATION_PIXELS
        if count > MAX_FRAMES or too_long:
            raise InputError(
                f"{self.name} has {count:,} frames of {size:,} pixels", "paint it as a video"
            )
        return count

    @property
    def loop(self) -> int | None:
        """How often an animation is repeated, 0 for ever; none if the file does not say."""
        image = self._header()
        return image.info.get("loop") if image else None

    def read(self) -> Picture:
        """Read the (first) picture; see `read_image`."""
        if self._is_raw:
            return read_raw(Path(self.name), self._max_pixels)
        [(original, metadata)] = decoded(self._decode_first(), self.name, self._max_pixels)
        return Picture.of(original, metadata)

    def frames(self) -> Iterator[Frame]:
        """Read all pictures in order, one by one.

        Raises:
            InputError: one is damaged or too large.
        """
        if self.count == 1:
            yield Frame(self.read())
            return
        frames = decoded(self._decode_each(), self.name, self._max_pixels)
        for (original, metadata), duration_ms in frames:
            yield Frame(Picture.of(original, metadata), duration_ms)

    def strips(self, *, strip: bool = False, longer_px: int | None = None) -> Iterator[Picture]:
        """Read a photo that has a `layout` as a succession of pictures, each a few rows high.

        Args:
            strip: leave out EXIF, XMP and resolution.
            longer_px: the longer side is made at most so long.

        Raises:
            InputError: the file is damaged or cut off.
        """
        reader = self._reader
        assert reader
        layout = reader.layout
        whole = layout.width, layout.height
        size = fit_within(*whole, longer_px)
        profile = useful_profile(reader.profile, {1: "L", 3: "RGB", 4: "CMYK"}[layout.colors])
        metadata = NO_METADATA if strip else upright_metadata(reader.metadata, 1)
        rows: Iterator[Samples] = reader.strips()
        if size != whole:
            metadata = metadata.sized(*size)
            rows = shrink_rows(rows, whole, size, alpha=layout.alpha)
        top = 0
        for samples in decoded(rows, self.name, self._max_pixels):
            original = Original.split(samples, layout.alpha, layout.white, profile)
            top += len(samples)
            yield Picture(original.to_pixels(), original.alpha_8_bit(), original, metadata)
        if top != size[1]:
            raise InputError(f"{self.name} is damaged or cut off", "get it anew")

    @cached_property
    def _reader(self) -> RowReader | None:
        """The file, row by row, if it is of such a kind."""
        return None if self._is_raw else open_rows(self._file)

    def _header(self) -> Image | None:
        """Return the image as Pillow opens it; none if that fails: reading it will say why."""
        if not self._is_raw:
            with contextlib.suppress(Exception):
                return self._opened()
        return None

    def _opened(self) -> Image:
        """Return the file as Pillow opens it, its pixels not yet decoded."""
        if not self._image:
            self._file.seek(0)
            self._image = open_image(self._file, self.name)
        return self._image

    def _check(self) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(self._file.close)
            head = self._file.read(len(PNG_SIGNATURE))
            if not head:
                raise InputError(f"{self.name} is empty", "give an image")
            self._file.seek(0)
            if head == PNG_SIGNATURE:
                try:
                    check_png(self._file)
                except ValueError as error:
                    raise damaged(self.name) from error
            stack.pop_all()

    def _counted(self, image: Image) -> Iterator[int]:
        try:
            yield int(getattr(image, "n_frames", 1))
        except Exception as error:
            if image.format != PAGED:
                raise
            raise InputError(
                f"{self.name} is damaged or cut off: not all of its pages are there", "get it anew"
            ) from error

    def _decode_first(self) -> Iterator[Decoded]:
        reader = self._reader
        # Pillow is faster at 8-bit PNGs; in TIFFs it lets errors pass that their checksums show.
        if reader and (reader.layout.kind != "u1" or isinstance(reader, TiffReader)):
            yield decode_rows(reader, self.name, self._max_pixels)
            return
        image = self._opened()
        image.seek(0)
        check_size(self.name, image.width, image.height, self._max_pixels)
        if (depth := image.info.get("bit_depth", 8)) > 8 and image.format == "HEIF":
            yield decode_deep_heic(self._file, image, depth)
        else:
            yield decode_image(image)

    def _decode_each(self) -> Iterator[tuple[Decoded, float]]:
        image = self._opened()
        for number in range(self.count):
            image.seek(number)
            check_size(self.name, image.width, image.height, self._max_pixels)
            if image.format == PAGED:
                yield self._decode_page(image, number), 0.0
            else:
                yield decode_image(image), float(image.info.get("duration") or 0)

    def _decode_page(self, image: Image, number: int) -> Decoded:
        """Decode a page, in its own depth where `TiffReader` knows it."""
        at = self._file.tell()
        try:
            reader = TiffReader(self._file, number)
        except READERS_RAISE:
            self._file.seek(at)
            return decode_image(image)
        return decode_rows(reader, self.name, self._max_pixels)


def _name_of(source: Source) -> str:
    if isinstance(source, bytes | bytearray | memoryview):
        return "the image data"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return "standard input" if name in ("<stdin>", 0, None) else str(name)


def _content_of(source: bytes | bytearray | memoryview | BinaryIO, name: str) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif not hasattr(source, "read"):
        raise InputError(
            f"a photo is of type {type(source).__name__}",
            "give a file's name, its content as bytes, or a file that is open for reading them",
        )
    else:
        try:
            content = source.read(MAX_STREAM_BYTES + 1)
        except ValueError as error:  # closed, or open for writing, or for text
            raise InputError(
                f"{name} cannot be read ({error})", "open it with mode 'rb'"
            ) from error
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror})", "check it") from error
        if not isinstance(content, bytes):
            raise InputError(f"{name} is open for text", "open it with mode 'rb'")
    if len(content) > MAX_STREAM_BYTES:
        raise InputError(f"{name} is longer than {MAX_STREAM_BYTES:,} bytes", "give a file")
    return content


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except ValueError as error:  # of a zero in the name
        raise InputError(f"{name} cannot be read ({error})", "check it") from error
