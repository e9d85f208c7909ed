"""Reading safetensors files that may come from anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError

__all__ = ["read_tensors"]


def read_tensors(
    path: Path, file_format: str, max_bytes: int
) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """Read all tensors and the metadata of one of our files.

    Args:
        path: the file.
        file_format: what its metadata must have under ``format``.
        max_bytes: a larger file is refused unread.

    Raises:
        StyleError: it is missing, too large, damaged, of another kind, or has numbers that are not
            finite.
    """
    from safetensors import SafetensorError, safe_open

    try:
        size = path.stat().st_size
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror})", "check the name") from error
    if size > max_bytes:
        raise StyleError(f"{path} has {size:,} bytes, more than {max_bytes:,}", "it is not ours")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise StyleError(f"{path} is damaged or not an impasto file", "get it anew") from error
    if metadata.get("format") != file_format:
        found = metadata.get("format", "no format at all")
        raise StyleError(f"{path} is of format {found!r}, not {file_format!r}", "get another file")
    for name, tensor in tensors.items():
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise StyleError(f"{path}: {name} has values that are not finite", "get the file anew")
    return tensors, metadata
