import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import StyleError
from impasto.networks.low_rank import changed_kernel
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.styles import (
    TRUNK_FILE,
    mix_vectors,
    mixed_style,
    read_style,
    write_style,
)
from tiny import TINY, tiny_gallery, tiny_style


def test_mixing_is_the_weighted_mean() -> None:
    longer = mix_vectors(
        [np.array([0, 1, 8], np.float32), np.array([4, 1], np.float32)], [0.75, 0.25]
    )
    np.testing.assert_array_equal(longer, [1, 1, 6])  # one adds to the last layer, the other not
    mixed = mix_vectors([np.array([0, 1], np.float32), np.array([4, 1], np.float32)], [0.75, 0.25])
    np.testing.assert_allclose(mixed, [1, 1])
    assert mixed.dtype == np.float32


def test_from_a_gallery(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path)
    first, second = (gallery.load_style(name).vector for name in ("first", "second"))
    np.testing.assert_array_equal(mixed_style("first", gallery).vector, first)
    np.testing.assert_allclose(
        mixed_style("first:3+second", gallery).vector, 0.75 * first + 0.25 * second, rtol=1e-6
    )
    with pytest.raises(StyleError, match="third"):
        mixed_style("first+third", gallery)


def test_what_styles_add_to_kernels_is_mixed_too(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path)
    name, conv = "down1", next(iter(TINY.convs()))
    taps = math.prod(conv.trained_shape[1:])
    kernels = {name: (np.ones((conv.outputs, 1), np.float16), np.ones((1, taps), np.float16))}
    write_style(tmp_path / "first.style", replace(gallery.load_style("first"), kernels=kernels))
    mixed = mixed_style("first+second:3", gallery).kernels
    np.testing.assert_array_equal(changed_kernel(conv, mixed), 0.25)
    write_style(
        tmp_path / "odd.style", replace(gallery.load_style("first"), kernels={"no": kernels[name]})
    )
    with pytest.raises(StyleError, match=r"odd\.style belongs to trunk"):
        mixed_style("odd+second", gallery)


def test_files_of_styles(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "a+b")  # a plus and a colon in its path
    file = tmp_path / "a+b" / "C:harbour.style"
    write_style(file, replace(tiny_style(gallery.trunk, "harbour", seed=7), name="first"))
    harbour, second = read_style(file).vector, gallery.load_style("second").vector
    np.testing.assert_array_equal(mixed_style(str(file), gallery).vector, harbour)
    (tmp_path / "x.style").write_bytes(file.read_bytes())
    mixture = mixed_style(f"{tmp_path}/x.style:3+second", gallery).vector
    np.testing.assert_allclose(mixture, 0.75 * harbour + 0.25 * second, rtol=1e-6)
    with pytest.raises(StyleError, match=r"lost\.style cannot be read"):
        mixed_style("lost.style", gallery)
    write_style(tmp_path / "alien.style", tiny_style(random_trunk(TINY, seed=5), "alien", 0))
    with pytest.raises(StyleError, match=r"alien\.style belongs to trunk"):
        mixed_style(f"{tmp_path}/alien.style", gallery)


def test_packs_do_not_mix(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path, "great-wave", "the-scream")
    trunk = random_trunk(TINY, seed=5)
    (tmp_path / "oils").mkdir()
    write_trunk(tmp_path / "oils" / TRUNK_FILE, trunk)
    write_style(tmp_path / "oils" / "irises.style", tiny_style(trunk, "irises", 0))
    assert mixed_style("irises", gallery).trunk == trunk.fingerprint
    with pytest.raises(StyleError, match="do not mix") as caught:
        mixed_style("great-wave+irises", gallery)
    assert caught.value.remedy == "mix great-wave with the-scream, and irises with no other"
