"""The interface of all engines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto._util.closeable import Closing
from impasto.defaults import Precision
from impasto.errors import EngineError, OptionError
from impasto.images import check_pixels

Vectors = Mapping[str, Floats]


class Engine(Closing, ABC):
    """Runs one baked graph (`impasto.networks.export`): pixels in, pixels out.

    An engine belongs to one thread at a time.

    Attributes:
        name: as `open_engine` takes it.
        precision: ``f32``, ``bf16`` or ``int8``, in which convolutions are computed.
        version: of the library.
        failures: what the library raises.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    failures: ClassVar[type[Exception]]
    precision: Precision
    version: str
    _closed = False

    def paint(self, photo: Pixels) -> Pixels:
        """Run the graph.

        Args:
            photo: H x W x 3, uint8, RGB; H and W multiples that the graph takes. The size may
                change from call to call; the first call of a size takes longer.

        Returns:
            the same shape, rounded and clipped to uint8.

        Raises:
            InputError: the array is of another type or shape.
            EngineError: the engine fails.
        """
        return self._paint(photo, {})[0]

    def paint_steered(self, photo: Pixels, style: Floats) -> tuple[Pixels, Floats]:
        """Run a graph whose style is an input (`impasto.networks.export.bake_steered`).

        Args:
            photo: as `paint` takes it.

        Returns:
            the painting, as `paint` gives it, and the statistics that it was normalised by.

        Raises:
            EngineError: the graph is not a steered one; and as `paint`.
        """
        painting, given = self._paint(photo, {"style": style})
        if "statistics" not in given:
            raise EngineError("the graph's style is fixed", "bake a steered one")
        return painting, given["statistics"]

    def paint_regions(self, photo: Pixels, shares: Floats) -> Pixels:
        """Run a graph with several styles (`impasto.networks.regions.bake_regions`).

        Args:
            photo: as `paint` takes it.
            shares: styles x H x W, float32: how much of each style there is in each place.

        Returns and errors: as `paint`.
        """
        if shares.shape[1:] != photo.shape[:2]:
            raise OptionError(
                f"shares are {shares.shape} for a photo of {photo.shape}", "make them as large"
            )
        return self._paint(photo, {"shares": np.ascontiguousarray(shares[None])})[0]

    def revise(self, photo: Pixels, enlarged: Pixels, style: Floats | None = None) -> Pixels:
        """Run the graph of a network that revises (`impasto.networks.spec.NetworkSpec.revises`).

        Args:
            photo: as `paint` takes it.
            enlarged: the painting so far, as large as the photo: H x W x 3, uint8, RGB.
            style: the style vector, if it is an input of the graph.

        Returns and errors: as `paint`.
        """
        check_pixels(enlarged)
        if enlarged.shape != photo.shape:
            raise OptionError(
                f"the painting is {enlarged.shape}, its photo {photo.shape}", "make them as large"
            )
        planes = np.ascontiguousarray(enlarged.transpose(2, 0, 1)[None], dtype=np.float32)
        planes /= 255
        vectors = {"enlarged": planes} if style is None else {"enlarged": planes, "style": style}
        return self._paint(photo, vectors)[0]

    def encode(self, painting: Pixels) -> Floats:
        """Run an encoder's graph (`impasto.networks.encoder`).

        Returns:
            the style vector that it predicts.

        Raises:
            EngineError: the graph is no encoder; and as `paint`.
        """
        given = self._paint(painting, {})[1]
        if "vector" not in given:
            raise EngineError("the graph predicts no style", "give that of an encoder")
        return given["vector"]

    @abstractmethod
    def run_part(self, features: Vectors) -> Vectors:
        """Run the graph of a part of a network (`impasto.networks.stages`).

        Args:
            features: what it takes, by name: float32, contiguous.

        Returns:
            what it gives, by name.

        Raises:
            EngineError: the engine fails.
        """

    def _paint(self, photo: Pixels, vectors: Vectors) -> tuple[Pixels, Vectors]:
        check_pixels(photo)
        if self._closed:
            raise EngineError(f"{self} is closed", "open it anew")
        painting, given = self._run(np.ascontiguousarray(photo), vectors)
        if painting.shape != photo.shape:
            raise EngineError(
                f"{self} made {painting.shape[1]} x {painting.shape[0]} of "
                f"{photo.shape[1]} x {photo.shape[0]} px",
                "give sides that are multiples of what the network needs",
            )
        return painting, given

    @abstractmethod
    def _run(self, photo: Pixels, vectors: Vectors) -> tuple[Pixels, Vectors]:
        """Run the graph, as `paint` does, on contiguous arrays that were checked.

        Args:
            vectors: the graph's further inputs by their names.

        Returns:
            the painting, and the graph's further outputs by their names.
        """

    @classmethod
    @contextmanager
    def _telling(cls, what: str) -> Iterator[None]:
        """Raise what the library raises in the block as an `EngineError`: "OpenVINO failed"."""
        try:
            yield
        except cls.failures as error:
            raise EngineError(
                f"{cls.title} {what} ({first_line(error)})", "try another engine"
            ) from error

    def close(self) -> None:
        """Let go of memory; the engine is not used any more."""
        self._closed = True

    def __str__(self) -> str:
        return f"{self.title} {self.version} ({self.precision})"


def first_line(error: BaseException) -> str:
    """Return what a library says of its failure, as one line of reasonable length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]
