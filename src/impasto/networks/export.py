"""Baking: a trunk and a style vector become one ONNX graph with constant weights.

The graph takes ``photo`` and gives ``painting``: float32, 1x3xHxW, RGB, 0-1, with H and W free
multiples of the network's ``multiple``. It uses only operators that OpenCV dnn, OpenVINO and ONNX
Runtime all run, so that any of them can load it.

A network that revises takes ``enlarged``, too: the painting that it adds to, as large as the photo.

Instance normalisation measures each picture's means and variances anew. Where that does harm, as
between the tiles of a large picture, they can be *frozen*: measured once and baked in, whereupon
normalisation folds into the convolutions. A *steered* graph measures them, and takes the style as
an input.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from impasto._util.arrays import Floats
from impasto.networks.graph import GraphBuilder
from impasto.networks.quantize import Bounds, quantize_kernel
from impasto.networks.spec import Conv, NetworkSpec, Smooth

INSTANCE_NORM_EPSILON = 1e-5
SMOOTHING = np.outer((1, 2, 1), (1, 2, 1)).astype(np.float32)[None, None] / 16
"""The filter of `Smooth` layers, 1 x 1 x 3 x 3."""


def bake(
    spec: NetworkSpec,
    weights: Mapping[str, Floats],
    style_vector: Floats,
    statistics: Floats | None = None,
    *,
    int8: bool = False,
) -> bytes:
    """Write a style into a network, as a serialised ONNX model.

    Args:
        weights: float arrays by name: ``NAME.weight`` for every convolution, ``NAME.bias`` where it
            is not normalised, ``NAME.mean`` and ``NAME.variance`` under batch normalisation.
        style_vector: ``spec.style_size`` numbers: scale, then shift, of every normalised layer
            (Dumoulin et al. 2017, equation 5).
        statistics: to freeze: ``spec.style_size`` numbers, mean, then variance, of every normalised
            layer; as a steered graph gives them. Measured for each picture if not given. A network
            that revises is not normalised, but scaled and shifted only; these are then what its
            features are like, from which their ranges in 8 bits follow.
        int8: convolve in 8 bits (`impasto.networks.quantize`).

    Raises:
        ValueError: the vector, the statistics or a weight have the wrong shape.
    """
    for name, vector in {"style vector": style_vector, "statistics": statistics}.items():
        if vector is not None and vector.shape != (spec.style_size,):
            raise ValueError(f"{name} {vector.shape}, network needs ({spec.style_size},)")
    return _Baked(spec, weights, style_vector, statistics, int8).write()


def bake_steered(
    spec: NetworkSpec,
    weights: Mapping[str, Floats],
    *,
    int8_style: Floats | None = None,
    statistics: Floats | None = None,
) -> bytes:
    """Return a network whose style is an input, as a serialised ONNX model.

    Besides ``photo``, it takes ``style``, as `bake` does. Besides ``painting``, it gives
    ``statistics``, which it normalised by, as `bake` takes them; but not if it revises.

    Args:
        spec: the network's layers, under instance normalisation.
        int8_style: convolve in 8 bits, in the ranges of this style; others should be like it.
        statistics: for those ranges, if the network revises; as `bake` takes them.

    Raises:
        ValueError: a weight has the wrong shape, or the network has batch normalisation.
    """
    if spec.norm != "instance":
        raise ValueError(f"network {spec.name!r} measures no statistics")
    if int8_style is not None and statistics is not None:
        int8_style = _spread_and_mean(spec, int8_style, statistics)
    return _Steered(spec, weights, int8_style).write()


class NetworkGraph(GraphBuilder):
    """A graph of a network's layers; subclasses know how to normalise."""

    def __init__(
        self, spec: NetworkSpec, weights: Mapping[str, Floats], int8_style: Floats | None = None
    ) -> None:
        super().__init__()
        self.spec = spec
        self.weights = weights
        self.slices = {conv.name: (first, second) for conv, first, second in spec.style_slices()}
        self.normalised: dict[str, Bounds] = {}  # after each normalised layer, if in 8 bits
        if int8_style is not None:
            for name, (scale, shift) in self.slices.items():
                self.normalised[name] = Bounds.of_normalised(int8_style[scale], int8_style[shift])
        self.bounds: dict[str, Bounds] = {}  # of tensors, as far as known
        self.in_8_bits: dict[str, str] = {}  # what became of tensors

    def write(self) -> bytes:
        """Write all layers in order, and return the whole as bytes."""
        tensor = self.node("Concat", "photo", "enlarged", axis=1) if self.spec.revises else "photo"
        tensor = self.spec.fold(tensor, self.conv, self.smooth, self.sum)
        if self.spec.output == "tanh":
            tensor = self.node("Mul", self.tanh(tensor), self.constant(0.5))
        tensor = self.node("Add", tensor, "enlarged" if self.spec.revises else self.constant(0.5))
        self.node("Clip", tensor, self.constant(0.0), self.constant(1.0), output="painting")
        return self.finish()

    def finish(self) -> bytes:
        """Return the whole as bytes, when all layers are there."""
        maps = {"enlarged": 3} if self.spec.revises else {}
        return self.model(f"impasto-{self.spec.name}", maps=maps)

    def kernel_and_bias(self, conv: Conv) -> tuple[Floats, Floats | None]:
        """Return those of a convolution, with what of its normalisation folds into them."""
        kernel = np.asarray(self.weights[f"{conv.name}.weight"], dtype=np.float32)
        if kernel.shape != conv.kernel_shape:
            raise ValueError(f"{conv.name}.weight is {kernel.shape}, not {conv.kernel_shape}")
        if conv.norm:
            return kernel, None
        return kernel, np.asarray(self.weights[f"{conv.name}.bias"], dtype=np.float32)

    def normalise(self, conv: Conv, tensor: str) -> str:
        """Return what of its normalisation does not."""
        raise NotImplementedError

    def sum(self, first: str, second: str) -> str:
        """Add two tensors; the sum's bounds are known if theirs are."""
        tensor = self.node("Add", first, second)
        if first in self.bounds and second in self.bounds:
            self.bounds[tensor] = self.bounds[first] + self.bounds[second]
        return tensor

    def quantized(self, tensor: str) -> str:
        """Add a tensor whose bounds are known, rounded to 8 bits."""
        if tensor not in self.in_8_bits:
            step, zero = self.bounds[tensor].to_uint8()
            scaling = (self.constant(step), self.array(np.array(zero, dtype=np.uint8)))
            rounded = self.node("QuantizeLinear", tensor, *scaling)
            self.in_8_bits[tensor] = self.node("DequantizeLinear", rounded, *scaling)
        return self.in_8_bits[tensor]

    def quantized_kernel(self, kernel: Floats, name: str) -> str:
        """Add a kernel rounded to 8 bits."""
        whole, step = quantize_kernel(kernel)
        zeros = self.array(np.zeros(len(whole), dtype=np.int8), f"{name}.zero")
        inputs = (self.array(whole, name), self.constant(step, f"{name}.step"), zeros)
        return self.node("DequantizeLinear", *inputs, axis=0)

    def conv(self, conv: Conv, tensor: str) -> str:
        """Add a convolution, normalised and rectified if it is."""
        kernel, bias = self.kernel_and_bias(conv)
        name = f"{conv.name}.weight"
        if tensor in self.bounds and not conv.transposed:
            inputs = [self.quantized(tensor), self.quantized_kernel(kernel, name)]
        else:
            inputs = [tensor, self.constant(kernel, name)]
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
                inputs[0] = self.reflect(inputs[0], conv.padding)
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
        if conv.norm:
            tensor = self.normalise(conv, tensor)
        if conv.relu:
            tensor = self.node("Relu", tensor)
        if conv.name in self.normalised:
            bounds = self.normalised[conv.name]
            self.bounds[tensor] = bounds.rectified() if conv.relu else bounds
        return tensor

    def smooth(self, layer: Smooth, tensor: str) -> str:
        """Filter each channel."""
        reflects = self.spec.padding == "reflect"
        smoothed = self.node(
            "Conv",
            self.reflect(tensor, 1) if reflects else tensor,
            self.constant(np.repeat(SMOOTHING, layer.channels, axis=0)),
            kernel_shape=[3, 3],
            group=layer.channels,
            pads=[0 if reflects else 1] * 4,
        )
        if tensor in self.bounds:  # a mean is within what it is the mean of
            self.bounds[smoothed] = self.bounds[tensor]
        return smoothed


