"""OpenVINO: the fast path on CPUs, in bfloat16 where they multiply it natively."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Pixels
from impasto.defaults import Precision
from impasto.engines.base import Engine, Vectors
from impasto.errors import EngineError


@contextmanager
def _telemetry_missing() -> Iterator[None]:
    """Let OpenVINO find its telemetry missing, which is its own way to do without: else every
    import tells Google Analytics, and writes to ~/intel.
    """
    name = "openvino_telemetry"
    loaded = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # what `import` takes for a missing one
    try:
        yield
    finally:
        del sys.modules[name]
        if loaded:
            sys.modules[name] = loaded


with _telemetry_missing():
    import openvino
    from openvino import opset13 as ops

# OpenVINO fills its tables of NumPy's types when each is first needed, and lets another thread run
# meanwhile; if that one needs the same table, both wait for ever. Importing is done by one thread.
openvino.Tensor(np.zeros(1, np.uint8)).element_type.to_dtype()

DEVICE = "CPU"
STREAM_CALLS = 4
"""So many pictures of one size in a row are taken for a stream, and get a model compiled for it."""


class OpenVINOEngine(Engine):
    """A graph in OpenVINO, with the conversion from and to uint8 pixels inside.

    The model is compiled for any size, which lets every photo of a folder have its own: 30 sizes
    take a fifth of the time that 30 compilations would. A model compiled for one size is 7 % faster
    at 640x480; so when the same size comes again and again, as frames do, it is compiled once more.
    Not in 8 bits, where that one would paint the same picture otherwise: its steps are joined
    differently, and what lies between two of them is rounded to other 8 bits.

    Args:
        precision: ``auto`` takes what the plugin itself prefers: bf16 where the CPU has it;
            ``int8`` is the graph's own, and what it leaves in floats is in those of ``auto``.
            Statistics of instance normalisation stay in float32 in any case.
    """

    name = "openvino"
    title = "OpenVINO"
    failures = RuntimeError

    def __init__(self, graph: bytes, precision: Precision, threads: int | None) -> None:
        with self._telling("cannot load the graph"):
            core = _shared_core()
            self.precision = _preferred_precision(core) if precision == "auto" else precision
            capabilities = core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")
            if self.precision == "bf16" and "BF16" not in capabilities:
                raise EngineError("this CPU has no bf16", "take precision f32")
            self.version = openvino.__version__.split("-")[0]
            # What a graph of 8 bits leaves in floats is in the floats that the plugin prefers.
            floats = _preferred_precision(core) if precision == "int8" else self.precision
            self._settings: dict[str, str | int | bool] = {
                "INFERENCE_PRECISION_HINT": floats,
                "PERFORMANCE_HINT": "LATENCY",
            }
            if threads is not None:
                self._settings["INFERENCE_NUM_THREADS"] = threads
                # Of two engines on a core each, both would be pinned to the same one.
                self._settings["ENABLE_CPU_PINNING"] = False
            self._model = core.read_model(graph)
            if "painting" in self._model.output(0).names:
                self._model = _take_pixels(self._model)
            self._any_size = self._compile()
        self._one_size: openvino.InferRequest | None = None
        self._last_shape: tuple[int, ...] = ()
        self._calls_in_a_row = 0

    def _compile(self) -> openvino.InferRequest:
        compiled = _shared_core().compile_model(self._model, DEVICE, self._settings)
        return compiled.create_infer_request()

    def _run(self, photo: Pixels, vectors: Vectors) -> tuple[Pixels, Vectors]:
        with self._telling("failed"):
            request = self._request_for(photo.shape)
            given = self._infer(request, {"pixels": photo[None], **vectors})
        return given.pop("painting")[0], given

    def run_part(self, features: Vectors) -> Vectors:
        """Run the graph of a part of a network; see `Engine.run_part`."""
        with self._telling("failed"):
            return self._infer(self._any_size, features)

    def _infer(
        self, request: openvino.InferRequest, inputs: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[Any]]:
        # Sharing the input saves a copy; the result is copied, the next call overwrites it.
        given = request.infer(dict(inputs), share_inputs=True).values()
        names = [output.any_name for output in self._model.outputs]
        return dict(zip(names, given, strict=True))

    def _request_for(self, shape: tuple[int, ...]) -> openvino.InferRequest:
        if shape != self._last_shape:
            self._last_shape, self._calls_in_a_row, self._one_size = shape, 0, None
        self._calls_in_a_row += 1
        if self._calls_in_a_row == STREAM_CALLS and self.precision != "int8":
            self._model.reshape({"pixels": [1, *shape]})
            self._one_size = self._compile()
        return self._one_size or self._any_size

    def close(self) -> None:
        """Let go of the compiled models."""
        if not self._closed:
            del self._any_size, self._one_size, self._model
        super().close()


def has_bf16() -> bool:
    """Return whether this CPU multiplies bfloat16 natively."""
    return _preferred_precision(_shared_core()) == "bf16"


@cache
def _shared_core() -> openvino.Core:
    """Return the core of every engine: its plugins take 50 ms to load."""
    return openvino.Core()


def _preferred_precision(core: openvino.Core) -> Precision:
    hint = core.get_property(DEVICE, "INFERENCE_PRECISION_HINT")
    return "bf16" if hint == openvino.Type.bf16 else "f32"


def _take_pixels(model: openvino.Model) -> openvino.Model:
    """Wrap a graph of floats so that it takes and gives 1 x H x W x 3 uint8 pixels."""
    pixels = ops.parameter([1, -1, -1, 3], openvino.Type.u8, name="pixels")
    pixels.output(0).set_names({"pixels"})
    photo = ops.transpose(ops.convert(pixels, "f32"), np.array([0, 3, 1, 2]))
    _, *vectors = model.get_parameters()
    first, *further = model.get_results()
    model.input(0).replace(ops.divide(photo, np.float32(255)).output(0))
    painting = ops.multiply(first.input_value(0), np.float32(255))
    painting = ops.clamp(ops.round(painting, "half_to_even"), 0, 255)
    painting = ops.transpose(ops.convert(painting, "u8"), np.array([0, 2, 3, 1]))
    painting.output(0).set_names({"painting"})
    return openvino.Model([ops.result(painting), *further], [pixels, *vectors], "impasto")
