"""Types of arrays that are everywhere."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""A picture: H x W x 3, RGB, unless something else is said."""

Floats: TypeAlias = NDArray[np.float32]
"""Weights, features, vectors; colours from 0 to 1."""
