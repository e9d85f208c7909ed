import math
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import StyleError
from impasto.networks.spec import NetworkSpec, johnson
from impasto.networks.trunk import (
    REVISION_PREFIX,
    Trunk,
    random_trunk,
    read_trunk,
    write_trunk,
)
from tiny import TINY, TINY_DRAFT, TINY_REVISION, tiny_two_part_trunk


@pytest.mark.parametrize("spec", [TINY, johnson("batch")], ids=["tiny", "johnson-batch"])
def test_round_trip(tmp_path: Path, spec: NetworkSpec) -> None:
    trunk = random_trunk(spec)
    write_trunk(tmp_path / "trunk", trunk)
    again = read_trunk(tmp_path / "trunk")
    assert again.spec == spec
    assert again.fingerprint == trunk.fingerprint
    assert again.weights.keys() == trunk.weights.keys()
    for name, array in trunk.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)


def test_fingerprint_depends_on_every_weight_and_on_the_layers() -> None:
    trunk = random_trunk(TINY)
    changed = {name: array.copy() for name, array in trunk.weights.items()}
    changed["paint.bias"][-1] += 1
    assert Trunk(TINY, changed).fingerprint != trunk.fingerprint
    assert random_trunk(TINY, seed=1).fingerprint != trunk.fingerprint
    assert len(trunk.fingerprint) == 16


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"trunk cannot be read"):
        read_trunk(tmp_path / "trunk")


def test_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "trunk"
    path.write_bytes(b"not a tensor in sight" * 10)
    with pytest.raises(StyleError, match="damaged or not an impasto file"):
        read_trunk(path)


def test_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "trunk"
    write_trunk(path, random_trunk(TINY))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StyleError, match="damaged"):
        read_trunk(path)


def test_a_weight_is_missing(tmp_path: Path) -> None:
    trunk = random_trunk(TINY)
    weights = {name: array for name, array in trunk.weights.items() if name != "paint.bias"}
    write_trunk(tmp_path / "trunk", Trunk(TINY, weights))
    with pytest.raises(StyleError, match=r"lacks paint\.bias"):
        read_trunk(tmp_path / "trunk")


def test_a_weight_is_not_finite(tmp_path: Path) -> None:
    trunk = random_trunk(TINY)
    trunk.weights["paint.bias"][0] = np.inf
    write_trunk(tmp_path / "trunk", trunk)
    with pytest.raises(StyleError, match="not finite"):
        read_trunk(tmp_path / "trunk")


def test_too_large_a_file_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.networks.trunk.MAX_FILE_BYTES", 100)
    write_trunk(tmp_path / "trunk", random_trunk(TINY))
    with pytest.raises(StyleError, match="more than 100"):
        read_trunk(tmp_path / "trunk")


@pytest.mark.parametrize("spec", [TINY, johnson()], ids=["tiny", "johnson"])
def test_what_a_style_adds_to_the_last_layer(spec: NetworkSpec) -> None:
    """A kernel of one tap, 0.5 in the middle, and a bias of 0.25 on each channel."""
    trunk = random_trunk(spec)
    vector = np.ones(spec.style_size, dtype=np.float32)
    assert trunk.with_last_layer(vector)[0] is trunk
    kernel = np.zeros(spec.last.trained_shape, dtype=np.float32)
    middle = kernel.shape[-1] // 2
    kernel[:, :, middle, middle] = 0.5
    longer = np.concatenate([vector, kernel.ravel(), np.full(3, 0.25, dtype=np.float32)])
    assert {vector.size, longer.size} == set(spec.vector_sizes)
    changed, left = trunk.with_last_layer(longer)
    np.testing.assert_array_equal(left, vector)
    for name, array in changed.weights.items():
        before = trunk.weights[name].astype(np.float32)
        if name == f"{spec.last.name}.bias":
            np.testing.assert_allclose(array, before + 0.25, atol=1e-3)
        elif name == f"{spec.last.name}.weight":
            # The middle tap is in the middle of every phase's filter.
            expected = np.zeros(spec.last.kernel_shape, dtype=np.float32)
            expected[:, :, spec.last.kernel // 2, spec.last.kernel // 2] = 0.5
            np.testing.assert_allclose(array - before, expected, atol=1e-3)
        else:
            np.testing.assert_array_equal(array, before)


def test_what_a_style_adds_to_kernels() -> None:
    """To one layer of either network; all others stay."""
    trunk = tiny_two_part_trunk()
    assert trunk.revision
    conv, other = TINY_DRAFT.last, next(iter(TINY_REVISION.convs()))
    changes = {
        name: (
            np.ones((layer.trained_shape[0], 2), np.float16),
            np.full((2, taps), 0.25, np.float16),
        )
        for name, layer in ((conv.name, conv), (f"{REVISION_PREFIX}{other.name}", other))
        for taps in [math.prod(layer.trained_shape[1:])]
    }
    vector = np.zeros(trunk.vector_sizes[0], dtype=np.float32)
    assert trunk.fits(vector, changes)
    assert not trunk.fits(vector, {f"{REVISION_PREFIX}nowhere": changes[conv.name]})
    assert not trunk.revision.fits(np.zeros(TINY_REVISION.style_size, np.float32), changes)
    adapted = trunk.adapted(changes)
    assert adapted.revision
    for before, after, changed in (
        (trunk, adapted, conv),
        (trunk.revision, adapted.revision, other),
    ):
        for name, array in before.weights.items():
            difference = after.weights[name].astype(np.float32) - array.astype(np.float32)
            if name != f"{changed.name}.weight":
                assert not difference.any()
            elif changed.shuffle == 1:
                np.testing.assert_allclose(difference, 0.5, atol=2e-3)  # 2 ranks of 0.25
            else:  # some taps of the enlarged kernel fall on one pixel
                whole = 0.5 * math.prod(changed.trained_shape[2:])
                sums = difference.reshape(-1, changed.inputs, changed.kernel**2).sum(axis=-1)
                np.testing.assert_allclose(sums, whole, rtol=2e-3)
    assert trunk.adapted({}).fingerprint == trunk.fingerprint
