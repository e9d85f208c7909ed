from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.images.tiles import cut

sides = st.integers(1, 70_000)
cores = st.integers(1, 300).map(lambda n: 8 * n)
margins = st.integers(0, 200)


@given(length=sides, core_px=cores, margin_px=margins, multiple=st.sampled_from([1, 2, 4, 8]))
def test_spans_cover_a_side_once(length: int, core_px: Any, margin_px: Any, multiple: Any) -> None:
    spans = cut(length, core_px, margin_px, multiple)
    assert spans[0].start == 0
    assert spans[-1].stop == length
    for before, after in pairwise(spans):
        assert before.stop == after.start
    for span in spans:
        assert 0 < span.stop - span.start <= core_px
        assert span.window_start % multiple == 0
        # Every margin is there, or the picture ends.
        assert span.window_start <= max(0, span.start - margin_px)
        assert span.window_stop >= min(length, span.stop + margin_px)
        assert span.window_stop - span.window_start <= core_px + 2 * (margin_px + multiple)
        assert span.window_stop == length or span.window_stop % multiple == 0
        window = np.arange(span.window_start, span.window_stop)
        assert window[span.core].tolist()[:1] == [span.start]
        assert len(window[span.core]) == span.stop - span.start


def test_tiles_are_of_about_equal_length() -> None:
    lengths = [span.stop - span.start for span in cut(2100, 1024, 96, 8)]
    assert lengths == [704, 704, 692]
