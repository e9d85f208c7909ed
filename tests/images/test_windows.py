import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.images import resize
from impasto.images.spool import PixelRows
from impasto.images.windows import enlarged_rows, shrink_rows
from tiny import picture

sides = st.integers(1, 60)


def strips(pixels, step):
    return [pixels[top : top + step] for top in range(0, len(pixels), step)]


@settings(max_examples=100, deadline=None)
@given(width=sides, height=sides, across=sides, down=sides, step=st.integers(1, 25))
def test_shrinking_row_by_row_is_shrinking(width, height, across, down, step):
    pixels = picture(width, height)
    new = min(across, width), min(down, height)
    shrunk = np.concatenate(list(shrink_rows(strips(pixels, step), (width, height), new)))
    assert shrunk.shape == (new[1], new[0], 3)
    assert np.abs(shrunk.astype(int) - resize(pixels, *new)).max() <= 1


@settings(max_examples=100, deadline=None)
@given(
    size=st.tuples(sides, sides),
    factors=st.tuples(st.floats(1, 3), st.floats(1, 3)),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_some_rows_are_rows_of_the_whole(size, factors, ends):
    pixels = picture(*size)
    new = round(size[0] * factors[0]), round(size[1] * factors[1])
    top, bottom = sorted(round(each * (new[1] - 1)) for each in ends)
    rows = enlarged_rows(PixelRows(pixels), new, top, bottom + 1)
    # OpenCV has weights of 11 bits, and rounds with them.
    whole = resize(pixels, *new)[top : bottom + 1].astype(int)
    assert np.abs(rows - whole).max() <= 1


@pytest.mark.parametrize("width", [20_000, 60_000])
def test_very_wide(width):
    pixels = picture(width // 2, 4)
    rows = enlarged_rows(PixelRows(pixels), (width, 8), 2, 6)
    assert np.abs(rows - resize(pixels, width, 8)[2:6].astype(int)).max() <= 1
