"""Samples of what a trunk makes of codes, in memory and in files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from impasto._util.atomic_files import write_atomically
from impasto.errors import InputError

__all__ = ["Samples", "read_samples", "write_samples"]


@dataclass(frozen=True)
class Samples:
    """What a trunk made of some codes; all arrays begin with as many rows.

    Attributes:
        wanted: N x layers x K, sketches of the painting's crop that a code was predicted from
            (`impasto.training.emulator.GramSketch`).
        codes: N x ``bottleneck``, scattered about the predictions.
        photos: N, int64: which of the practised photos was painted.
        painted: N x layers x K, of the picture.
        contents: N, content losses.
    """

    wanted: Tensor
    codes: Tensor
    photos: Tensor
    painted: Tensor
    contents: Tensor

    def __len__(self) -> int:
        return len(self.codes)

    def first(self, count: int) -> Samples:
        """The first rows."""
        return Samples(*(getattr(self, name)[:count] for name in FIELDS))

    @classmethod
    def room_for(cls, count: int, like: Samples) -> Samples:
        """Arrays of so many rows, whatever is in them."""
        arrays = (getattr(like, name) for name in FIELDS)
        return cls(*(torch.empty((count, *a.shape[1:]), dtype=a.dtype) for a in arrays))

    def put(self, first: int, rows: Samples) -> None:
        """Copy rows to a place."""
        for name in FIELDS:
            getattr(self, name)[first : first + len(rows)] = getattr(rows, name)


FIELDS = tuple(field.name for field in fields(Samples))


def write_samples(path: Path, samples: Samples, source: str) -> None:
    """Write a safetensors file.

    Args:
        path: of the file.
        samples: what to write.
        source: tells what painted them from anything else.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.torch import save

    tensors = {name: getattr(samples, name).contiguous() for name in FIELDS}
    content = save(tensors, {"source": source})
    with write_atomically(path) as file:
        file.write(content)


def read_samples(path: Path, source: str) -> Samples:
    """Read what `write_samples` wrote.

    Raises:
        InputError: the file is damaged, or of another source.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get("source")
            tensors = {name: file.get_tensor(name) for name in FIELDS}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is no file of samples", "delete it") from error
    if found != source:
        raise InputError(f"{path} has samples of another trunk or encoder", "delete it")
    return Samples(**tensors)
