from __future__ import annotations

import numpy as np
import pytest

from impasto.errors import InputError
from impasto.training.grading import Grade
from tiny import picture


def test_nothing_is_changed_by_default() -> None:
    pixels = picture(40, 30)
    assert Grade().apply(pixels) is pixels


def test_factors_by_hand() -> None:
    pixels = np.array([[[100, 120, 140]]], dtype=np.uint8)
    assert Grade(saturation=1.5).apply(pixels).tolist() == [[[90, 120, 150]]]
    assert Grade(contrast=1.5).apply(pixels).tolist() == [[[86, 116, 146]]]
    assert Grade(balance=(1, 1.05, 0.9)).apply(pixels).tolist() == [[[100, 126, 126]]]


def test_levels_reach_from_black_to_white() -> None:
    dull = (100 + picture(60, 40) // 5).astype(np.uint8)
    stretched = Grade(levels=True).apply(dull)
    assert stretched.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert stretched.max(axis=(0, 1)).tolist() == [255, 255, 255]


@pytest.mark.parametrize("factor", [0, -1, 3, float("nan")])
def test_impossible_factors(factor: float) -> None:
    with pytest.raises(InputError, match="a grade is"):
        Grade(saturation=factor)
