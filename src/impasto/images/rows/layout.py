"""What all files that are read and written row by row have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.images.original import Metadata, Samples, full_white

__all__ = ["STRIP_BYTES", "Kind", "Layout", "RowReader", "RowWriter", "rows_within", "to_samples"]

STRIP_BYTES = 4 << 20
"""Strips that readers give are about as large as this."""


Kind = Literal["u1", "u2", "f2", "f4", "f8"]
"""Of a sample: bytes after whole numbers or floats."""


@dataclass(frozen=True)
class Layout:
    """How a file's samples are arranged.

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
        """Colours, and alpha."""
        return self.colors + self.alpha

    @property
    def sample_bytes(self) -> int:
        """Of one sample."""
        return int(self.kind[1])

    @property
    def pixel_bytes(self) -> int:
        """Of one pixel's samples."""
        return self.channels * self.sample_bytes

    @property
    def row_bytes(self) -> int:
        """Of one row of samples."""
        return self.width * self.pixel_bytes

    @property
    def white(self) -> float:
        """The sample that means full light (or ink)."""
        return self.float_white if self.kind[0] == "f" else full_white(self.dtype)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of a sample."""
        return np.dtype(self.kind)


class RowReader(Protocol):
    """A file whose picture can be read from top to bottom, a few rows at a time."""

    layout: Layout
    metadata: Metadata
    profile: bytes
    more_pages: bool

    def strips(self) -> Iterator[Samples]:
        """All rows in order, some at a time: n x W x channels of the layout's type.

        Raises:
            ValueError, OSError, EOFError: the file is damaged or cut off.
        """


class RowWriter(Protocol):
    """A file that is written from top to bottom."""

    def write(self, rows: Samples) -> None:
        """The next rows: n x W x channels, of the layout's type."""

    def finish(self) -> None:
        """After the last row; without it, the file is none."""


def rows_within(layout: Layout, limit_bytes: int = STRIP_BYTES) -> int:
    """How many rows make a strip of so many bytes, at least one."""
    return max(1, min(layout.height, limit_bytes // layout.row_bytes))


def to_samples(content: bytes | NDArray[np.uint8], layout: Layout, order: str) -> Samples:
    """Raw bytes of whole rows as n x W x channels in the machine's byte order.

    Args:
        content: from the file, decompressed.
        layout: of the file.
        order: ``<`` or ``>``.
    """
    array = np.frombuffer(content, dtype=order + layout.kind)
    shaped = array.reshape(-1, layout.width, layout.channels)
    samples: Samples = shaped.astype(layout.kind, copy=False)
    return samples
