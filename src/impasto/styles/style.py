"""A style: the vector that makes a trunk paint like one painting, and that painting's credit."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError
from impasto.networks.low_rank import KernelChanges
from impasto.networks.tensors import read_tensors, write_tensors
from impasto.networks.trunk import Trunk, checked_trunk

STYLE_SUFFIX = ".style"
FORMAT = "impasto-style-1"
MAX_FILE_BYTES = 64 << 20  # with a trunk of its own; without, a few kilobytes
TRUNK_PREFIX = "trunk."
OUTPUTS, WEIGHTS = ".outputs", ".weights"  # the two matrices that change a kernel
MAX_VECTOR = 65536
PAINTING_PX = 384


@dataclass(frozen=True)
class StyleCard:
    """The painting that a style was learned from.

    Attributes:
        title: of the painting.
        artist: who painted it.
        year: as people write it ("c. 1831").
        licence: of the painting's picture, and why.
        painting: the picture's file name, by which `impasto evaluate` finds it again.
    """

    title: str = ""
    artist: str = ""
    year: str = ""
    licence: str = ""
    painting: str = ""


@dataclass(frozen=True)
class Style:
    """A style for one trunk.

    Attributes:
        name: by which people call it: small letters, digits and hyphens.
        vector: float32, of one of the trunk's ``vector_sizes``: a scale and a shift for every
            normalised channel, and perhaps what it adds to the last layer
            (`impasto.networks.trunk.Trunk.with_last_layer`).
        trunk: the fingerprint of the trunk that it belongs to.
        card: the painting's credit.
        thumbnail: a small JPEG of the painting; empty if there is none.
        painting_px: the painting's shorter side when the style was learned.
        kernels: what it adds to the trunk's kernels (`impasto.networks.trunk.Trunk.adapted`).
        own_trunk: the trunk itself, where it was tuned to this painting alone (`impasto learn
            --deep`); such a style needs no gallery, and mixes with no other.
    """

    name: str
    vector: NDArray[np.float32]
    trunk: str
    card: StyleCard = StyleCard()
    thumbnail: bytes = b""
    painting_px: int = PAINTING_PX
    own_trunk: Trunk | None = None
    kernels: KernelChanges = field(default_factory=dict)


def check_name(text: str) -> str:
    """Return a style's name as it is kept: small letters, digits and hyphens.

    Raises:
        StyleError: nothing is left of it.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name:
        raise StyleError(f"{text!r} makes no style name", "use letters and digits")
    return name


def write_style(path: str | os.PathLike[str], style: Style) -> None:
    """Write a style as a small safetensors file: the vector, and its own trunk if it has one, in
    float16.

    Raises:
        OutputError: it cannot be written.
    """
    metadata = {
        "format": FORMAT,
        "name": style.name,
        "trunk": style.trunk,
        "painting_px": str(style.painting_px),
        "card": json.dumps(asdict(style.card), ensure_ascii=False),
    }
    if style.thumbnail:
        metadata["thumbnail"] = base64.b64encode(style.thumbnail).decode()
    tensors: dict[str, NDArray[np.float16]] = {"vector": style.vector.astype(np.float16)}
    for name, (outputs, weights) in style.kernels.items():
        tensors |= {f"{name}{OUTPUTS}": outputs, f"{name}{WEIGHTS}": weights}
    if style.own_trunk:
        metadata["spec"] = style.own_trunk.spec.to_json()
        own = style.own_trunk.weights.items()
        tensors |= {f"{TRUNK_PREFIX}{name}": array for name, array in own}
    write_tensors(Path(path), tensors, metadata)


def read_style(path: str | os.PathLike[str]) -> Style:
    """Read what `write_style` wrote.

    Raises:
        StyleError: the file is missing, damaged, or not a style.
    """
    path = Path(path)
    tensors, metadata = read_tensors(path, FORMAT, MAX_FILE_BYTES)
    vector = tensors.get("vector")
    if vector is None or vector.ndim != 1 or not 1 <= vector.size <= MAX_VECTOR:
        raise StyleError(f"{path} holds no style vector", "get the file anew")
    try:
        card = StyleCard(**{key: str(value) for key, value in json.loads(metadata["card"]).items()})
        name, trunk = metadata["name"], metadata["trunk"]
        painting_px = int(metadata.get("painting_px", PAINTING_PX))
        thumbnail = base64.b64decode(metadata.get("thumbnail", ""), validate=True)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise StyleError(f"{path} has a damaged description", "get the file anew") from error
    own_trunk = None
    if "spec" in metadata:
        own_trunk = checked_trunk(path, metadata["spec"], tensors, TRUNK_PREFIX)
    if own_trunk and (own_trunk.fingerprint != trunk or own_trunk.spec.style_size != vector.size):
        raise StyleError(f"{path} carries another trunk than its own", "get the file anew")
    return Style(
        name=name,
        vector=vector.astype(np.float32),
        trunk=trunk,
        card=card,
        thumbnail=thumbnail,
        painting_px=painting_px,
        own_trunk=own_trunk,
        kernels=_kernel_changes(tensors),
    )


def _kernel_changes(tensors: Mapping[str, NDArray[np.generic]]) -> KernelChanges:
    """Return the pairs of matrices among a file's tensors; whether they fit, the trunk knows."""
    names = [name.removesuffix(OUTPUTS) for name in tensors if name.endswith(OUTPUTS)]
    return {
        name: (
            tensors[f"{name}{OUTPUTS}"].astype(np.float16),
            tensors[f"{name}{WEIGHTS}"].astype(np.float16),
        )
        for name in names
        if f"{name}{WEIGHTS}" in tensors
    }
