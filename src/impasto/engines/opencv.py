"""OpenCV dnn: always there, float32 on the CPU."""

from __future__ import annotations

import cv2
import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.defaults import Precision
from impasto.engines.base import Engine, Vectors
from impasto.errors import EngineError


class OpenCVEngine(Engine):
    """A graph in ``cv2.dnn``.

    Args:
        precision: ``f32``; it knows no other.
        threads: for all of OpenCV in this process; all cores if not given.
    """

    name = "opencv"
    title = "OpenCV dnn"
    failures = cv2.error

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
        self._outputs = list(self._net.getUnconnectedOutLayersNames())

    def _run(self, photo: Pixels, vectors: Vectors) -> tuple[Pixels, Vectors]:
        # The pixels are RGB and the network wants RGB: swapRB stays off.
        planes = cv2.dnn.blobFromImage(photo, scalefactor=1 / 255, swapRB=False)
        given = self.run_part({"photo": np.asarray(planes, dtype=np.float32), **vectors})
        # Rounds and clips.
        painted = [cv2.convertScaleAbs(plane, alpha=255) for plane in given.pop("painting")[0]]
        further = {name: vector.ravel() for name, vector in given.items()}
        return np.asarray(cv2.merge(painted), dtype=np.uint8), further

    def run_part(self, features: Vectors) -> dict[str, Floats]:
        """Run the graph of a part of a network; see `Engine.run_part`."""
        with self._telling("failed"):
            for name, array in features.items():
                self._net.setInput(array, name)
            given = self._net.forward(self._outputs)
        return {
            name: np.array(array, dtype=np.float32)
            for name, array in zip(self._outputs, given, strict=True)
        }


def load_net(graph: bytes) -> cv2.dnn.Net:
    """Return a serialised ONNX model as a net of OpenCV.

    Raises:
        EngineError: this OpenCV cannot load it.
    """
    with OpenCVEngine._telling("cannot load the graph"):
        return cv2.dnn.readNetFromONNX(np.frombuffer(graph, dtype=np.uint8))
