"""Writing PNG row by row, in 8 or 16 bits (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from impasto._util.arrays import Pixels
from impasto.images.original import Metadata, Samples
from impasto.images.rows.layout import Layout
from impasto.images.rows.png_reader import (
    COLORS,
    METRES_PER_INCH,
    PNG_SIGNATURE,
    XMP_KEYWORD,
    png_chunk,
)

COMPRESSION = 4  # 6 takes twice the time and saves 2 % of a painting
SUB, UP = 1, 2
MAX_CHUNK_BYTES = 1 << 30


class PngWriter:
    """A PNG file under construction.

    Args:
        file: open for writing; it need not be seekable.
        layout: grey or RGB, ``u1`` or ``u2``.
        metadata: EXIF, XMP and resolution.
        profile: ICC profile of the colours.

    Raises:
        ValueError: PNG has no such layout.
    """

    def __init__(self, file: BinaryIO, layout: Layout, metadata: Metadata, profile: bytes) -> None:
        colors = {value: key for key, value in COLORS.items()}
        if (layout.colors, layout.alpha) not in colors or layout.kind == "f4":
            raise ValueError(f"PNG has no {layout.kind} of {layout.colors} colours")
        self._file = file
        self.layout = layout
        self._above = np.zeros(layout.row_bytes, dtype=np.uint8)
        self._deflate = zlib.compressobj(COMPRESSION)
        depth = 8 * layout.sample_bytes
        color = colors[layout.colors, layout.alpha]
        header = struct.pack(">IIBBBBB", layout.width, layout.height, depth, color, 0, 0, 0)
        file.write(PNG_SIGNATURE + png_chunk(b"IHDR", header))
        if profile:
            file.write(png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile)))
        if metadata.dpi:
            across, down = (round(each / METRES_PER_INCH) for each in metadata.dpi)
            file.write(png_chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
        if metadata.exif:
            file.write(png_chunk(b"eXIf", metadata.exif.removeprefix(b"Exif\0\0")))
        if metadata.xmp:
            file.write(png_chunk(b"iTXt", XMP_KEYWORD + bytes(4) + metadata.xmp))

    def write(self, rows: Samples) -> None:
        """Write the next rows: n x W x channels, of the layout's type."""
        raw = np.ascontiguousarray(rows, dtype=">" + self.layout.kind)
        lines = raw.view(np.uint8).reshape(len(rows), self.layout.row_bytes)
        self._put(self._deflate.compress(self._filter(lines).tobytes()))
        self._above = lines[-1].copy()

    def finish(self) -> None:
        """Complete the file, after the last row."""
        self._put(self._deflate.flush())
        self._file.write(png_chunk(b"IEND", b""))

    def _put(self, compressed: bytes) -> None:
        for start in range(0, len(compressed), MAX_CHUNK_BYTES):
            self._file.write(png_chunk(b"IDAT", compressed[start : start + MAX_CHUNK_BYTES]))

    def _filter(self, lines: Pixels) -> Pixels:
        """Return each row as differences to its left or upper neighbour, whichever are smaller
        (section 12.7), after the filter's number.
        """
        step = self.layout.pixel_bytes
        sub = lines.copy()
        sub[:, step:] -= lines[:, :-step]
        up = lines.copy()
        up[0] -= self._above
        up[1:] -= lines[:-1]
        sizes = [np.abs(each.view(np.int8)).view(np.uint8).sum(axis=1) for each in (sub, up)]
        better_up = sizes[1] < sizes[0]
        filtered = np.empty((len(lines), 1 + lines.shape[1]), dtype=np.uint8)
        filtered[:, 0] = np.where(better_up, UP, SUB)
        filtered[:, 1:] = np.where(better_up[:, None], up, sub)
        return filtered
