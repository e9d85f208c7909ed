"""The trunk in a file: a network's description and the weights that all its styles share."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.networks.export import bake, bake_steered
from impasto.networks.low_rank import KernelChanges, changed_kernel, fit_layers
from impasto.networks.regions import bake_regions
from impasto.networks.spec import NetworkSpec
from impasto.networks.subpixel import phase_filters
from impasto.networks.tensors import checked_weights, read_tensors, write_tensors

FORMAT = "impasto-trunk-1"
MAX_FILE_BYTES = 64 << 20
REVISION_PREFIX = "revision."


@dataclass(frozen=True)
class Trunk:
    """A network without a style; or two, of which the first drafts and the second revises.

    Attributes:
        spec: its layers.
        weights: float16 arrays, by the names that `impasto.networks.export.bake` expects.
        revision: the network that revises what this one drafts, if there is one.
    """

    spec: NetworkSpec
    weights: Mapping[str, NDArray[np.float16]]
    revision: Trunk | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that tell this trunk from any other: a style vector fits only
        the trunk that it was trained with.
        """
        digest = hashlib.sha256(self.spec.to_json().encode())
        for name in sorted(self.weights):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.weights[name], dtype="<f2").tobytes())
        if self.revision:
            digest.update(self.revision.fingerprint.encode())
        return digest.hexdigest()[:16]

    @property
    def vector_sizes(self) -> tuple[int, ...]:
        """Numbers that a style of this trunk may have."""
        if not self.revision:
            return self.spec.vector_sizes
        return (2 * (self.spec.style_size + 2 * self.revision.spec.style_size),)

    def at_effect(
        self, vector: NDArray[np.float32], effect: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return what a style says to the two networks: the draft's vector, the revision's, and the
        statistics that the latter is normalised by.

        Args:
            vector: a subtle style, then a bold one, each these three in this order.
            effect: 0 gives the subtle one, 1 the bold one; between them is their weighted mean
                (the adjustable losses of Babaeizadeh & Ghiasi 2018, as arithmetic on vectors).
        """
        assert self.revision
        subtle, bold = vector.reshape(2, -1)
        mixed = (1 - effect) * subtle + effect * bold
        own, other = self.spec.style_size, self.revision.spec.style_size
        draft, revision, statistics = np.split(mixed.astype(np.float32), [own, own + other])
        return draft, revision, statistics

    def with_last_layer(self, vector: NDArray[np.float32]) -> tuple[Trunk, NDArray[np.float32]]:
        """Return this trunk with the last layer that a style asks for, and the scales and shifts
        that are left of its vector; these are what all other methods take.

        No normalisation follows the last layer, so that scales and shifts say nothing about it.
        A style that was learned alone goes on with what it adds to that layer's kernel (as it is
        trained: `impasto.networks.spec.Conv.trained_shape`) and biases.

        Args:
            vector: of one of the ``spec.vector_sizes``; the shorter has nothing to add.
        """
        own, last = vector[self.spec.style_size :], self.spec.last
        if own.size == 0:
            return self, vector
        taps = math.prod(last.trained_shape)
        added = {
            f"{last.name}.weight": phase_filters(
                own[:taps].reshape(last.trained_shape), last.shuffle
            ),
            f"{last.name}.bias": np.repeat(own[taps:], last.shuffle**2),
        }
        return Trunk(self.spec, self._with_added(added)), vector[: self.spec.style_size]

    def fits(self, vector: NDArray[np.float32], changes: KernelChanges) -> bool:
        """Return whether a style's vector and changes of kernels have this trunk's shapes."""
        own, others = by_part(changes)
        return (
            vector.size in self.vector_sizes
            and fit_layers(self.spec, own)
            and (fit_layers(self.revision.spec, others) if self.revision else not others)
        )

    def adapted(self, changes: KernelChanges) -> Trunk:
        """Return this trunk with the kernels that a style asks for.

        Args:
            changes: of layers of this network, and of its revision's, after `REVISION_PREFIX`.
        """
        own, others = by_part(changes)
        added = {
            f"{conv.name}.weight": phase_filters(changed_kernel(conv, own), conv.shuffle)
            for conv in self.spec.convs()
            if conv.name in own
        }
        revision = self.revision.adapted(others) if self.revision and others else self.revision
        return Trunk(self.spec, self._with_added(added), revision)

    def _with_added(
        self, added: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float16]]:
        """Return the weights, with what is added to some of them."""
        changed = {
            name: (self.weights[name].astype(np.float32) + more).astype(np.float16)
            for name, more in added.items()
        }
        return {**self.weights, **changed}

    def bake(
        self,
        style_vector: NDArray[np.float32],
        statistics: NDArray[np.float32] | None = None,
        *,
        int8: bool = False,
    ) -> bytes:
        """Return an ONNX model of this trunk with a style written in; see
        `impasto.networks.export.bake`.
        """
        return bake(self.spec, self.float32_weights(), style_vector, statistics, int8=int8)

    def bake_draft(
        self,
        vector: NDArray[np.float32],
        effect: float,
        *,
        int8: bool = False,
        steered: bool = False,
    ) -> bytes:
        """Return an ONNX model of the network that drafts, in a style `at_effect`; if it is
        steered, the style is an input, and this one only says which ranges 8 bits have.
        """
        draft, _, _ = self.at_effect(vector, effect)
        return self._bake_either(draft, None, int8, steered)

    def bake_revision(
        self,
        vector: NDArray[np.float32],
        effect: float,
        *,
        int8: bool = False,
        steered: bool = False,
    ) -> bytes:
        """Return an ONNX model of the network that revises, likewise."""
        assert self.revision
        _, revision, statistics = self.at_effect(vector, effect)
        return self.revision._bake_either(revision, statistics, int8, steered)

    def _bake_either(
        self,
        style: NDArray[np.float32],
        statistics: NDArray[np.float32] | None,
        int8: bool,
        steered: bool,
    ) -> bytes:
        if steered:
            return self.bake_steered(int8_style=style if int8 else None, statistics=statistics)
        return self.bake(style, statistics, int8=int8)

    def bake_steered(
        self,
        *,
        int8_style: NDArray[np.float32] | None = None,
        statistics: NDArray[np.float32] | None = None,
    ) -> bytes:
        """Return an ONNX model of this trunk whose style is an input; see
        `impasto.networks.export.bake_steered`.
        """
        weights = self.float32_weights()
        return bake_steered(self.spec, weights, int8_style=int8_style, statistics=statistics)

    def bake_regions(
        self,
        style_vectors: Sequence[NDArray[np.float32]],
        statistics: Sequence[NDArray[np.float32]],
    ) -> bytes:
        """Return an ONNX model of this trunk with a style for each region; see
        `impasto.networks.regions.bake_regions`.
        """
        return bake_regions(self.spec, self.float32_weights(), style_vectors, statistics)

    def float32_weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights in the type that they are computed with."""
        return {name: array.astype(np.float32) for name, array in self.weights.items()}


