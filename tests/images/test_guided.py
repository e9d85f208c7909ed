from typing import Any

import numpy as np
import pytest

from impasto.images.guided import detail_radius_px, guided_filter, luminance, restore_detail
from tiny import picture


def direct(guide: Any, values: Any, radius: int, epsilon: float) -> Any:
    """He et al. 2010, equations 5, 6 and 8, window by window."""
    height, width = guide.shape
    padded = [np.pad(each, 2 * radius, mode="symmetric") for each in (guide, values)]
    slopes, offsets = np.zeros((2, height + 2 * radius, width + 2 * radius))
    side = 2 * radius + 1
    for y in range(height + 2 * radius):
        for x in range(width + 2 * radius):
            i, p = (each[y : y + side, x : x + side] for each in padded)
            slopes[y, x] = ((i * p).mean() - i.mean() * p.mean()) / (i.var() + epsilon)
            offsets[y, x] = p.mean() - slopes[y, x] * i.mean()
    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            window = slice(y, y + side), slice(x, x + side)
            result[y, x] = slopes[window].mean() * guide[y, x] + offsets[window].mean()
    return result


def test_against_the_papers_equations() -> None:
    random = np.random.default_rng(0)
    guide, values = random.random((2, 12, 15), dtype=np.float32)
    filtered = guided_filter(guide, values, 2, 0.01)
    inside = slice(4, -4), slice(4, -4)  # borders are reflected once here, twice there
    np.testing.assert_allclose(filtered[inside], direct(guide, values, 2, 0.01)[inside], atol=1e-5)


def test_a_linear_function_of_the_guide_stays() -> None:
    guide = luminance(picture(40, 30))
    values = np.stack([0.5 * guide + 0.2, 1 - guide], axis=2)
    np.testing.assert_allclose(guided_filter(guide, values, 4, 1e-9), values, atol=1e-3)


def test_a_flat_guide_gives_means() -> None:
    values = np.random.default_rng(0).random((20, 20), dtype=np.float32)
    filtered = guided_filter(np.full((20, 20), 0.5, np.float32), values, 3, 0.01)
    assert filtered.std() < 0.3 * values.std()


def test_an_edge_comes_back_where_the_photo_has_it() -> None:
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[:, 30:] = 255
    blurred = np.linspace(0, 200, 60).astype(np.uint8)[None, :, None] * np.ones((40, 1, 3), "u1")
    restored = restore_detail(photo, blurred, 1, 4).astype(int)
    steps = np.abs(np.diff(restored[20, :, 0]))
    assert steps.argmax() == 29
    assert steps.max() > 3 * np.abs(np.diff(blurred[20, :, 0].astype(int))).max()
    np.testing.assert_array_equal(restore_detail(photo, blurred, 0, 4), blurred)


def test_bands_join(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, painting = picture(50, 90, 1), picture(50, 90, 2)
    whole = restore_detail(photo, painting, 0.7, 3)
    monkeypatch.setattr("impasto.images.guided.BAND_PX", 12)
    assert np.abs(restore_detail(photo, painting, 0.7, 3).astype(int) - whole).max() <= 1


@pytest.mark.parametrize(("size", "radius"), [((1, 1), 2), ((640, 480), 3), ((12000, 8000), 50)])
def test_radius(size: tuple[int, int], radius: int) -> None:
    assert detail_radius_px(*size) == radius
