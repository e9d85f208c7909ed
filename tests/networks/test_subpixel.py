"""Pixel shuffle whose filters follow from one kernel over enlarged pixels."""

import numpy as np
import pytest

from impasto.networks.spec import Conv
from impasto.networks.subpixel import phase_filters, phase_taps


def test_by_hand() -> None:
    """Two pixels for one, filters of three: a kernel of five over enlarged pixels. The first phase
    has its middle tap on the left half of its own pixel.
    """
    first, second = phase_taps(3, 2)
    np.testing.assert_array_equal(first, [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]])
    np.testing.assert_array_equal(second, [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]])


def test_without_shuffle_a_kernel_is_as_it_was() -> None:
    kernel = np.random.default_rng(0).standard_normal((2, 3, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(phase_filters(kernel, 1), kernel)


@pytest.mark.parametrize(("side", "shuffle"), [(1, 2), (3, 2), (3, 4), (5, 3)])
def test_it_is_a_convolution_of_the_enlarged_picture(side: int, shuffle: int) -> None:
    """Tap by tap, at every enlarged pixel that sees no border."""
    conv = Conv("it", 2, 3, kernel=side, shuffle=shuffle)
    random = np.random.default_rng(1)
    enlarged = random.standard_normal(conv.trained_shape).astype(np.float32)
    filters = phase_filters(enlarged, shuffle)
    assert filters.shape == conv.kernel_shape
    small = random.standard_normal((2, 8, 8)).astype(np.float32)
    large = small.repeat(shuffle, axis=1).repeat(shuffle, axis=2)
    reach = enlarged.shape[-1] // 2
    by_phase = filters.reshape(3, shuffle, shuffle, 2, side, side)
    for y, x in [(3 * shuffle, 4 * shuffle), (4 * shuffle - 1, 3 * shuffle + shuffle // 2)]:
        around = large[:, y - reach : y + reach + 1, x - reach : x + reach + 1]
        expected = np.einsum("oikl,ikl->o", enlarged, around)
        top, left = y // shuffle - side // 2, x // shuffle - side // 2
        within = small[:, top : top + side, left : left + side]
        got = np.einsum("oikl,ikl->o", by_phase[:, y % shuffle, x % shuffle], within)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
