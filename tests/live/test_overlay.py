"""Words on the picture."""

import numpy as np
import pytest

from impasto.live.overlay import compare, with_lines

GREY = np.full((240, 320, 3), 128, dtype=np.uint8)
STATUS = "great-wave+starry-night  100%  320x240 (reduced to hold 30)  28 frames/s, and so on"


def test_a_line_is_white_edged_in_black_and_leaves_the_rest_alone() -> None:
    written = with_lines(GREY, ["udnie"], 320, 240)
    assert written.shape == GREY.shape
    assert written.min() < 30
    assert written.max() > 220
    assert (written[24:] == 128).all()
    assert (GREY == 128).all()


@pytest.mark.parametrize("size", [(1280, 960), (160, 120), (1280, 240), (320, 960)])
def test_words_are_written_at_the_windows_size(size: tuple[int, int]) -> None:
    """The picture fits into it in its own shape; only words that would not fit make it larger."""
    width, height = size
    written = with_lines(GREY, ["udnie"], width, height)
    factor = min(width / 320, height / 240)
    assert written.shape == (240 * factor, 320 * factor, 3)
    rows = np.flatnonzero((written != 128).any(axis=(1, 2)))
    assert 8 <= rows[-1] - rows[0] <= max(14, 0.05 * written.shape[0])


@pytest.mark.parametrize("width", [96, 320, 640, 1280])
@pytest.mark.parametrize("count", [1, 16, 17, 26])
def test_no_line_is_cut_off(width: int, count: int) -> None:
    """Long ones are broken between words; only a picture too low for the smallest letters grows."""
    written = with_lines(GREY, [STATUS, *["ggg"] * (count - 1)], width, width * 3 // 4)
    assert written.shape[1] / written.shape[0] == pytest.approx(320 / 240, rel=0.02)
    assert written.shape[1] == width or width <= 320
    seen = (written != 128).any(axis=2)
    assert not seen[-1].any()
    assert not seen[:, -4:].any()
    in_row = seen.any(axis=1)
    rows = np.count_nonzero(in_row[1:] & ~in_row[:-1])
    assert rows == count if width >= 640 else rows > count


def test_a_word_that_is_too_long_makes_the_picture_larger() -> None:
    written = with_lines(GREY, ["impasto-20260101.png"], 64, 48)
    height, width = written.shape[:2]
    assert width > 64
    assert width / height == pytest.approx(64 / 48, rel=0.02)
    assert (written[:, -4:] == 128).all()


def test_compare_halves() -> None:
    photo, painting = np.zeros((4, 8, 3), np.uint8), np.full((4, 8, 3), 9, np.uint8)
    both = compare(photo, painting)
    assert (both[:, :3] == 0).all()
    assert (both[:, 3:5] == 255).all()
    assert (both[:, 5:] == 9).all()
