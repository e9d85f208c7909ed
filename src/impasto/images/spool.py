"""Pixels that wait on disk: row by row in, any rows out."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Pixels
from impasto._util.closeable import Closing
from impasto.errors import OutputError

STRIP_BYTES = 8 << 20


class PixelRows(Closing):
    """A picture whose rows can be had in any order: here, one in memory.

    Args:
        pixels: H x W x 3, uint8; masks have other numbers of channels.

    Attributes:
        size: width and height, in pixels.
        channels: of each pixel.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.size = pixels.shape[1], pixels.shape[0]
        self.channels = pixels.shape[2]

    def rows(self, top: int, bottom: int) -> Pixels:
        """Return those rows: n x W x 3, uint8."""
        return self._pixels[top:bottom]

    def strips(self) -> Iterator[Pixels]:
        """Yield all rows in order, some at a time."""
        width, height = self.size
        step = max(1, STRIP_BYTES // (3 * width))
        for top in range(0, height, step):
            yield self.rows(top, min(height, top + step))

    def close(self) -> None:
        """Let go of it."""


class RowFile(Closing):
    """Rows of bytes in a temporary file that nobody else sees, gone when it is closed.

    Args:
        row_bytes: the length of each.

    Attributes:
        length: rows in it.

    Raises:
        OutputError: there is no room.
    """

    def __init__(self, row_bytes: int, folder: Path) -> None:
        self._row_bytes = row_bytes
        self._folder = folder
        self.length = 0
        with self._on_disk():
            self._file = tempfile.TemporaryFile(dir=folder, prefix=".impasto-")  # noqa: SIM115

    def append(self, rows: NDArray[Any]) -> None:
        """Write the next rows: contiguous.

        Raises:
            OutputError: the disk is full.
        """
        with self._on_disk():
            self._file.write(rows.data)
        self.length += rows.nbytes // self._row_bytes

    def rows(self, top: int, bottom: int) -> bytes:
        """Return those rows.

        Raises:
            ValueError: they were not appended yet.
            OutputError: the disk is full, or fails.
        """
        with self._on_disk():
            self._file.seek(self._row_bytes * top)  # which writes what is pending
            content = self._file.read(self._row_bytes * (bottom - top))
            self._file.seek(0, 2)
        if len(content) < self._row_bytes * (bottom - top):
            raise ValueError(f"rows up to {bottom} were not appended yet")
        return content

    def close(self) -> None:
        """Delete the file."""
        with contextlib.suppress(OSError):  # of what is pending, which nobody will miss
            self._file.close()

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"what waits on disk has no place in {self._folder} ({error.strerror})",
                "make room, or write to another disk",
            ) from error


class Spool(PixelRows):
    """A picture in a temporary file (`RowFile`).

    Args:
        size: width and height, in pixels.

    Raises:
        OutputError: there is no room.
    """

    def __init__(self, size: tuple[int, int], folder: Path) -> None:
        self.size, self.channels = size, 3
        self._file = RowFile(3 * size[0], folder)

    def append(self, rows: Pixels) -> None:
        """Write the next rows, from the top: n x W x 3, uint8.

        Raises:
            OutputError: the disk is full.
        """
        self._file.append(np.ascontiguousarray(rows))

    def rows(self, top: int, bottom: int) -> Pixels:
        """Return those rows: n x W x 3, uint8.

        Raises:
            ValueError: they were not appended yet.
        """
        content = self._file.rows(top, bottom)
        return np.frombuffer(content, dtype=np.uint8).reshape(-1, self.size[0], 3)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
