"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from impasto.errors import OutputError

__all__ = ["check_writable", "write_atomically"]


@contextlib.contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when it is complete.

    The bytes go to a temporary file in the same folder, which is renamed at the end of the block.
    After an exception in it, or a crash, whatever was at ``path`` is still there, untouched.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    check_writable(path)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:50]}.", suffix=".tmp", dir=path.parent
        )
    except OSError as error:
        raise _output_error(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_permissions(path))
        Path(name).replace(path)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Find out before long work that its result could not be written.

    Raises:
        OutputError: ``path`` is a folder, or its folder is missing or not writable.
    """
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"{path} is a folder", "give a file name")
    if not folder.exists():
        raise OutputError(
            f"{path} cannot be written: there is no folder {folder}", "create it first"
        )
    if not folder.is_dir():
        raise OutputError(
            f"{path} cannot be written: {folder} is not a folder", "give another path"
        )
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path} cannot be written: no permission", "write to another folder")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"{path} is write-protected", "give another name")


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, else what any new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0)  # there is no way to read it but to set it
    os.umask(umask)
    return 0o666 & ~umask


def _output_error(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written ({error.strerror or error})",
        "check the disk's free space and permissions",
    )
