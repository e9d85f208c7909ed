"""What a style adds to shared kernels."""

import numpy as np
import pytest

from impasto.networks.low_rank import KernelChanges, changed_kernel, fit_layers, mix_changes
from impasto.networks.spec import Conv, NetworkSpec

SPEC = NetworkSpec("two", (Conv("one", 3, 2), Conv("up", 2, 3, norm=False, relu=False, shuffle=2)))
ONE, UP = SPEC.convs()


def pair(outputs: int, weights: int, rank: int = 1, seed: int = 0) -> KernelChanges:
    random = np.random.default_rng(seed)
    sizes = (outputs, rank), (rank, weights)
    first, second = (random.standard_normal(size).astype(np.float16) for size in sizes)
    return {"one": (first, second)}


def test_what_is_added_is_a_product() -> None:
    outputs = np.array([[1], [2]], dtype=np.float16)
    weights = np.arange(27, dtype=np.float16)[None]
    added = changed_kernel(ONE, {"one": (outputs, weights)})
    np.testing.assert_array_equal(added[0].ravel(), np.arange(27))
    np.testing.assert_array_equal(added[1], 2 * added[0])


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        (pair(2, 27), True),
        (pair(2, 27, rank=5), True),
        (pair(3, 27), False),
        (pair(2, 26), False),
        ({"other": pair(2, 27)["one"]}, False),
        ({"one": (np.zeros((2, 2), np.float16), np.zeros((1, 27), np.float16))}, False),
        ({"one": (np.zeros(2, np.float16), np.zeros(27, np.float16))}, False),
        # Under pixel shuffle the kernel is as it is trained: over enlarged pixels.
        ({"up": (np.zeros((3, 1), np.float16), np.zeros((1, 50), np.float16))}, True),
    ],
)
def test_shapes(changes: KernelChanges, fits: bool) -> None:
    assert fit_layers(SPEC, changes) is fits


def test_a_mixture_adds_the_weighted_sum() -> None:
    first, second = pair(2, 27, rank=2), pair(2, 27, rank=3, seed=1)
    mixed = mix_changes([first, {}, second], [0.5, 0.25, 0.25])
    expected = 0.5 * changed_kernel(ONE, first) + 0.25 * changed_kernel(ONE, second)
    assert fit_layers(SPEC, mixed)
    np.testing.assert_allclose(changed_kernel(ONE, mixed), expected, atol=1e-3)  # powers of two
    assert mix_changes([{}, {}], [0.5, 0.5]) == {}
