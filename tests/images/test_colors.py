from typing import Any

import numpy as np
import pytest

from impasto.images.colors import from_oklab, match_histograms, match_linearly, to_oklab
from tiny import picture


@pytest.mark.parametrize(
    ("rgb", "oklab"),
    [  # of CSS Color 4 and culori, rounded
        ((255, 255, 255), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 255, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 255), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_of_known_colours(
    rgb: tuple[int, int, int], oklab: tuple[float, float, float]
) -> None:
    lab = to_oklab(np.array([[rgb]], np.uint8))[0, 0]
    np.testing.assert_allclose(lab, oklab, atol=2e-4)


def test_oklab_there_and_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(from_oklab(to_oklab(pixels)), pixels)


def test_linear_transfer_has_the_models_mean_and_covariance() -> None:
    """Up to rounding, where nothing is clipped."""
    random = np.random.default_rng(0)
    painting = random.integers(100, 150, (80, 80, 3), dtype=np.uint8)
    model = random.normal((150, 120, 90), (10, 6, 12), (60, 60, 3)).astype(np.uint8)
    matched = to_oklab(match_linearly(painting, model)(painting)).reshape(-1, 3)
    wanted = to_oklab(model).reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(axis=0), wanted.mean(axis=0), atol=5e-4)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(wanted.T), atol=2e-5)


def test_linear_transfer_to_itself_changes_nothing() -> None:
    pixels = picture(40, 30)
    assert np.abs(match_linearly(pixels, pixels)(pixels).astype(int) - pixels).max() <= 1


def test_histograms_become_the_models() -> None:
    painting, model = picture(80, 60, 1), picture(70, 50, 2)
    matched = match_histograms(painting, model)(painting)
    for channel in range(3):
        quantiles = [
            np.quantile(each[..., channel], np.linspace(0.05, 0.95, 19))
            for each in (matched, model)
        ]
        assert np.abs(quantiles[0] - quantiles[1]).max() <= 4


def test_histograms_by_hand() -> None:
    painting = np.array([[10, 20], [30, 40]], np.uint8)[..., None].repeat(3, axis=2)
    model = np.array([[100, 110], [120, 200]], np.uint8)[..., None].repeat(3, axis=2)
    matched = match_histograms(painting, model)(painting)
    assert matched[..., 0].ravel().tolist() == [100, 110, 120, 200]


@pytest.mark.parametrize("way", [match_histograms, match_linearly])
def test_flat_pictures(way: Any) -> None:
    flat, model = np.full((5, 5, 3), 77, np.uint8), picture(20, 20)
    for painting, target in ((flat, model), (model, flat), (flat, flat)):
        matched = way(painting, target)(painting)
        assert matched.shape == painting.shape
        assert matched.dtype == np.uint8


@pytest.mark.parametrize("way", [match_histograms, match_linearly])
def test_a_map_works_on_rows_as_on_the_whole(way: Any) -> None:
    painting, model = picture(40, 30, 1), picture(40, 30, 2)
    apply = way(painting, model)
    np.testing.assert_array_equal(apply(painting)[7:12], apply(painting[7:12]))
