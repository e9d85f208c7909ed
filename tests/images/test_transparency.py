from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.images import bleed, lay_on_white
from tiny import picture


def test_hidden_colours_come_from_their_neighbours() -> None:
    """A red disc on hidden black: under it, all is red."""
    y, x = np.mgrid[:60, :80]
    alpha = np.where((x - 40) ** 2 + (y - 30) ** 2 < 400, 255, 0).astype(np.uint8)
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[alpha > 0] = (200, 40, 20)
    filled = bleed(pixels, alpha)
    assert np.abs(filled.astype(int) - (200, 40, 20)).max() <= 2


def test_near_colours_reach_farther_than_distant_ones() -> None:
    pixels = np.zeros((32, 64, 3), np.uint8)
    alpha = np.zeros((32, 64), np.uint8)
    pixels[:, :4], pixels[:, -4:] = 200, 40
    alpha[:, :4] = alpha[:, -4:] = 255
    filled = bleed(pixels, alpha)[16, :, 0].astype(int)
    assert filled[6] > 180
    assert filled[-7] < 60


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 99), st.floats(0, 1))
def test_what_is_visible_stays_and_nothing_is_invented(
    width: int, height: int, seed: int, share: Any
) -> None:
    pixels = picture(width, height, seed)
    random = np.random.default_rng(seed)
    alpha = random.integers(0, 256, (height, width), dtype=np.uint8)
    alpha[random.random((height, width)) < share] = 0
    filled = bleed(pixels, alpha)
    visible = alpha > 0
    np.testing.assert_array_equal(filled[visible], pixels[visible])
    if visible.any():
        assert (filled >= pixels[visible].min(axis=0)).all()
        assert (filled <= pixels[visible].max(axis=0)).all()


def test_opaque_and_empty_pictures_are_left_alone() -> None:
    pixels = picture(8, 8)
    for level in (0, 255):
        assert bleed(pixels, np.full((8, 8), level, np.uint8)) is pixels


@pytest.mark.parametrize(("kind", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_laid_on_white_by_hand(kind: Any, white: int) -> None:
    samples = np.full((1, 3, 3), 0.2 * white).astype(kind)
    alpha = (np.array([[0, 0.5, 1]]) * white).astype(kind)
    laid = lay_on_white(samples, alpha, white)
    assert laid.dtype == kind
    np.testing.assert_allclose(laid[0, :, 0] / white, [1, 0.6, 0.2], atol=0.003)
