"""Baking: a trunk and a style vector become one ONNX graph with constant weights.

The graph takes ``photo`` and gives ``painting``: float32, 1x3xHxW, RGB, 0-1, with H and W free
multiples of the network's ``multiple``. It uses only operators that OpenCV dnn, OpenVINO and ONNX
Runtime all run, so that any of them can load it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from impasto.network.graph import GraphBuilder
from impasto.network.spec import Conv, NetworkSpec, Residual, Skip, Smooth

__all__ = ["INSTANCE_NORM_EPSILON", "SMOOTHING", "bake"]

INSTANCE_NORM_EPSILON = 1e-5
SMOOTHING = np.outer((1, 2, 1), (1, 2, 1)).astype(np.float32)[None, None] / 16
"""The filter of `Smooth` layers, 1 x 1 x 3 x 3."""

Array = NDArray[np.float32]


def bake(spec: NetworkSpec, weights: Mapping[str, Array], style_vector: Array) -> bytes:
    """Write a style into a network, as a serialised ONNX model.

    Args:
        spec: the network's layers.
        weights: float arrays by name: ``NAME.weight`` for every convolution, ``NAME.bias`` where it
            is not normalised, ``NAME.mean`` and ``NAME.variance`` under batch normalisation.
        style_vector: ``spec.style_size`` numbers: scale, then shift, of every normalised layer
            (Dumoulin et al. 2017, equation 5).

    Returns:
        the model's bytes.

    Raises:
        ValueError: the vector or a weight has the wrong shape.
    """
    if style_vector.shape != (spec.style_size,):
        raise ValueError(f"style vector {style_vector.shape}, network needs ({spec.style_size},)")
    graph = _Graph(spec, weights)
    styles = {
        conv.name: (style_vector[scale], style_vector[shift])
        for conv, scale, shift in spec.style_slices()
    }
    outputs: dict[str, str] = {}  # the tensor that each named layer ends in, for skips

    def apply(conv: Conv, tensor: str) -> str:
        outputs[conv.name] = graph.conv(conv, tensor, styles.get(conv.name))
        return outputs[conv.name]

    tensor = "photo"
    for layer in spec.layers:
        if isinstance(layer, Conv):
            tensor = apply(layer, tensor)
        elif isinstance(layer, Residual):
            entering = tensor
            for conv in layer.convs:
                tensor = apply(conv, tensor)
            tensor = graph.node("Add", tensor, entering)
        elif isinstance(layer, Smooth):
            tensor = graph.smooth(layer, tensor)
        elif isinstance(layer, Skip):
            tensor = graph.node("Add", tensor, outputs[layer.source])
    return graph.finish(tensor)


class _Graph(GraphBuilder):
    """A graph of a network's layers."""

    def __init__(self, spec: NetworkSpec, weights: Mapping[str, Array]) -> None:
        super().__init__()
        self.spec = spec
        self.weights = weights

    def conv(self, conv: Conv, tensor: str, style: tuple[Array, Array] | None) -> str:
        kernel = np.asarray(self.weights[f"{conv.name}.weight"], dtype=np.float32)
        if kernel.shape != conv.kernel_shape:
            raise ValueError(f"{conv.name}.weight is {kernel.shape}, not {conv.kernel_shape}")
        bias = None
        if not conv.norm:
            bias = np.asarray(self.weights[f"{conv.name}.bias"], dtype=np.float32)
        elif style is not None and self.spec.norm == "batch":
            kernel, bias = self._fold_batch_norm(conv, kernel, *style)
            style = None

        inputs = [tensor, self.constant(kernel, f"{conv.name}.weight")]
        if bias is not None:
            inputs.append(self.constant(bias, f"{conv.name}.bias"))
        if conv.transposed:
            tensor = self.node(
                "ConvTranspose",
                *inputs,
                kernel_shape=[conv.kernel] * 2,
                strides=[conv.stride] * 2,
                pads=[conv.padding] * 4,
                output_padding=[conv.stride - 1] * 2,
            )
        else:
            if self.spec.padding == "reflect" and conv.padding:
                inputs[0] = self.reflect(tensor, conv.padding)
            tensor = self.node(
                "Conv",
                *inputs,
                kernel_shape=[conv.kernel] * 2,
                strides=[conv.stride] * 2,
                dilations=[conv.dilation] * 2,
                pads=[conv.padding if self.spec.padding == "zero" else 0] * 4,
            )
        if conv.shuffle > 1:
            tensor = self.node("DepthToSpace", tensor, blocksize=conv.shuffle, mode="CRD")
        if style is not None:
            scale, shift = style
            tensor = self.node(
                "InstanceNormalization",
                tensor,
                self.constant(scale, f"{conv.name}.scale"),
                self.constant(shift, f"{conv.name}.shift"),
                epsilon=INSTANCE_NORM_EPSILON,
            )
        return self.node("Relu", tensor) if conv.relu else tensor

    def smooth(self, layer: Smooth, tensor: str) -> str:
        reflects = self.spec.padding == "reflect"
        return self.node(
            "Conv",
            self.reflect(tensor, 1) if reflects else tensor,
            self.constant(np.repeat(SMOOTHING, layer.channels, axis=0)),
            kernel_shape=[3, 3],
            group=layer.channels,
            pads=[0 if reflects else 1] * 4,
        )

    def _fold_batch_norm(
        self, conv: Conv, kernel: Array, scale: Array, shift: Array
    ) -> tuple[Array, Array]:
        """Constant statistics make normalisation a linear map: fold it into the convolution."""
        variance = self.weights[f"{conv.name}.variance"]
        factor = scale / np.sqrt(variance + INSTANCE_NORM_EPSILON)
        bias = shift - self.weights[f"{conv.name}.mean"] * factor
        # Under pixel shuffle, shuffle**2 neighbouring filters make one output channel.
        factor, bias = np.repeat(factor, conv.shuffle**2), np.repeat(bias, conv.shuffle**2)
        out_axis = (1, -1, 1, 1) if conv.transposed else (-1, 1, 1, 1)
        return kernel * factor.reshape(out_axis), bias

    def finish(self, tensor: str) -> bytes:
        if self.spec.output == "tanh":
            tensor = self.tanh(tensor)
            tensor = self.node("Mul", tensor, self.constant(0.5))
        tensor = self.node("Add", tensor, self.constant(0.5))
        self.node("Clip", tensor, self.constant(0.0), self.constant(1.0), output="painting")
        return self.model(f"impasto-{self.spec.name}")