class _Baked(NetworkGraph):
    """A graph in which the style, and perhaps statistics, are constants."""

    def __init__(
        self,
        spec: NetworkSpec,
        weights: Mapping[str, Floats],
        style_vector: Floats,
        statistics: Floats | None,
        int8: bool,
    ) -> None:
        ranges = style_vector
        if spec.revises and statistics is not None:
            ranges = _spread_and_mean(spec, style_vector, statistics)
        super().__init__(spec, weights, ranges if int8 else None)
        self.styles = self._parts(style_vector)
        self.frozen: dict[str, tuple[Floats, Floats]] = {}
        if spec.norm == "batch":
            self.frozen = {
                name: (weights[f"{name}.mean"], weights[f"{name}.variance"]) for name in self.slices
            }
        elif spec.revises:
            plain = {
                name: (np.zeros_like(a), np.ones_like(a)) for name, (a, _) in self.styles.items()
            }
            self.frozen = plain
        elif statistics is not None:
            self.frozen = self._parts(statistics)

    def _parts(self, vector: Floats) -> dict[str, tuple[Floats, Floats]]:
        """Return what a vector says of each normalised layer."""
        return {name: (vector[a], vector[b]) for name, (a, b) in self.slices.items()}

    def kernel_and_bias(self, conv: Conv) -> tuple[Floats, Floats | None]:
        """Fold normalisation into the convolution, where statistics are constant."""
        kernel, bias = super().kernel_and_bias(conv)
        if conv.name not in self.frozen:
            return kernel, bias
        (scale, shift), (mean, variance) = self.styles[conv.name], self.frozen[conv.name]
        factor = scale / np.sqrt(variance + INSTANCE_NORM_EPSILON)
        bias = shift - mean * factor
        # Under pixel shuffle, shuffle**2 neighbouring filters make one output channel.
        factor, bias = np.repeat(factor, conv.shuffle**2), np.repeat(bias, conv.shuffle**2)
        out_axis = (1, -1, 1, 1) if conv.transposed else (-1, 1, 1, 1)
        return kernel * factor.reshape(out_axis), bias

    def normalise(self, conv: Conv, tensor: str) -> str:
        if conv.name in self.frozen:
            return tensor
        scale, shift = self.styles[conv.name]
        return self.node(
            "InstanceNormalization",
            tensor,
            self.constant(scale, f"{conv.name}.scale"),
            self.constant(shift, f"{conv.name}.shift"),
            epsilon=INSTANCE_NORM_EPSILON,
        )


