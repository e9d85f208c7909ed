"""An engine for tests: it runs no graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from impasto.engines.base import Engine, Vectors

__all__ = ["FakeEngine"]


class FakeEngine(Engine):
    """Paints with a function, and remembers what it was given.

    Args:
        function: from H x W x 3 uint8 pixels to the same; the negative if not given.
    """

    name = "fake"
    title = "fake"

    def __init__(
        self, function: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = np.invert
    ) -> None:
        self.precision = "f32"
        self.version = "0"
        self.photos: list[NDArray[np.uint8]] = []
        self.closed = False
        self._function = function

    def _run(self, photo: NDArray[np.uint8], vectors: Vectors) -> tuple[NDArray[np.uint8], Vectors]:
        self.photos.append(photo)
        return self._function(photo), {"statistics": vectors["style"]} if vectors else {}

    def run_part(self, features: Vectors) -> Vectors:
        """Return what it was given, under the same names."""
        return features

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
