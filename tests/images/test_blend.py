import numpy as np
import pytest

from impasto.images import blend


@pytest.mark.parametrize(
    ("strength", "expected"), [(0, 100), (0.5, 150), (1, 200), (1.5, 250), (1.75, 255)]
)
def test_blending_by_hand(strength: float, expected: int) -> None:
    photo, painting = np.full((2, 3, 3), 100, np.uint8), np.full((2, 3, 3), 200, np.uint8)
    mixed = blend(photo, painting, strength)
    assert mixed.dtype == np.uint8
    assert (mixed == expected).all()
