"""ONNX Runtime: float32 or 8 bits, on the best device that it has."""

from __future__ import annotations

import numpy as np
import onnxruntime

from impasto._util.arrays import Floats, Pixels
from impasto.defaults import Precision
from impasto.engines.base import Engine, Vectors
from impasto.errors import EngineError

ERRORS_ONLY = 3

onnxruntime.disable_telemetry_events()  # which Windows would collect


class OnnxRuntimeEngine(Engine):
    """A graph in ONNX Runtime.

    Args:
        precision: ``f32``, or ``int8`` of a graph that is.
        threads: for one operator; all cores if not given.
    """

    name = "onnxruntime"
    title = "ONNX Runtime"
    failures = Exception  # they have no common base of their own

    def __init__(self, graph: bytes, precision: Precision, threads: int | None) -> None:
        if precision == "bf16":
            raise EngineError(
                "ONNX Runtime has no bf16 here", "take precision f32, or engine openvino"
            )
        self.precision = "int8" if precision == "int8" else "f32"
        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        if threads is not None:
            options.intra_op_num_threads = threads
        with self._telling("cannot load the graph"):
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=onnxruntime.get_available_providers()
            )
        self._outputs = [each.name for each in self._session.get_outputs()]

    def _run(self, photo: Pixels, vectors: Vectors) -> tuple[Pixels, Vectors]:
        planes = np.ascontiguousarray(photo.transpose(2, 0, 1)[None], dtype=np.float32)
        planes /= 255
        given = self.run_part({"photo": planes, **vectors})
        painting = np.rint(given.pop("painting")[0] * 255)
        return np.ascontiguousarray(painting.transpose(1, 2, 0)).astype(np.uint8), given

    def run_part(self, features: Vectors) -> dict[str, Floats]:
        """Run the graph of a part of a network; see `Engine.run_part`."""
        with self._telling("failed"):
            given = self._session.run(self._outputs, dict(features))
        return dict(zip(self._outputs, given, strict=True))
