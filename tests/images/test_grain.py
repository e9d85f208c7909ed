from typing import Any

import numpy as np
import pytest

from impasto.images import AROUND_PX, GRAIN_PX, add_grain, add_plain_grain, grain_tile

BOTH_KINDS = pytest.mark.parametrize("amounts", [(0.5, 0), (0, 0.5)], ids=["all sizes", "coarse"])


@BOTH_KINDS
def test_grain_has_mean_0_and_the_deviation_asked_for(amounts: Any) -> None:
    tile = grain_tile(*amounts)
    assert tile.shape == (GRAIN_PX, GRAIN_PX)
    assert abs(tile.mean()) < 1e-3
    assert abs(tile.std() - 0.5) < 1e-3


@BOTH_KINDS
def test_grain_joins_with_itself(amounts: Any) -> None:
    """Across the seam, neighbours differ no more than elsewhere."""
    tile = grain_tile(*amounts)
    seam = np.abs(tile[:, 0] - tile[:, -1]).mean()
    inside = np.abs(np.diff(tile, axis=1)).mean()
    assert seam == pytest.approx(inside, rel=0.15)


def test_coarse_grain_is_of_the_size_of_strokes() -> None:
    """Neighbours are nearly alike, places 32 px apart are not; and it is no part of the other."""
    fine, coarse = grain_tile(1), grain_tile(0, 1)
    assert (coarse * np.roll(coarse, 1, axis=1)).mean() > 0.95
    assert abs((coarse * np.roll(coarse, 32, axis=1)).mean()) < 0.2
    assert (fine * np.roll(fine, 1, axis=1)).mean() < 0.9
    assert abs((fine * coarse).mean()) < 0.1
    np.testing.assert_allclose(grain_tile(0.2, 0.3), 0.2 * fine + 0.3 * coarse, atol=1e-5)


@pytest.mark.parametrize(("width", "height"), [(5, 3), (GRAIN_PX + 9, 20), (20, 2 * GRAIN_PX + 1)])
@pytest.mark.parametrize("coarse_amount", [0, 0.1])
def test_grain_over_a_picture(width: Any, height: Any, coarse_amount: float) -> None:
    grey = np.full((height, width, 3), 128, np.uint8)
    grainy = add_grain(grey, 0.04, coarse_amount)
    assert grainy.shape == grey.shape
    assert grainy.dtype == np.uint8
    assert (grey == 128).all()
    assert (grainy[..., 0] == grainy[..., 2]).all()
    levels = np.rint(255 * grain_tile(0.04, coarse_amount))
    rows, columns = np.arange(height) % GRAIN_PX, np.arange(width) % GRAIN_PX
    np.testing.assert_array_equal(grainy[..., 1], 128 + levels[np.ix_(rows, columns)])


def test_grain_stays_within_black_and_white() -> None:
    for level in (0, 255):
        grainy = add_grain(np.full((64, 64, 3), level, np.uint8), 0.5)
        assert (grainy == level).mean() > 0.3
        assert len(np.unique(grainy)) > 20


def test_no_grain() -> None:
    photo = np.full((4, 4, 3), 7, np.uint8)
    assert add_grain(photo, 0) is photo
    assert add_plain_grain(photo, 0) is photo


def test_grain_on_plain_ground_alone() -> None:
    """All of it in a sky, next to none among what is as rough as a photo can be."""
    photo = np.full((64, 64, 3), 128, np.uint8)
    photo[:, :32] = 255 * (np.indices((64, 32)).sum(axis=0) % 2)[..., None]
    grainy = add_plain_grain(photo, 0.1, seed=3).astype(int)
    sky = slice(32 + AROUND_PX // 2, 64)
    levels = np.rint(255 * grain_tile(0.0, 0.1, 3))[:64, sky].clip(-64, None)
    np.testing.assert_array_equal(grainy[:, sky], 128 + levels[..., None].repeat(3, axis=2))
    np.testing.assert_array_equal(grainy[:, :16], photo[:, :16])


def test_grain_on_plain_ground_leaves_dark_dark_and_blue_blue() -> None:
    grainy = add_plain_grain(np.full((64, 64, 3), (20, 40, 91), np.uint8), 0.3)
    assert grainy.min(axis=(0, 1)).tolist() == [10, 20, 45]
    assert grainy.max(axis=(0, 1)).tolist() == [40, 80, 182]


@pytest.mark.parametrize(("left", "top"), [(0, 0), (500, 3), (GRAIN_PX - 1, 2 * GRAIN_PX + 1)])
def test_grain_lies_still_in_the_larger_picture(left: int, top: int) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (600, 700, 3)).astype(np.uint8)
    levels = np.rint(255 * grain_tile(0.04, 0.02))
    rows, columns = (top + np.arange(600)) % GRAIN_PX, (left + np.arange(700)) % GRAIN_PX
    expected = (photo + levels[np.ix_(rows, columns)][..., None]).clip(0, 255)
    np.testing.assert_array_equal(add_grain(photo, 0.04, 0.02, left=left, top=top), expected)
