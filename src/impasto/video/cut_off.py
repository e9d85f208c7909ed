"""Files that are shorter than they say, as downloads that broke off are: FFmpeg reads what there is
of them, and does not tell.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"  # Matroska and WebM
BOXES = {b"mdat", b"moov", b"moof"}  # of MP4 and MOV; what others append to these is not ours


def is_cut_off(path: Path) -> bool:
    """Tell whether a Matroska, WebM, MP4, MOV or AVI file ends before the end of what it holds by
    its own account; other files, and recordings that broke off, have no such account.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return False
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(EBML):
            return _matroska_end(file) > size
        if start.startswith(b"RIFF"):
            end = 0  # of all RIFF chunks: large AVI files have several
            while len(head := file.read(8)) == 8 and head.startswith(b"RIFF"):
                end = file.seek(int.from_bytes(head[4:], "little"), 1)
            return end > size
        return _boxes_end(file, size) > size


def _matroska_end(file: BinaryIO) -> int:
    """Return the end of the first segment; 0 if it has no known size."""
    while True:
        kind, first = file.read(4), file.read(1)
        if not first or kind not in (EBML, SEGMENT):
            return 0
        length = 9 - first[0].bit_length()  # of the size itself
        unit = 1 << 7 * length
        size = int.from_bytes(first + file.read(length - 1), "big") % unit
        if kind == SEGMENT:
            return 0 if size == unit - 1 else file.tell() + size
        file.seek(size, 1)


def _boxes_end(file: BinaryIO, file_size: int) -> int:
    """Return the end of the last box with frames, or with what is said of them."""
    end = position = 0
    while position < file_size:
        file.seek(position)
        head = file.read(16).ljust(16, b"\0")
        size, kind, long_size = struct.unpack(">I4sQ", head)
        size = long_size if size == 1 else size
        if size < 8:  # up to the end of the file, or no box at all
            break
        position += size
        if kind in BOXES:
            end = position
    return end
