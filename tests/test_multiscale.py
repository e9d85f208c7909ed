from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.multiscale import MAX_STROKE, MIN_STROKE, NATURAL_PX, pass_sizes


@pytest.mark.parametrize(
    ("size", "stroke", "expected"),
    [
        ((640, 480), 1, [(640, 480)]),
        ((1024, 768), 1, [(683, 512), (1024, 768)]),
        ((640, 480), 2, [(320, 240), (640, 480)]),
        ((640, 480), 0.5, [(1280, 960)]),
        ((2048, 1536), 1, [(683, 512), (2048, 1536)]),
        ((2048, 1536), 0.5, [(1365, 1024), (2048, 1536)]),
        ((6144, 4608), 1, [(683, 512), (2048, 1536), (6144, 4608)]),
        ((20, 1000), 2, [(16, 800), (20, 1000)]),
        ((1, 5), 2, [(1, 5)]),
    ],
)
def test_by_hand(size: tuple[int, int], stroke: float, expected: list[tuple[int, int]]) -> None:
    assert pass_sizes(*size, stroke) == expected


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.floats(MIN_STROKE, MAX_STROKE))
def test_from_coarse_to_fine(width: int, height: int, stroke: Any) -> None:
    sizes = pass_sizes(width, height, stroke)
    assert sizes == sorted(sizes)
    assert all(min(size) >= 1 for size in sizes)
    if len(sizes) > 1:
        assert sizes[-1] == (width, height)
        # The first pass has the same stroke for every size: that is what "in proportion" means.
        assert min(sizes[0]) == pytest.approx(min(width, height, NATURAL_PX) / stroke, abs=16)
    else:
        assert sizes[0][0] >= width
        assert sizes[0][1] >= height
