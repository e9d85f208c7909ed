"""Pictures in memory: checks, sizes, borders, colours."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.images import (
    Picture,
    fit_within,
    keep_colors,
    pad_reflect,
    read_image,
    resize,
    scale_shorter_side,
)
from tiny import picture


def test_picture_knows_its_size() -> None:
    assert (Picture(picture(5, 3)).width, Picture(picture(5, 3)).height) == (5, 3)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
        [[1, 2, 3]],
        None,
    ],
)
def test_no_picture(pixels: Any) -> None:
    with pytest.raises(InputError, match="a picture is"):
        Picture(pixels)


def test_alpha_must_fit() -> None:
    for alpha in (np.zeros((4, 5), np.uint8), np.zeros((4, 4)), "opaque"):
        with pytest.raises(InputError, match="alpha"):
            Picture(picture(4, 4), alpha)  # type: ignore[arg-type]


def test_for_pillow_and_notebooks() -> None:
    pixels, alpha = picture(12, 8), np.full((8, 12), 255, np.uint8)
    alpha[:4] = 90
    opaque, clear = Picture(pixels), Picture(pixels, alpha)
    assert (opaque.to_pil().mode, clear.to_pil().mode) == ("RGB", "RGBA")
    np.testing.assert_array_equal(np.dstack([pixels, alpha]), np.array(clear.to_pil()))
    shown = read_image(clear._repr_png_())
    np.testing.assert_array_equal(shown.pixels, pixels)
    np.testing.assert_array_equal(shown.alpha, alpha)


def test_shrinking_is_the_mean_over_areas() -> None:
    pixels = np.zeros((2, 4, 3), np.uint8)
    pixels[:, :2] = [[[10], [30]], [[20], [40]]]
    assert resize(pixels, 2, 1)[0, :, 0].tolist() == [25, 0]


@settings(max_examples=30, deadline=None)
@given(*[st.integers(1, 40)] * 4)
def test_resize_gives_the_size(width: int, height: int, new_width: Any, new_height: Any) -> None:
    resized = resize(picture(width, height), new_width, new_height)
    assert resized.shape == (new_height, new_width, 3)
    assert resized.dtype == np.uint8


def test_shrinking_does_not_alias_along_either_side() -> None:
    """The mean of n independent values deviates by 1 / sqrt(n); a mere sample would by 1."""
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    for size, count in [((100, 100), 16), ((100, 400), 4), ((100, 500), 4), ((500, 100), 4)]:
        assert resize(noise, *size).std() < 1.1 * noise.std() / np.sqrt(count)


def test_growing_is_smooth() -> None:
    step = np.zeros((1, 8, 3), np.uint8)
    step[:, 4:] = 200
    grown = resize(step, 64, 1)[0, :, 0].astype(int)
    assert np.abs(np.diff(grown)).max() < 60


def test_flat_pictures_stay_flat() -> None:
    flat = np.full((9, 13, 3), 77, np.uint8)
    for size in [(5, 5), (40, 30), (13, 20)]:
        assert (resize(flat, *size) == 77).all()


def test_shorter_side() -> None:
    assert scale_shorter_side(picture(40, 20), 10).shape == (10, 20, 3)
    assert scale_shorter_side(picture(20, 40), 10).shape == (20, 10, 3)
    assert scale_shorter_side(picture(500, 1), 3).shape[0] == 3


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), *[st.integers(0, 30)] * 4)
def test_reflection_is_numpys(
    width: int, height: int, left: int, top: int, right: Any, bottom: Any
) -> None:
    pixels = picture(width, height)
    padded = pad_reflect(pixels, left=left, top=top, right=right, bottom=bottom)
    expected = np.pad(pixels, ((top, bottom), (left, right), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(padded, expected)


@pytest.mark.parametrize(
    ("size", "longer_px", "expected"),
    [
        ((40, 30), 20, (20, 15)),
        ((30, 40), 20, (15, 20)),
        ((40, 30), 40, (40, 30)),
        ((40, 30), 99, (40, 30)),
        ((40, 30), None, (40, 30)),
        ((3000, 1), 10, (10, 1)),
    ],
)
def test_fitting_within(
    size: tuple[int, int], longer_px: int | None, expected: tuple[int, int]
) -> None:
    assert fit_within(*size, longer_px) == expected
    with pytest.raises(OptionError, match="max-size is 0"):
        fit_within(*size, 0)


def test_a_picture_that_is_small_enough_stays_as_it_is() -> None:
    small = Picture(picture(40, 30))
    assert small.shrunk(40) is small
    assert small.shrunk(None) is small
    shrunk = small.shrunk(20).pixels.astype(int)
    assert np.abs(shrunk - resize(small.pixels, 20, 15)).max() <= 1  # halves are rounded otherwise


def test_keep_colors_by_hand() -> None:
    photo = np.array([[[200, 100, 50]]], np.uint8)  # Y = 59.8 + 58.7 + 5.7 = 124.2
    painting = np.array([[[150, 150, 150]]], np.uint8)  # Y = 150
    assert keep_colors(painting, photo)[0, 0].tolist() == [226, 126, 76]  # each + 25.8


def test_keep_colors_of_other_shapes() -> None:
    with pytest.raises(OptionError, match="shapes"):
        keep_colors(picture(1, 1), picture(4, 4))


def test_keep_colors_is_luminance_of_one_and_chrominance_of_the_other() -> None:
    """I and Q of YIQ are the photo's, Y the painting's, where nothing is clipped."""
    random = np.random.default_rng(0)
    photo = random.integers(90, 166, (20, 20, 3), dtype=np.uint8)
    painting = random.integers(90, 166, (20, 20, 3), dtype=np.uint8)
    to_yiq = np.array(
        [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
    )
    result, photo_yiq, painting_yiq = (
        pixels.astype(float) @ to_yiq.T
        for pixels in (keep_colors(painting, photo), photo, painting)
    )
    np.testing.assert_allclose(result[..., 0], painting_yiq[..., 0], atol=0.6)
    np.testing.assert_allclose(result[..., 1:], photo_yiq[..., 1:], atol=0.8)