def write_trunk(path: Path, trunk: Trunk) -> None:
    """Write a safetensors file: float16 weights, the description as metadata.

    Raises:
        OutputError: it cannot be written.
    """
    weights, metadata = dict(trunk.weights), {"format": FORMAT, "spec": trunk.spec.to_json()}
    if trunk.revision:
        metadata["revision"] = trunk.revision.spec.to_json()
        others = trunk.revision.weights.items()
        weights |= {f"{REVISION_PREFIX}{name}": array for name, array in others}
    write_tensors(path, weights, metadata)


def read_trunk(path: Path) -> Trunk:
    """Read what `write_trunk` wrote.

    Raises:
        StyleError: the file is missing, damaged, or not a trunk.
    """
    tensors, metadata = read_tensors(path, FORMAT, MAX_FILE_BYTES)
    trunk = checked_trunk(path, metadata.get("spec", ""), tensors)
    if "revision" not in metadata:
        return trunk
    others = checked_trunk(path, metadata["revision"], tensors, REVISION_PREFIX)
    return replace(trunk, revision=others)


def checked_trunk(
    path: Path, spec: str, tensors: Mapping[str, NDArray[np.generic]], prefix: str = ""
) -> Trunk:
    """Return a trunk of what was in a file.

    Args:
        path: of the file, for errors.
        spec: its network's description, as `NetworkSpec.to_json` writes it.
        tensors: its weights, perhaps among others.
        prefix: before their names.

    Raises:
        StyleError: the description is damaged, or a weight is missing or has another shape.
    """
    network = NetworkSpec.from_json(spec)
    return Trunk(network, checked_weights(path, _shapes(network), tensors, prefix))


def random_trunk(spec: NetworkSpec, seed: int = 0) -> Trunk:
    """Return a trunk with random weights: it paints nonsense, at the speed of a trained one."""
    random = np.random.default_rng(seed)
    weights = {
        name: np.full(shape, 1 if name.endswith(".variance") else 0, dtype=np.float16)
        for name, shape in _shapes(spec).items()
    }
    for conv in spec.convs():
        spread = np.sqrt(2 / (conv.inputs * conv.kernel**2))
        kernel = random.standard_normal(conv.kernel_shape) * spread
        weights[f"{conv.name}.weight"] = kernel.astype(np.float16)
    return Trunk(spec, weights)


def by_part(changes: KernelChanges) -> tuple[KernelChanges, KernelChanges]:
    """Return the changes of a network's own layers, and those of its revision's."""
    own = {name: pair for name, pair in changes.items() if not name.startswith(REVISION_PREFIX)}
    others = {
        name.removeprefix(REVISION_PREFIX): pair
        for name, pair in changes.items()
        if name.startswith(REVISION_PREFIX)
    }
    return own, others


def _shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for conv in spec.convs():
        shapes[f"{conv.name}.weight"] = conv.kernel_shape
        if not conv.norm:
            shapes[f"{conv.name}.bias"] = (conv.outputs * conv.shuffle**2,)
        elif spec.norm == "batch":
            shapes[f"{conv.name}.mean"] = shapes[f"{conv.name}.variance"] = (conv.outputs,)
    return shapes
