import numpy as np
import pytest

from impasto.video.warping_error import WarpingError
from video.test_optical_flow import texture


def test_paintings_that_move_with_the_video_are_calm_and_others_are_not() -> None:
    large, paint = texture(200, 160), texture(200, 160, seed=1)
    warping = WarpingError()
    for n in range(4):
        window = (slice(2 * n, 2 * n + 120), slice(3 * n, 3 * n + 160))
        still = paint[:120, :160]
        warping.add(large[window], {"moving": paint[window], "fixed": still})
    assert len(warping.errors["moving"]) == 3
    assert np.mean(warping.errors["moving"]) < 1.5
    assert np.mean(warping.errors["fixed"]) > 10


def test_a_step_in_brightness_is_an_error_of_as_many_levels() -> None:
    photo = texture()
    warping = WarpingError()
    for level in (100, 107):
        warping.add(photo, {"step": np.full_like(photo, level)})
    assert warping.errors["step"] == [pytest.approx(7)]


def test_what_was_hidden_does_not_count() -> None:
    """A square that moves right uncovers what is behind it, which any painter must invent."""
    background = texture(seed=2)
    warping = WarpingError()
    for left in (40, 48):
        photo = background.copy()
        photo[40:80, left : left + 40] = texture(seed=3)[:40, :40]
        painting = np.zeros_like(photo)
        painting[44:76, 42:47] = 255 if left == 48 else 0
        warping.add(photo, {"painter": painting})
    share = 32 * 5 / (160 * 120)
    assert warping.errors["painter"][0] < 0.4 * 255 * share
