import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import OptionError, StyleError
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.styles import TRUNK_FILE, mix_vectors, mixed_style, parse_mixture, write_style
from tiny import TINY, tiny_gallery, tiny_style


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great-wave", [("great-wave", 1.0)]),
        ("a+b", [("a", 0.5), ("b", 0.5)]),
        ("a:3+b", [("a", 0.75), ("b", 0.25)]),
        (" a : 0.7 + b : 0.3 ", [("a", 0.7), ("b", 0.3)]),
        ("a:7+b:3", [("a", 0.7), ("b", 0.3)]),
    ],
)
def test_parse(text, expected):
    names, weights = zip(*parse_mixture(text), strict=True)
    assert names == tuple(name for name, _ in expected)
    assert weights == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize(
    "text",
    ["", "+", "a+", "a:", "a:x", ":1", "a:0", "a:-1+b", "a:nan", "a:inf", "a:1:2", "a:1e300"],
)
def test_nonsense_is_refused(text):
    with pytest.raises(OptionError, match="mixture"):
        parse_mixture(text)


def test_too_many():
    with pytest.raises(OptionError, match="16"):
        parse_mixture("+".join(["a"] * 17))


@given(
    st.lists(
        st.tuples(st.text("abcdefghij-", min_size=1), st.floats(1e-6, 1e6, allow_nan=False)),
        min_size=1,
        max_size=16,
    )
)
def test_weights_sum_to_one(parts):
    mixture = parse_mixture("+".join(f"{name}:{weight!r}" for name, weight in parts))
    assert [name for name, _ in mixture] == [name for name, _ in parts]
    assert sum(weight for _, weight in mixture) == pytest.approx(1)


def test_mixing_is_the_weighted_mean():
    longer = mix_vectors([np.float32([0, 1, 8]), np.float32([4, 1])], [0.75, 0.25])
    np.testing.assert_array_equal(longer, [1, 1, 6])  # one adds to the last layer, the other not
    mixed = mix_vectors([np.float32([0, 1]), np.float32([4, 1])], [0.75, 0.25])
    np.testing.assert_allclose(mixed, [1, 1])
    assert mixed.dtype == np.float32


def test_from_a_gallery(tmp_path):
    gallery = tiny_gallery(tmp_path)
    first, second = (gallery.load_style(name).vector for name in ("first", "second"))
    np.testing.assert_array_equal(mixed_style("first", gallery).vector, first)
    np.testing.assert_allclose(
        mixed_style("first:3+second", gallery).vector, 0.75 * first + 0.25 * second, rtol=1e-6
    )
    with pytest.raises(StyleError, match="third"):
        mixed_style("first+third", gallery)


def test_packs_do_not_mix(tmp_path):
    gallery = tiny_gallery(tmp_path, "great-wave", "the-scream")
    trunk = random_trunk(TINY, seed=5)
    (tmp_path / "oils").mkdir()
    write_trunk(tmp_path / "oils" / TRUNK_FILE, trunk)
    write_style(tmp_path / "oils" / "irises.style", tiny_style(trunk, "irises", 0))
    assert mixed_style("irises", gallery).trunk == trunk.fingerprint
    with pytest.raises(StyleError, match="do not mix") as caught:
        mixed_style("great-wave+irises", gallery)
    assert caught.value.remedy == "mix great-wave with the-scream, and irises with no other"
