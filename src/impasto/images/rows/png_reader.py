"""Reading PNG strip by strip (ISO/IEC 15948).

Decompression is a matter of zlib's. What is left, undoing the filters, goes from each byte to the
next and would take minutes in Python; so every strip is wrapped up as a small PNG of its own, below
its predecessor's last row, and a library undoes the filters.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from impasto.images.original import Metadata, Samples, full_white
from impasto.images.rows.layout import Layout, inflate, pieces, rows_within

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = ">IIBBBBB"
GREY, RGB, GREY_ALPHA, RGB_ALPHA = 0, 2, 4, 6
COLORS = {GREY: (1, False), RGB: (3, False), GREY_ALPHA: (1, True), RGB_ALPHA: (3, True)}
MAX_METADATA_BYTES = 64 << 20
METRES_PER_INCH = 0.0254
XMP_KEYWORD = b"XML:com.adobe.xmp\0"


class PngReader:
    """A PNG file of 8 or 16 bits without palette; interlaced ones (of 16 bits) come as one strip.

    Args:
        file: open for reading, from its start.

    Raises:
        ValueError: it is another kind of PNG, or none, or damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._spans: list[tuple[int, int]] = []  # of compressed pixels: start, length
        self._key: tuple[int, ...] = ()
        self.profile, exif, xmp = b"", b"", b""
        dpi: tuple[float, float] | None = None
        header = b""
        for kind, start, length in _chunks(file):
            if kind == b"IDAT":
                self._spans.append((start, length))
            elif kind == b"acTL":
                raise ValueError("an animation")
            elif kind == b"IHDR":
                header = self._content(length)
            elif kind == b"tRNS":
                self._key = struct.unpack(f">{length // 2}H", self._content(length // 2 * 2))
            elif kind == b"iCCP":
                self.profile = _unzip(self._content(length).partition(b"\0")[2][1:])
            elif kind == b"eXIf":
                exif = b"Exif\0\0" + self._content(length)
            elif kind == b"pHYs" and length == 9:
                across, down, unit = struct.unpack(">IIB", self._content(length))
                if unit == 1 and across and down:
                    dpi = (across * METRES_PER_INCH, down * METRES_PER_INCH)
            elif kind == b"iTXt":
                xmp = _xmp(self._content(length)) or xmp
        if len(header) != struct.calcsize(HEADER):
            raise ValueError("damaged")
        width, height, depth, color, *_, interlace = struct.unpack(HEADER, header)
        if depth not in (8, 16) or color not in COLORS or (interlace and depth == 8):
            raise ValueError("a kind of PNG that is not read row by row")
        if not self._spans or not width or not height:
            raise ValueError("damaged")
        self._interlaced = bool(interlace)
        self._color = color
        colors, alpha = COLORS[color]
        if color in (GREY_ALPHA, RGB_ALPHA) or len(self._key) != colors:
            self._key = ()
        self._stored = Layout(width, height, colors, alpha, "u2" if depth == 16 else "u1")
        self.layout = Layout(width, height, colors, alpha or bool(self._key), self._stored.kind)
        self.metadata = Metadata(exif, xmp, dpi)
        self.more_pages = False

    def _content(self, length: int) -> bytes:
        if length > MAX_METADATA_BYTES:
            raise ValueError("a description of absurd length")
        return self._file.read(length)

    def strips(self) -> Iterator[Samples]:
        """Yield all rows in order, some at a time: n x W x channels, uint8 or uint16.

        Raises:
            ValueError, OSError, EOFError: the file is damaged or cut off.
        """
        stored = self._stored
        if self._interlaced:
            yield self._with_key(self._decode(b"".join(self._packed()), stored.height))
            return
        line = 1 + stored.row_bytes  # a filter's number goes before each row
        above = b""
        for block in inflate(self._packed(), stored.height * line, rows_within(stored) * line):
            rows = (len(above) + len(block)) // line
            samples = self._decode(zlib.compress(above + block, 0), rows)[1 if above else 0 :]
            above = b"\0" + samples[-1:].astype(">" + stored.kind).tobytes()
            yield self._with_key(samples)

    def _packed(self) -> Iterator[bytes]:
        """Yield the compressed pixels, in pieces."""
        for span in self._spans:
            yield from pieces(self._file, *span)

    def _decode(self, packed: bytes, rows: int) -> Samples:
        """Have a library undo the filters of some rows, which get a PNG of their own."""
        from PIL import Image

        stored, depth = self._stored, 8 * self._stored.sample_bytes
        header = struct.pack(
            HEADER, stored.width, rows, depth, self._color, 0, 0, int(self._interlaced)
        )
        chunks = {b"IHDR": header, b"IDAT": packed, b"IEND": b""}
        small = PNG_SIGNATURE + b"".join(png_chunk(*each) for each in chunks.items())
        if depth == 16:
            samples = _decode_16_bit(small, self._color)
        else:
            with Image.open(io.BytesIO(small), formats=("PNG",)) as image:
                samples = np.array(image)
        return samples.reshape(rows, stored.width, stored.channels)

    def _with_key(self, samples: Samples) -> Samples:
        """Add alpha where the file declares one colour transparent."""
        if not self._key:
            return samples
        white = full_white(samples.dtype)
        opaque = np.where((samples == self._key).all(axis=2, keepdims=True), 0, white)
        result: Samples = np.concatenate([samples, opaque.astype(samples.dtype)], axis=2)
        return result


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk before the last: its kind, where its content starts, and how long it is."""
    if file.read(8) != PNG_SIGNATURE:
        raise ValueError("no PNG")
    size = file.seek(0, os.SEEK_END)
    at = 8
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IEND":
            return
        yield kind, at + 8, length
        at += length + 12
    # Without its end, what there is may still be whole: the pixels will show.


def check_png(file: BinaryIO) -> None:
    """Compare a PNG's chunks with their checksums (section 5.3), which Pillow leaves out where
    there are pixels.

    Args:
        file: open for reading, from its start.

    Raises:
        ValueError: one of them is wrong, or it is no PNG.
    """
    for kind, start, length in _chunks(file):
        check = zlib.crc32(kind)
        for data in pieces(file, start, length):
            check = zlib.crc32(data, check)
        if file.read(4) != struct.pack(">I", check):
            raise ValueError("damaged")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    check = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(content)), kind, content, struct.pack(">I", check)))


def _decode_16_bit(content: bytes, color: int) -> Samples:
    import cv2

    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("damaged")
    if color == RGB:
        decoded = decoded[..., ::-1]
    elif color == RGB_ALPHA:
        decoded = decoded[..., [2, 1, 0, 3]]
    elif color == GREY_ALPHA:
        decoded = decoded[..., [0, -1]]
    return np.ascontiguousarray(decoded, dtype=np.uint16)


def _unzip(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, MAX_METADATA_BYTES)
    except zlib.error:  # a damaged profile, the picture being sound
        return b""


def _xmp(content: bytes) -> bytes:
    if not content.startswith(XMP_KEYWORD):
        return b""
    compressed = content[len(XMP_KEYWORD) : len(XMP_KEYWORD) + 1] == b"\1"
    text = content[len(XMP_KEYWORD) + 2 :].split(b"\0", 2)[-1]
    return _unzip(text) if compressed else text
