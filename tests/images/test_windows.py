import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.images import resize
from impasto.images.windows import resized_window, shrink_rows, source_rows
from tiny import picture

sides = st.integers(1, 60)


def strips(pixels, step):
    return [pixels[top : top + step] for top in range(0, len(pixels), step)]


@settings(max_examples=100, deadline=None)
@given(width=sides, height=sides, across=sides, down=sides, step=st.integers(1, 25))
def test_shrinking_row_by_row_is_shrinking(width, height, across, down, step):
    """Within rounding: strips are rounded once on the way."""
    pixels = picture(width, height)
    new = min(across, width), min(down, height)
    shrunk = np.concatenate(list(shrink_rows(strips(pixels, step), (width, height), new)))
    assert shrunk.shape == (new[1], new[0], 3)
    assert np.abs(shrunk.astype(int) - resize(pixels, *new)).max() <= 2


@settings(max_examples=100, deadline=None)
@given(
    size=st.tuples(sides, sides),
    factors=st.tuples(st.floats(1, 3), st.floats(1, 3)),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_a_window_is_the_window_of_the_whole(size, factors, corners):
    """Exactly what all of it gives; and that is `resize` within places rounded to 1/32 px."""
    pixels = picture(*size)
    new = round(size[0] * factors[0]), round(size[1] * factors[1])
    left, right = sorted(round(each * (new[0] - 1)) for each in corners[:2])
    top, bottom = sorted(round(each * (new[1] - 1)) for each in corners[2:])
    right, bottom = right + 1, bottom + 1
    first, last = source_rows(top, bottom, size[1], new[1])
    window = resized_window(pixels[first:last], first, size, new, (left, top, right, bottom))
    whole = resized_window(pixels, 0, size, new, (0, 0, *new))
    np.testing.assert_array_equal(window, whole[top:bottom, left:right])
    assert np.abs(whole.astype(int) - resize(pixels, *new)).mean() < 2


def test_windows_close_to_resize_on_a_smooth_picture():
    pixels = resize(picture(40, 30), 400, 300)
    whole = resized_window(pixels, 0, (400, 300), (1040, 780), (0, 0, 1040, 780))
    assert np.abs(whole.astype(int) - resize(pixels, 1040, 780)).mean() < 0.25


@pytest.mark.parametrize("width", [20_000, 40_000])
def test_very_wide(width):
    pixels = picture(width // 2, 4)
    window = resized_window(pixels, 0, (width // 2, 4), (width, 8), (0, 2, width, 6))
    assert np.abs(window.astype(int) - resize(pixels, width, 8)[2:6]).mean() < 1
