"""How samples lie in files that are read and written row by row, and what all of these need."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from impasto._util.arrays import Pixels
from impasto.images.original import Samples, full_white

STRIP_BYTES = 4 << 20
"""Strips that readers give are about as large as this."""
READ_BYTES = 1 << 20
CHECKSUM_BYTES = 12  # the last bits of a deflated stream, and its checksum

Kind = Literal["u1", "u2", "f2", "f4", "f8"]
"""A sample's type: whole numbers or floats, and its bytes."""


@dataclass(frozen=True)
class Layout:
    """The arrangement of a file's samples.

    Attributes:
        width, height: in pixels, as stored: before any orientation is applied.
        colors: 1 for grey, 3 for RGB, 4 for CMYK.
        alpha: one more channel follows, which is transparency.
        kind: of a sample. Readers give, and writers take, ``u1``, ``u2`` and ``f4``.
        float_white: the float that means full light, in files of floats.
    """

    width: int
    height: int
    colors: int
    alpha: bool = False
    kind: Kind = "u1"
    float_white: float = 1.0

    @property
    def channels(self) -> int:
        """Number of channels: colours, and alpha."""
        return self.colors + self.alpha

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return int(self.kind[1])

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel's samples."""
        return self.channels * self.sample_bytes

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of samples."""
        return self.width * self.pixel_bytes

    @property
    def white(self) -> float:
        """The sample that means full light (or ink)."""
        return self.float_white if self.kind[0] == "f" else full_white(self.dtype)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """NumPy's type of a sample."""
        return np.dtype(self.kind)


def rows_within(layout: Layout) -> int:
    """Return how many rows make a strip of `STRIP_BYTES`, at least one."""
    return max(1, min(layout.height, STRIP_BYTES // layout.row_bytes))


def to_samples(content: bytes | Pixels, layout: Layout, order: str) -> Samples:
    """Return raw bytes of whole rows as n x W x channels in the machine's byte order.

    Args:
        content: from the file, decompressed.
        order: ``<`` or ``>``.
    """
    array = np.frombuffer(content, dtype=order + layout.kind)
    shaped = array.reshape(-1, layout.width, layout.channels)
    samples: Samples = shaped.astype(layout.kind, copy=False)
    return samples


def pieces(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    """Yield what a file has from one place on, some at a time; less than that if it is cut off."""
    file.seek(start)
    while data := file.read(min(length, READ_BYTES)):
        length -= len(data)
        yield data


def inflate(stream: Iterator[bytes], total: int, block_bytes: int) -> Iterator[bytes]:
    """Decompress what zlib compressed, a block at a time.

    Args:
        stream: compressed, in pieces of any size.
        total: so many bytes are wanted; if there are more, they are left.
        block_bytes: the size of all blocks but the last.

    Raises:
        ValueError: the stream, or its checksum, is damaged.
        EOFError: it is cut off.
    """
    inflater, pending = zlib.decompressobj(), bytearray()
    while total > 0:
        data = inflater.unconsumed_tail or next(stream, b"")
        fresh = _decompress(inflater, data, block_bytes)
        if not data and not fresh:
            raise EOFError("cut off")
        pending += fresh
        while len(pending) >= min(block_bytes, total) > 0:
            block = bytes(pending[: min(block_bytes, total)])
            del pending[: len(block)]
            total -= len(block)
            yield block
    rest = inflater.unconsumed_tail
    while len(rest) < CHECKSUM_BYTES and (data := next(stream, b"")):
        rest += data
    _decompress(inflater, rest, 1)


def _decompress(inflater: zlib._Decompress, data: bytes, most: int) -> bytes:
    try:
        return inflater.decompress(data, most)
    except zlib.error as error:
        raise ValueError("damaged") from error
