"""Words on the picture."""

import numpy as np
import pytest

from impasto.live.overlay import compare, with_lines


def test_a_line_is_white_edged_in_black_and_leaves_the_rest_alone():
    grey = np.full((240, 320, 3), 128, dtype=np.uint8)
    written = with_lines(grey, ["udnie"])
    assert written.min() < 30
    assert written.max() > 220
    assert (written[24:] == 128).all()
    assert (grey == 128).all()


@pytest.mark.parametrize("count", [1, 16, 17, 26])
def test_a_low_picture_grows_as_high_as_its_lines_need(count):
    grey = np.full((240, 320, 3), 128, dtype=np.uint8)
    written = with_lines(grey, ["g" * 3] * count)
    height, width = written.shape[:2]
    assert (height > 240) == (count > 16)  # of 14 px each
    assert width / height == pytest.approx(320 / 240, rel=0.01)
    rows = np.flatnonzero((written != 128).any(axis=(1, 2)))
    whole = with_lines(np.full((900, 240, 3), 128, dtype=np.uint8), ["g" * 3] * count)
    expected = np.flatnonzero((whole != 128).any(axis=(1, 2)))
    np.testing.assert_array_equal(rows, expected)  # none is cut off


def test_compare_halves():
    photo, painting = np.zeros((4, 8, 3), np.uint8), np.full((4, 8, 3), 9, np.uint8)
    both = compare(photo, painting)
    assert (both[:, :3] == 0).all()
    assert (both[:, 3:5] == 255).all()
    assert (both[:, 5:] == 9).all()
