"""What a style adds to the kernels that all styles share: products of two thin matrices.

Scales and shifts choose among the features that a trunk has. A style that shall paint as if the
trunk were its own changes the kernels, too, by matrices of a low rank (Hu et al. 2021, "LoRA:
Low-rank adaptation of large language models", section 4.1): a few hundred kilobytes instead of all
the weights. They are added when a graph is made, and cost nothing when it paints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.networks.spec import Conv, NetworkSpec

KernelChanges: TypeAlias = Mapping[str, "tuple[NDArray[np.float16], NDArray[np.float16]]"]
"""By a layer's name, two matrices whose product is added to its kernel: outputs x rank, and rank x
the weights of an output as they are trained (`impasto.networks.spec.Conv.trained_shape`)."""


def changed_kernel(conv: Conv, changes: KernelChanges) -> NDArray[np.float32]:
    """Return what is added to a layer's kernel, of `Conv.trained_shape`."""
    outputs, weights = (each.astype(np.float32) for each in changes[conv.name])
    product: NDArray[np.float32] = outputs @ weights
    return product.reshape(conv.trained_shape)


def fit_layers(spec: NetworkSpec, changes: KernelChanges) -> bool:
    """Return whether all changes are of layers that a network has, and of their shapes."""
    convs = {conv.name: conv for conv in spec.convs()}
    return all(
        name in convs
        and outputs.ndim == weights.ndim == 2
        and outputs.shape[1] == weights.shape[0]
        and (outputs.shape[0], weights.shape[1])
        == (convs[name].trained_shape[0], int(np.prod(convs[name].trained_shape[1:])))
        for name, (outputs, weights) in changes.items()
    )


def mix_changes(changes: Sequence[KernelChanges], weights: Sequence[float]) -> KernelChanges:
    """Return the weighted sum of changes: their matrices side by side, so that ranks add up.

    Args:
        changes: of several styles of one trunk; a layer that one lacks stays as it is there.
        weights: one for each of them.
    """
    mixed = {}
    for name in sorted(set().union(*changes)):
        pairs = [
            (np.float16(weight) * each[name][0], each[name][1])
            for each, weight in zip(changes, weights, strict=True)
            if name in each
        ]
        mixed[name] = np.hstack([pair[0] for pair in pairs]), np.vstack([pair[1] for pair in pairs])
    return mixed
