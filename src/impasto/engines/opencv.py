"""OpenCV dnn: always there, float32 on the CPU."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.engines.base import Engine, Precision, Vectors, first_line
from impasto.errors import EngineError

__all__ = ["OpenCVEngine", "load_net"]


class OpenCVEngine(Engine):
    """A graph in ``cv2.dnn``.

    Args:
        graph: a serialised ONNX model.
        precision: ``f32``; it knows no other.
        threads: for all of OpenCV in this process; all cores if not given.
    """

    name = "opencv"
    title = "OpenCV dnn"

    def __init__(self, graph: bytes, precision: Precision, threads: int | None) -> None:
        if precision in ("bf16", "int8"):
            raise EngineError(
                f"OpenCV dnn has no {precision}", "take precision f32, or engine openvino"
            )
        self.precision = "f32"
        self.version = cv2.__version__
        if threads is not None:
            cv2.setNumThreads(threads)
        self._net = load_net(graph)
        outputs = self._net.getUnconnectedOutLayersNames()
        self._further = [name for name in outputs if name != "painting"]

    def _run(self, photo: NDArray[np.uint8], vectors: Vectors) -> tuple[NDArray[np.uint8], Vectors]:
        try:
            # The pixels are RGB and the network wants RGB: swapRB stays off.
            pixels = cv2.dnn.blobFromImage(photo, scalefactor=1 / 255, swapRB=False)
            for name, array in {"photo": pixels, **vectors}.items():
                self._net.setInput(array, name)
            painting, *further = self._net.forward(["painting", *self._further])
        except cv2.error as error:
            raise EngineError(
                f"OpenCV dnn failed ({first_line(error)})", "try another engine"
            ) from error
        # Rounds and clips.
        planes = [cv2.convertScaleAbs(plane, alpha=255) for plane in painting[0]]
        given = {
            name: np.array(vector, dtype=np.float32).ravel()
            for name, vector in zip(self._further, further, strict=True)
        }
        return np.asarray(cv2.merge(planes), dtype=np.uint8), given


def load_net(graph: bytes) -> cv2.dnn.Net:
    """A serialised ONNX model as a net of OpenCV.

    Raises:
        EngineError: this OpenCV cannot load it.
    """
    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(graph, dtype=np.uint8))
    except cv2.error as error:
        raise EngineError(
            f"OpenCV dnn cannot load the graph ({first_line(error)})", "try another engine"
        ) from error