def _spread_and_mean(spec: NetworkSpec, style_vector: Floats, statistics: Floats) -> Floats:
    """Return standard deviation and mean of every channel after its scale and shift, as a style
    vector.
    """
    ranges = np.empty_like(style_vector)
    for _, first, second in spec.style_slices():
        scale, shift = style_vector[first], style_vector[second]
        ranges[first] = scale * np.sqrt(statistics[second])
        ranges[second] = shift + scale * statistics[first]
    return ranges


class _Steered(NetworkGraph):
    """A graph whose style is an input, and whose statistics are an output, if it measures any."""

    def __init__(
        self, spec: NetworkSpec, weights: Mapping[str, Floats], int8_style: Floats | None
    ) -> None:
        super().__init__(spec, weights, int8_style)
        self.statistics: list[str] = []
        if self.normalised and not spec.revises:
            square = self.node("ReduceMean", self.node("Mul", "style", "style"), axes=[0])
            positive = self.node("Add", square, self.constant(1.0))
            self.one = self.node("Div", positive, positive)

    def normalise(self, conv: Conv, tensor: str) -> str:
        scale, shift = self._style_of(conv)
        if self.spec.revises:
            return self.node("Add", self.node("Mul", tensor, scale), shift)
        if self.normalised:
            # Times one. Without it, OpenVINO 2026.4 gives means that are too small by about the
            # kernel's step: it moves steps past sums, but not past a factor that it cannot know.
            tensor = self.node("Mul", tensor, self.one)
        mean, variance = self.mean_and_variance(tensor)
        for measured in (mean, variance):
            self.statistics.append(self.node("Reshape", measured, self.integers([-1], "flat")))
        epsilon = self.constant(INSTANCE_NORM_EPSILON)
        deviation = self.node("Sqrt", self.node("Add", variance, epsilon))
        factor = self.node("Div", scale, deviation)
        offset = self.node("Sub", shift, self.node("Mul", mean, factor))
        return self.node("Add", self.node("Mul", tensor, factor), offset)

    def _style_of(self, conv: Conv) -> list[str]:
        """Return a layer's scales and shifts, each 1 x C x 1 x 1."""
        shape = self.integers([1, conv.outputs, 1, 1], f"per_channel_{conv.outputs}")
        return [
            self.node(
                "Reshape",
                self.node(
                    "Slice", "style", self.integers([piece.start]), self.integers([piece.stop])
                ),
                shape,
            )
            for piece in self.slices[conv.name]
        ]

    def finish(self) -> bytes:
        size, name = self.spec.style_size, f"impasto-{self.spec.name}-steered"
        if self.spec.revises:
            return self.model(name, inputs={"style": size}, maps={"enlarged": 3})
        self.node("Concat", *self.statistics, output="statistics", axis=0)
        return self.model(name, inputs={"style": size}, outputs={"statistics": size})
