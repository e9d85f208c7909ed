import numpy as np
import pytest

from impasto.images import GRAIN_PX, add_grain, blend, grain_tile


@pytest.mark.parametrize(
    ("strength", "expected"), [(0, 100), (0.5, 150), (1, 200), (1.5, 250), (1.75, 255)]
)
def test_blending_by_hand(strength, expected):
    photo, painting = np.full((2, 3, 3), 100, np.uint8), np.full((2, 3, 3), 200, np.uint8)
    mixed = blend(photo, painting, strength)
    assert mixed.dtype == np.uint8
    assert (mixed == expected).all()


def test_grain_has_mean_0_and_deviation_1():
    tile = grain_tile()
    assert tile.shape == (GRAIN_PX, GRAIN_PX)
    assert abs(tile.mean()) < 1e-3
    assert abs(tile.std() - 1) < 1e-3


def test_grain_joins_with_itself():
    """Across the seam, neighbours differ no more than elsewhere."""
    tile = grain_tile()
    seam = np.abs(tile[:, 0] - tile[:, -1]).mean()
    inside = np.abs(np.diff(tile, axis=1)).mean()
    assert seam == pytest.approx(inside, rel=0.15)


@pytest.mark.parametrize(("width", "height"), [(5, 3), (GRAIN_PX + 9, 20), (20, 2 * GRAIN_PX + 1)])
def test_grain_over_a_picture(width, height):
    grey = np.full((height, width, 3), 128, np.uint8)
    grainy = add_grain(grey, 0.04)
    assert grainy.shape == grey.shape
    assert grainy.dtype == np.uint8
    assert (grey == 128).all()
    assert (grainy[..., 0] == grainy[..., 2]).all()
    levels = np.rint(grain_tile() * (255 * 0.04))
    rows, columns = np.arange(height) % GRAIN_PX, np.arange(width) % GRAIN_PX
    np.testing.assert_array_equal(grainy[..., 1], 128 + levels[np.ix_(rows, columns)])


def test_grain_stays_within_black_and_white():
    for level in (0, 255):
        grainy = add_grain(np.full((64, 64, 3), level, np.uint8), 0.5)
        assert (grainy == level).mean() > 0.3
        assert len(np.unique(grainy)) > 20


def test_no_grain():
    photo = np.full((4, 4, 3), 7, np.uint8)
    assert add_grain(photo, 0) is photo


@pytest.mark.parametrize(("left", "top"), [(0, 0), (500, 3), (GRAIN_PX - 1, 2 * GRAIN_PX + 1)])
def test_grain_lies_still_in_the_larger_picture(left, top):
    photo = np.random.default_rng(1).integers(0, 256, (600, 700, 3)).astype(np.uint8)
    levels = np.rint(grain_tile() * (255 * 0.04))
    rows, columns = (top + np.arange(600)) % GRAIN_PX, (left + np.arange(700)) % GRAIN_PX
    expected = (photo + levels[np.ix_(rows, columns)][..., None]).clip(0, 255)
    np.testing.assert_array_equal(add_grain(photo, 0.04, left=left, top=top), expected)
