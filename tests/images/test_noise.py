import numpy as np

from impasto.images.noise import natural_noise


def test_it_is_like_photographs_in_range_and_spectrum() -> None:
    pixels = natural_noise(128, 96, 0)
    assert pixels.shape == (96, 128, 3)
    assert pixels.dtype == np.uint8
    assert 30 < pixels.std() < 80
    # Halving a picture leaves the contrast of 1/f noise nearly as it is; of white noise, half.
    half = pixels.reshape(48, 2, 64, 2, 3).mean((1, 3))
    assert half.std() > 0.8 * pixels.std()
    red, green = pixels[..., 0].ravel(), pixels[..., 1].ravel()
    assert 0.5 < np.corrcoef(red, green)[0, 1] < 1


def test_seeds() -> None:
    np.testing.assert_array_equal(natural_noise(8, 8, 1), natural_noise(8, 8, 1))
    assert (natural_noise(8, 8, 1) != natural_noise(8, 8, 2)).any()
    assert natural_noise(1, 1, 0).shape == (1, 1, 3)
