"""Safetensors files: ours, and those that may come from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.atomic_files import write_atomically
from impasto.errors import StyleError


def read_tensors(
    path: Path, file_format: str, max_bytes: int
) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """Read all tensors and the metadata of one of our files.

    Args:
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


def checked_weights(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    tensors: Mapping[str, NDArray[np.generic]],
    prefix: str = "",
) -> dict[str, NDArray[np.float16]]:
    """Return a network's weights from among a file's tensors.

    Args:
        shapes: of the weights, by their names.
        prefix: before the names there.

    Raises:
        StyleError: one is missing, or has another shape.
    """
    weights = {}
    for name, shape in shapes.items():
        tensor = tensors.get(f"{prefix}{name}")
        if tensor is None or tensor.shape != shape:
            raise StyleError(f"{path} lacks {name} of shape {shape}", "get the file anew")
        weights[name] = tensor.astype(np.float16)
    return weights


def write_tensors(
    path: Path, tensors: Mapping[str, NDArray[np.float16]], metadata: Mapping[str, str]
) -> None:
    """Write what `read_tensors` reads.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    content = save(contiguous, metadata=dict(metadata))
    with write_atomically(path) as file:
        file.write(content)
