import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.images import resize
from impasto.video.optical_flow import Motion, carry, find_motion, reduce, spread


def texture(width: int = 160, height: int = 120, seed: int = 0) -> NDArray[np.uint8]:
    """Soft blobs, which flow can hold on to."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3))
    return resize(noise.astype(np.uint8), width, height)


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return reduce(pixels, pixels.shape[1], pixels.shape[0])


def test_the_way_back_to_where_things_were() -> None:
    large = texture(200, 160)
    earlier, now = large[20:140, 20:180], large[24:144, 17:177]  # things went 3 right and 4 up
    motion = find_motion(grey(now), grey(earlier))
    inner = motion.back[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), (-3, 4), atol=0.1)
    np.testing.assert_allclose(
        np.median(motion.ahead[20:-20, 20:-20], axis=(0, 1)), (3, -4), atol=0.1
    )
    assert motion.trust[20:-20, 20:-20].mean() > 0.95


def test_what_comes_into_view_is_not_trusted() -> None:
    large = texture(240, 120)
    motion = find_motion(grey(large[:, 46:206]), grey(large[:, 40:200]))
    assert motion.trust[:, -5:].mean() < 0.1
    assert motion.trust[10:-10, 10:-10].mean() > 0.9


def test_what_appears_is_not_trusted() -> None:
    earlier = texture()
    now = earlier.copy()
    now[40:80, 60:100] = (255, 0, 0)
    motion = find_motion(grey(now), grey(earlier))
    assert motion.trust[46:74, 66:94].mean() < 0.3
    assert motion.trust[:, :40].mean() > 0.95


def test_another_picture_is_not_trusted_but_another_light_is() -> None:
    earlier = texture()
    assert find_motion(grey(texture(seed=1)), grey(earlier)).trust.mean() < 0.35
    brighter = np.minimum(earlier.astype(int) + 25, 255).astype(np.uint8)
    assert find_motion(grey(brighter), grey(earlier)).trust.mean() > 0.8


@pytest.mark.parametrize("quick", [False, True])
def test_carrying_by_whole_pixels_is_exact(quick: bool) -> None:
    painting = texture()
    back = np.zeros((30, 40, 2), dtype=np.float32)
    back[..., 0] = -0.5  # of reduced pixels: two of the painting's
    motion = Motion(back, -back, np.ones((30, 40), dtype=np.float32))
    carried = carry(painting, motion, quick=quick)
    np.testing.assert_array_equal(carried[:, 2:], painting[:, :-2])


def test_spreading_keeps_values() -> None:
    field = np.full((3, 4), 0.25, dtype=np.float32)
    assert spread(field, 13, 7).shape == (7, 13)
    np.testing.assert_allclose(spread(field, 13, 7), 0.25)
