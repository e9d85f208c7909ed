"""Where a photo is plain, by hand."""

import numpy as np
import pytest

from impasto.images import AROUND_PX, PLAIN_SLOPE, plain_ground


def test_a_clear_sky_is_plain() -> None:
    np.testing.assert_array_equal(plain_ground(np.full((40, 30, 3), 0.7, np.float32)), 1)


def test_around_an_edge_it_is_not() -> None:
    photo = np.zeros((64, 64, 3), np.float32)
    photo[:, 32:] = 1
    # A slope of 1 in one of the 17 columns around.
    expected = np.ones(64)
    expected[31 - AROUND_PX // 2 : 31 + AROUND_PX // 2 + 1] = 0.03**2 / (0.03**2 + 1 / 17**2)
    np.testing.assert_allclose(plain_ground(photo), np.tile(expected, (64, 1)), rtol=1e-5)


def test_places_beyond_the_border_do_not_count() -> None:
    """A ramp has the same slope everywhere: it is half plain up to its corners."""
    ramp = PLAIN_SLOPE * np.arange(30, dtype=np.float32)
    photo = np.tile(ramp[None, :, None], (20, 1, 3))
    np.testing.assert_allclose(plain_ground(photo), 0.5, rtol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 2)])
def test_pictures_smaller_than_what_is_around(size: tuple[int, int]) -> None:
    plain = plain_ground(np.random.default_rng(0).random((*size, 3), dtype=np.float32))
    assert plain.shape == size
    assert ((plain > 0) & (plain <= 1)).all()
