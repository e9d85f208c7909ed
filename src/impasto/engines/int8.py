"""Networks with 8-bit weights and sums, a quarter of the size: ONNX Runtime's static quantisation.

The graph stays one of floats with pairs of QuantizeLinear and DequantizeLinear around convolutions
(QDQ), which OpenCV dnn, OpenVINO and ONNX Runtime run, each with what the CPU has for it.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.engines.base import first_line
from impasto.errors import EngineError, MissingExtraError


def quantize_int8(graph: bytes, pictures: Sequence[Pixels]) -> bytes:
    """Quantise a graph.

    The first and the last convolution stay as they are: they have little to save, and every error
    of theirs is seen.

    Args:
        graph: a serialised ONNX model from ``photo`` to ``painting``.
        pictures: H x W x 3, uint8, RGB, of a size that the graph takes; from what the network makes
            of them, the range of every tensor is learned.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        EngineError: it cannot quantise this graph.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise MissingExtraError("int8", "onnxruntime")
    import onnx
    import onnxruntime
    from onnxruntime import quantization

    onnxruntime.disable_telemetry_events()  # which Windows would collect
    model = onnx.load_from_string(graph)
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    # Without this entry the quantiser warns that its own optimiser was not run; ours need it not.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "int8.onnx")
        try:
            quantization.quantize_static(
                model,
                made,
                _reader(quantization.CalibrationDataReader, pictures),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=[convolutions[0], convolutions[-1]] if convolutions else [],
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        except Exception as error:  # its exceptions have no common base of their own
            raise EngineError(
                f"ONNX Runtime cannot quantise the graph ({first_line(error)})", "leave --int8 out"
            ) from error
        quantized = onnx.load(made)
    del quantized.metadata_props[:]
    return bytes(quantized.SerializeToString())


def _reader(base: type[Any], pictures: Sequence[Pixels]) -> Any:
    """Return the pictures, one by one, as the quantiser wants them."""

    class Reader(base):  # type: ignore[misc]  # known at run time only
        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, Floats] | None:
            picture = next(self._left, None)
            if picture is None:
                return None
            return {"photo": picture.transpose(2, 0, 1)[None].astype(np.float32) / 255}

    return Reader()
