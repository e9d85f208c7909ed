"""Files of style networks, whatever their format: what they are called, and what is in them."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import InputError

NETWORK_SUFFIXES = {".t7", ".onnx", ".pth", ".pt", ".model", ".npz"}

MAX_FILE_BYTES = 512 << 20


def read_content(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        InputError: it is missing, unreadable or larger than any style network.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MB", "check the file")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", "check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "check it") from error


def split_network(style: str) -> tuple[Path, str | None]:
    """Return the file of ``FILE`` or ``FILE#CHOICE``, and what chooses one of the styles in it."""
    file, mark, choice = style.rpartition("#")
    if mark and Path(file).suffix.lower() in NETWORK_SUFFIXES:
        return Path(file), choice
    return Path(style), None
