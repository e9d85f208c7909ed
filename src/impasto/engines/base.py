"""What every engine can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from impasto.errors import EngineError
from impasto.images import check_pixels

__all__ = ["Engine", "EngineName", "Precision"]

EngineName = Literal["auto", "opencv", "openvino", "onnxruntime"]
Precision = Literal["auto", "f32", "bf16"]


class Engine(ABC):
    """Runs one baked graph (`impasto.network.bake`): pixels in, pixels out.

    An engine belongs to one thread at a time.

    Attributes:
        name: as `open_engine` takes it.
        precision: ``f32`` or ``bf16``, in which convolutions are computed.
        version: of the library.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    precision: Precision
    version: str

    def paint(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Run the graph.

        Args:
            photo: H x W x 3, uint8, RGB; H and W multiples that the graph takes. The size may
                change from call to call; the first call of a size takes longer.

        Returns:
            the same shape, rounded and clipped to uint8.

        Raises:
            OptionError: the array is of another type or shape.
            EngineError: the engine fails.
        """
        check_pixels(photo)
        painting = self._run(np.ascontiguousarray(photo))
        if painting.shape != photo.shape:
            raise EngineError(
                f"{self} made {painting.shape[1]} x {painting.shape[0]} of "
                f"{photo.shape[1]} x {photo.shape[0]} px",
                "give sides that are multiples of what the network needs",
            )
        return painting

    @abstractmethod
    def _run(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """As `paint`, for contiguous arrays that were checked."""

    def close(self) -> None:  # noqa: B027 - most engines have nothing to do
        """Let go of memory; the engine is not used any more."""

    def __str__(self) -> str:
        return f"{self.title} {self.version} ({self.precision})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def first_line(error: BaseException) -> str:
    """What a library says of its failure, as one line of reasonable length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]
