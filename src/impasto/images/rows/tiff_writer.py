"""Writing TIFF row by row, in 8, 16 or 32 bits (TIFF 6.0; BigTIFF where 4 GB do not suffice)."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from impasto.images.original import Metadata, Samples
from impasto.images.rows import tiff_reader as tag
from impasto.images.rows.layout import Layout

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

COMPRESSION = 4  # of deflate: 6 takes twice the time and saves 2 % of a painting
ROWS = 64  # in a strip
BIG_FROM_BYTES = 3 << 30  # before compression, which may gain nothing
INCHES = 2
FLOAT = 11  # of a tag's type


class TiffWriter:
    """A TIFF file under construction: strips, compressed by deflate, then the tags.

    Args:
        file: open for writing, at its start, and seekable.
        metadata: EXIF, XMP and resolution.
        profile: ICC profile of the colours.
        previous: the finished page that this one comes after, in the same file.
    """

    def __init__(
        self,
        file: BinaryIO,
        layout: Layout,
        metadata: Metadata,
        profile: bytes,
        previous: TiffWriter | None = None,
    ) -> None:
        self._file = file
        self.layout = layout
        self._metadata = metadata
        self._profile = profile
        self._big = layout.row_bytes * layout.height > BIG_FROM_BYTES
        if previous:
            self._big = previous._big
        self._head = b"II+\0\x08\0\0\0" + bytes(8) if self._big else b"II*\0" + bytes(4)
        self._pending: list[Samples] = []
        self._pending_rows = 0
        self._offsets: list[int] = []
        self._lengths: list[int] = []
        # Where the place of this page's directory is to be written.
        self._link = previous._next_link if previous else 8 if self._big else 4
        self._next_link: int = 0
        if not previous:
            file.write(self._head)

    def write(self, rows: Samples) -> None:
        """Write the next rows: n x W x channels, of the layout's type."""
        self._pending.append(rows)
        self._pending_rows += len(rows)
        if self._pending_rows >= ROWS:
            joined = np.concatenate(self._pending)
            whole = len(joined) // ROWS * ROWS
            for top in range(0, whole, ROWS):
                self._put(joined[top : top + ROWS])
            self._pending, self._pending_rows = [joined[whole:].copy()], len(joined) - whole

    def finish(self) -> None:
        """Complete the page, after the last row."""
        if self._pending_rows:
            self._put(np.concatenate(self._pending))
        at = self._file.tell()
        at += self._file.write(bytes(-at % 8))
        tags = self._tags()
        self._file.write(self._with_offsets(tags.tobytes(at), at))
        count_bytes, entry_bytes, offset_form = (8, 20, "<Q") if self._big else (2, 12, "<I")
        self._next_link = at + count_bytes + entry_bytes * len(tags)
        self._file.seek(self._link)
        self._file.write(struct.pack(offset_form, at))
        self._file.seek(0, 2)

    def _put(self, rows: Samples) -> None:
        raw = np.ascontiguousarray(rows, dtype="<" + self.layout.kind)
        if self.layout.kind != "f4":
            differences = raw.copy()
            differences[:, 1:] -= raw[:, :-1]
            raw = differences
        packed = zlib.compress(raw.tobytes(), COMPRESSION)
        self._offsets.append(self._file.tell())
        self._lengths.append(self._file.write(packed))

    def _tags(self) -> ImageFileDirectory_v2:
        from PIL import Image
        from PIL.TiffImagePlugin import ImageFileDirectory_v2

        layout = self.layout
        tags = ImageFileDirectory_v2(self._head)
        exif = Image.Exif()
        exif.load(self._metadata.exif)
        for name in tag.descriptive_exif(exif):
            tags[name] = exif.get_ifd(name) if name in (tag.EXIF, tag.GPS) else exif[name]
        tags[tag.WIDTH], tags[tag.HEIGHT] = layout.width, layout.height
        tags[tag.BITS] = (8 * layout.sample_bytes,) * layout.channels
        tags[tag.SAMPLE_FORMAT] = (3 if layout.kind == "f4" else 1,) * layout.channels
        if layout.kind == "f4" and layout.white != 1:
            tags[tag.MAX_SAMPLE] = (layout.white,) * layout.channels
            tags.tagtype[tag.MAX_SAMPLE] = FLOAT
        tags[tag.CHANNELS] = layout.channels
        tags[tag.PHOTOMETRIC] = {1: tag.BLACK_IS_ZERO, 3: tag.RGB, 4: tag.CMYK}[layout.colors]
        tags[tag.PLANAR] = 1
        tags[tag.COMPRESSION] = tag.DEFLATE[0]
        tags[tag.PREDICTOR] = 1 if layout.kind == "f4" else tag.DIFFERENCES
        tags[tag.ROWS_PER_STRIP] = ROWS
        if layout.alpha:
            tags[tag.EXTRA_SAMPLES] = tag.STRAIGHT
        if self._profile:
            tags[tag.PROFILE] = self._profile
        if self._metadata.xmp:
            tags[tag.XMP] = self._metadata.xmp
        if self._metadata.dpi:
            tags[tag.X_RESOLUTION], tags[tag.Y_RESOLUTION] = self._metadata.dpi
            tags[tag.RESOLUTION_UNIT] = INCHES
        number = 16 if self._big else 4  # the type: LONG8 or LONG
        for name, values in {
            tag.STRIP_OFFSETS: (0,) * len(self._offsets),
            tag.STRIP_LENGTHS: tuple(self._lengths),
        }.items():
            tags[name] = values
            tags.tagtype[name] = number
        return tags

    def _with_offsets(self, directory: bytes, at: int) -> bytes:
        """Write the strips' places into a directory. Pillow would move them behind it."""
        start, entry, number = (8, "<HHQQ", "Q") if self._big else (2, "<HHII", "I")
        offsets = struct.pack(f"<{len(self._offsets)}{number}", *self._offsets)
        size = struct.calcsize(entry)
        while True:
            name, _, count, value = struct.unpack_from(entry, directory, start)
            start += size
            if name == tag.STRIP_OFFSETS:
                place = value - at if count > 1 else start - struct.calcsize(number)
                return directory[:place] + offsets + directory[place + len(offsets) :]
