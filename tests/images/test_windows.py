from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.images import resize
from impasto.images.spool import PixelRows
from impasto.images.windows import enlarged_rows, shrink_rows
from tiny import picture

sides = st.integers(1, 60)


def strips(pixels: NDArray[np.uint8], step: Any) -> Any:
    return [pixels[top : top + step] for top in range(0, len(pixels), step)]


@settings(max_examples=100, deadline=None)
@given(width=sides, height=sides, across=sides, down=sides, step=st.integers(1, 25))
def test_shrinking_row_by_row_is_shrinking(
    width: int, height: int, across: Any, down: Any, step: Any
) -> None:
    pixels = picture(width, height)
    new = min(across, width), min(down, height)
    shrunk = np.concatenate(list(shrink_rows(strips(pixels, step), (width, height), new)))
    assert shrunk.shape == (new[1], new[0], 3)
    assert np.abs(shrunk.astype(int) - resize(pixels, *new)).max() <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_samples_of_any_type_are_shrunk(kind: Any, channels: int) -> None:
    planes = np.random.default_rng(0).integers(0, 256, (12, 18, channels)).astype(kind)
    shrunk = np.concatenate(list(shrink_rows(strips(planes, 5), (18, 12), (6, 4))))
    expected = planes.reshape(4, 3, 6, 3, channels).mean(axis=(1, 3))
    assert (shrunk.dtype, shrunk.shape) == (kind, (4, 6, channels))
    assert np.abs(shrunk - expected).max() <= 0.5 + 1e-3


def test_what_is_transparent_lends_no_colour() -> None:
    samples = np.zeros((4, 8, 4), np.uint8)
    samples[..., 0] = 200
    samples[:, 1::2] = (0, 90, 0, 255)  # every second column; the others are hidden
    samples[:, 4:, 3] = 0  # all of the right half is hidden
    shrunk = np.concatenate(list(shrink_rows([samples], (8, 4), (4, 2), alpha=True)))
    assert (shrunk[:, :2] == (0, 90, 0, 128)).all()
    assert (shrunk[:, 2:] == (100, 45, 0, 0)).all()  # means, for want of anything seen


@settings(max_examples=100, deadline=None)
@given(
    size=st.tuples(sides, sides),
    factors=st.tuples(st.floats(1, 3), st.floats(1, 3)),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_some_rows_are_rows_of_the_whole(size: Any, factors: Any, ends: Any) -> None:
    pixels = picture(*size)
    new = round(size[0] * factors[0]), round(size[1] * factors[1])
    top, bottom = sorted(round(each * (new[1] - 1)) for each in ends)
    rows = enlarged_rows(PixelRows(pixels), new, top, bottom + 1)
    # OpenCV has weights of 11 bits, and rounds with them.
    whole = resize(pixels, *new)[top : bottom + 1].astype(int)
    assert np.abs(rows - whole).max() <= 1


@pytest.mark.parametrize("width", [20_000, 60_000])
def test_very_wide(width: int) -> None:
    pixels = picture(width // 2, 4)
    rows = enlarged_rows(PixelRows(pixels), (width, 8), 2, 6)
    assert np.abs(rows - resize(pixels, width, 8)[2:6].astype(int)).max() <= 1
