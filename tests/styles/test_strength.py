"""Strength and mixtures, with the styles that ship, painted by one network."""

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import Stylizer, read_image
from impasto.images import resize
from impasto.styles import open_gallery

STRENGTHS = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5)
SHARES = (0.7, 0.3)
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = open_gallery().shipped
PACKS = open_gallery().shipped_packs
PAIRS = [pair for pack in PACKS for pair in itertools.pairwise(pack.names)]


@pytest.fixture(scope="module")
def photo() -> Any:
    return resize(read_image(EXAMPLES / "astronaut.jpg").pixels, 128, 128)


@pytest.fixture(scope="module")
def paint(photo: Any) -> Callable[[str], NDArray[np.uint8]]:
    """Paints it in a style or a mixture; once each."""

    @cache
    def paint(style: str) -> NDArray[np.uint8]:
        with Stylizer(style, precision="f32", quality="live") as stylizer:
            return stylizer(photo)

    return paint


def apart(first: Any, second: Any) -> Any:
    """Mean difference in levels."""
    return np.abs(first.astype(int) - second).mean()


@pytest.mark.parametrize("style", NAMES)
def test_strength_rises_from_the_photo(photo: Any, style: Any) -> None:
    with Stylizer(style, precision="f32", quality="live") as stylizer:
        painted = []
        for strength in STRENGTHS:
            stylizer.strength = strength
            painted.append(stylizer(photo))
    np.testing.assert_array_equal(painted[0], photo)
    distances = [apart(each, photo) for each in painted]
    steps = np.diff(distances)
    assert (steps > 0).all()
    # In equal steps up to the painting; beyond it, where channels reach black or white, smaller:
    # least of all in Beat the Whites with the Red Wedge, where most are there already.
    np.testing.assert_allclose(steps[:4], distances[4] / 4, rtol=0.05)
    assert (steps[4:] > 0.15 * steps[0]).all()


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_mixtures_go_from_one_to_the_other(
    paint: Callable[[str], NDArray[np.uint8]], first: Any, second: Any
) -> None:
    mixtures = [f"{first}:{share}+{second}:{1 - share:g}" for share in SHARES]
    painted = [paint(style) for style in (first, *mixtures, second)]
    assert (np.diff([apart(each, painted[0]) for each in painted]) > 0).all()
    assert (np.diff([apart(each, painted[-1]) for each in painted]) < 0).all()
