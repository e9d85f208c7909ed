"""Torch7's modules as an ONNX graph: the networks of Johnson et al. 2016 and their kin, and
the multi-scale generators of Ulyanov et al. 2016 (texture_nets).

Every module becomes the same arithmetic in ONNX. Height and width stay free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.converters.describe import NOISE
from impasto.converters.t7 import TorchObject
from impasto.converters.torch7_fields import DEFAULT_EPSILON, ModuleFields, kind_of
from impasto.errors import InputError
from impasto.networks.graph import GraphBuilder

MAX_MODULES = 4096
END = 1 << 31  # of a slice that goes to the end
LEAK = 0.01
IDLE = (
    *("Identity", "TotalVariation", "TVLoss", "Dropout", "SpatialDropout"),
    *("DummyGradOutput", "GradNormalization"),
)
"""They do nothing once a network is trained."""

Array = NDArray[np.float32]


def find_network(content: Any, name: str) -> TorchObject:
    """Return the network in what a ``.t7`` file holds: the object itself, or a checkpoint's
    ``model``.

    Raises:
        InputError: there is none.
    """
    if isinstance(content, Mapping):
        content = content.get("model")
    if isinstance(content, TorchObject):
        if _count_modules(content, {}) > MAX_MODULES:
            raise InputError(f"{name} has absurdly many modules", "get the file anew")
        return content
    raise InputError(f"{name} holds no network", "give a file of a trained style")


def _count_modules(module: Any, known: dict[int, float]) -> float:
    """Count the modules in a module, one that is shared as often as it is run; infinitely many in
    one that contains itself.
    """
    if not isinstance(module, TorchObject):
        return 0
    if id(module) not in known:
        known[id(module)] = math.inf
        children = module.fields.get("modules")
        inside = children.values() if isinstance(children, Mapping) else ()
        known[id(module)] = 1 + sum(_count_modules(child, known) for child in inside)
    return known[id(module)]


def convert_module(network: TorchObject, name: str) -> bytes:
    """Return a network as a serialised ONNX model, from ``photo`` to ``painting``, 1 x 3 x H x W
    float32, in the ranges and the order of channels that the network itself has.

    Args:
        network: a module, usually an ``nn.Sequential``.

    Raises:
        InputError: it holds a module that is not known, with its path in the network.
    """
    graph = GraphBuilder()
    tensor = _Converter(graph, name).convert(network, "photo", "")
    graph.node("Identity", tensor, output="painting")
    return graph.model("impasto-legacy")


class _Converter:
    def __init__(self, graph: GraphBuilder, name: str) -> None:
        self.graph = graph
        self.name = name
        self._makers: dict[str, Callable[[ModuleFields, str], str]] = {
            "SpatialConvolution": self._convolution,
            "SpatialConvolutionMM": self._convolution,
            "SpatialFullConvolution": lambda m, x: self._convolution(m, x, transposed=True),
            "InstanceNormalization": self._instance_normalization,
            "SpatialBatchNormalization": self._batch_normalization,
            "SpatialReflectionPadding": lambda m, x: self._padding(m, x, "reflect"),
            "SpatialReplicationPadding": lambda m, x: self._padding(m, x, "edge"),
            "SpatialZeroPadding": lambda m, x: self._padding(m, x, "constant"),
            "SpatialCircularPadding": self._circular_padding,
            "SpatialAveragePooling": self._average_pooling,
            "NoiseFill": lambda m, x: self.graph.node("Concat", x, self._noise(m, x), axis=1),
            "GenNoise": self._noise,
            "ShaveImage": lambda m, x: self._cut(x, *[m.integer("size")] * 4),
            "SpatialUpSamplingNearest": self._upsampling,
            "MulConstant": lambda m, x: self._with_constant("Mul", m, x),
            "AddConstant": lambda m, x: self._with_constant("Add", m, x),
            "ReLU": lambda m, x: self.graph.node("Relu", x),
            "LeakyReLU": lambda m, x: self.graph.node(
                "LeakyRelu", x, alpha=m.number("negval", LEAK)
            ),
            "Tanh": lambda m, x: self.graph.tanh(x),
            **dict.fromkeys(IDLE, lambda m, x: x),
        }

    def convert(self, value: Any, tensor: str, path: str) -> str:
        if not isinstance(value, TorchObject):
            raise InputError(f"{self.name}: no module at {path or 'the top'}", "get the file anew")
        kind = kind_of(value)
        path = f"{path}/{kind}".lstrip("/")
        module = ModuleFields(value, self.name, path)
        if kind == "Sequential":
            return self._sequence(module, tensor, path)
        if kind in ("Concat", "DepthConcat"):
            return self._joined(module, self._branches(module, tensor, path))
        if kind not in self._makers:
            raise InputError(
                f"{self.name}: module {value.kind} at {path} is not known",
                "only feed-forward style networks can be converted",
            )
        return self._makers[kind](module, tensor)

    def _branches(self, module: ModuleFields, tensor: str, path: str) -> list[str]:
        """Return what each child makes of the same tensor."""
        return [
            self.convert(child, tensor, f"{path}[{number}]")
            for number, child in enumerate(module.children(), 1)
        ]

    def _sequence(self, module: ModuleFields, tensor: str, path: str) -> str:
        # The outputs of a ConcatTable, for the CAddTable or JoinTable after it.
        branches: list[str] | None = None
        for number, child in enumerate(module.children(), 1):
            place = f"{path}[{number}]"
            kind = kind_of(child) if isinstance(child, TorchObject) else ""
            if kind == "ConcatTable":
                inner = f"{place}/{kind}"
                branches = self._branches(ModuleFields(child, self.name, inner), tensor, inner)
            elif kind in ("CAddTable", "JoinTable"):
                if not branches:
                    raise InputError(f"{self.name}: {place} has nothing to add", "get it anew")
                if kind == "CAddTable":
                    tensor = reduce(partial(self.graph.node, "Add"), branches)
                else:
                    tensor = self._joined(ModuleFields(child, self.name, place), branches)
                branches = None
            elif branches is not None:
                raise InputError(
                    f"{self.name}: {kind} at {place} would take several inputs", "none is known"
                )
            else:
                tensor = self.convert(child, tensor, place)
        if branches is not None:
            raise InputError(f"{self.name}: {path} ends in several outputs", "none is known")
        return tensor

    def _joined(self, module: ModuleFields, branches: list[str]) -> str:
        """Join tensors, channel after channel."""
        module.check_joins_channels()
        if not branches:
            raise module.wrong("modules")
        return self.graph.node("Concat", *branches, axis=1) if len(branches) > 1 else branches[0]

    def _convolution(self, module: ModuleFields, tensor: str, *, transposed: bool = False) -> str:
        kernel, bias, (strides, pads, more) = module.convolution(transposed=transposed)
        return self.graph.node(
            "ConvTranspose" if transposed else "Conv",
            tensor,
            *(self.graph.constant(each) for each in (kernel, bias) if each is not None),
            output="",
            kernel_shape=list(kernel.shape[2:]),
            strides=strides,
            pads=pads * 2,
            **({"output_padding": more} if transposed else {}),
        )

    def _instance_normalization(self, module: ModuleFields, tensor: str) -> str:
        scale, shift = module.scale_and_shift()
        return self.graph.node(
            "InstanceNormalization",
            tensor,
            self.graph.constant(scale),
            self.graph.constant(shift),
            epsilon=module.number("eps", DEFAULT_EPSILON),
        )

    def _batch_normalization(self, module: ModuleFields, tensor: str) -> str:
        mean, epsilon = module.array("running_mean"), module.number("eps", DEFAULT_EPSILON)
        if "running_var" in module.fields:
            variance = module.array("running_var", mean.shape)
        else:  # files from before 2015 hold one over the deviation
            variance = module.array("running_std", mean.shape) ** -2 - epsilon
        scale = module.optional_array("weight", mean.shape)
        shift = module.optional_array("bias", mean.shape)
        constants = (
            np.ones_like(mean) if scale is None else scale,
            np.zeros_like(mean) if shift is None else shift,
            mean,
            variance,
        )
        names = [self.graph.constant(each) for each in constants]
        return self.graph.node("BatchNormalization", tensor, *names, epsilon=epsilon)

    def _padding(self, module: ModuleFields, tensor: str, mode: str) -> str:
        left, right, top, bottom = module.sides(mode)
        if mode == "constant":  # negative sides cut off
            cut = [max(0, -side) for side in (top, left, bottom, right)]
            tensor = self._cut(tensor, *cut)
            left, right, top, bottom = (max(0, side) for side in (left, right, top, bottom))
        if not any((left, right, top, bottom)):
            return tensor
        sides = self.graph.integers([0, 0, top, left, 0, 0, bottom, right])
        return self.graph.node("Pad", tensor, sides, mode=mode)

    def _circular_padding(self, module: ModuleFields, tensor: str) -> str:
        """Let what leaves on one side come in on the other."""
        graph = self.graph
        left, right, top, bottom = module.sides("wrap")
        for axis, before, after in ((2, top, bottom), (3, left, right)):
            parts = [tensor]
            if before:
                ends = graph.integers([-before]), graph.integers([END]), graph.integers([axis])
                parts.insert(0, graph.node("Slice", tensor, *ends))
            if after:
                ends = graph.integers([0]), graph.integers([after]), graph.integers([axis])
                parts.append(graph.node("Slice", tensor, *ends))
            tensor = graph.node("Concat", *parts, axis=axis) if len(parts) > 1 else tensor
        return tensor

    def _average_pooling(self, module: ModuleFields, tensor: str) -> str:
        width, height, across, down = module.pooling()
        if (width, height, across, down) == (1, 1, 1, 1):
            return tensor
        return self.graph.node(
            "AveragePool", tensor, kernel_shape=[height, width], strides=[down, across]
        )

    def _noise(self, module: ModuleFields, tensor: str) -> str:
        """Repeat a tile of noise. A map of ones has one for each tile; a 1x1 convolution makes all
        numbers of the tile of it, and they are spread over the pixels. A transposed convolution
        would do the same, but takes OpenCV many seconds with such a kernel.
        """
        tile = module.tile()
        graph, side = self.graph, tile.shape[1]
        ones = graph.node("ReduceMean", tensor, axes=[1])
        if side > 1:
            ones = graph.node("AveragePool", ones, kernel_shape=[side] * 2, strides=[side] * 2)
        ones = graph.node("Add", graph.node("Mul", ones, graph.constant(0)), graph.constant(1))
        numbers = graph.constant(tile.reshape(-1, 1, 1, 1), f"{NOISE}{len(graph.constants)}")
        tensor = graph.node("Conv", ones, numbers, kernel_shape=[1, 1])
        if side > 1:
            tensor = graph.node("DepthToSpace", tensor, blocksize=side, mode="CRD")
        return tensor

    def _cut(self, tensor: str, top: int, left: int, bottom: int, right: int) -> str:
        if not any((top, left, bottom, right)):
            return tensor
        graph = self.graph
        ends = [-side if side else END for side in (bottom, right)]
        starts = graph.integers([top, left])
        return graph.node("Slice", tensor, starts, graph.integers(ends), graph.integers([2, 3]))

    def _upsampling(self, module: ModuleFields, tensor: str) -> str:
        scale = module.integer("scale_factor", least=1)
        scales = self.graph.constant(np.array([1, 1, scale, scale], dtype=np.float32))
        return self.graph.node(
            "Resize",
            tensor,
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def _with_constant(self, operator: str, module: ModuleFields, tensor: str) -> str:
        constant = self.graph.constant(module.number("constant_scalar"))
        return self.graph.node(operator, tensor, constant)
