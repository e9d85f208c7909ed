"""Brighter colours for dull reproductions of paintings, before a style is learned from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import InputError

CUT_SHARE = 0.005
LARGEST_FACTOR = 2.0


@dataclass(frozen=True)
class Grade:
    """Changes of a reproduction's colours, in this order.

    Attributes:
        levels: stretch each channel so that 0.5 % of the pixels are black, and as many white.
        balance: factors of red, green and blue.
        saturation: a factor of the distance from grey.
        contrast: a factor of the distance from middle grey.

    Raises:
        InputError: a factor is not above 0, or above 2.
    """

    levels: bool = False
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    contrast: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "balance", tuple(self.balance))
        factors = (*self.balance, self.saturation, self.contrast)
        if len(factors) != 5 or not all(0 < each <= LARGEST_FACTOR for each in factors):
            raise InputError(f"a grade is {self}", f"give factors above 0, up to {LARGEST_FACTOR}")

    def apply(self, pixels: Pixels) -> Pixels:
        """Return a graded picture: H x W x 3, uint8, RGB, as the one that is given."""
        if self == NO_GRADE:
            return pixels
        colours = pixels.astype(np.float32) / 255
        if self.levels:
            black, white = np.quantile(colours, (CUT_SHARE, 1 - CUT_SHARE), axis=(0, 1))
            colours = (colours - black) / np.maximum(white - black, 1 / 255)
        colours = colours.clip(0, 1) * np.array(self.balance, dtype=np.float32)
        grey = colours.mean(axis=2, keepdims=True)
        colours = grey + self.saturation * (colours - grey)
        colours = 0.5 + self.contrast * (colours - 0.5)
        graded: Pixels = np.rint(255 * colours.clip(0, 1)).astype(np.uint8)
        return graded


NO_GRADE = Grade()
