"""From Torch7's modules to an ONNX graph: the networks of Johnson et al. 2016 and their kin.

Every module becomes the same arithmetic in ONNX. Height and width stay free. What is around the
network (`Convention`) is written into the graph, so that it takes and gives RGB in 0-1, as all of
ours do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.legacy.t7 import TorchObject
from impasto.network.graph import GraphBuilder

__all__ = ["Convention", "convert_module", "describe", "find_network"]

Convention = Literal["raw", "caffe"]
"""``caffe``: BGR, 0-255, minus the means of VGG's training set, as jcjohnson/fast-neural-style has
it; ``raw``: whatever the network takes and gives."""

MEAN_BGR_255 = np.array([103.939, 116.779, 123.68], dtype=np.float32)
SWAP = np.eye(3, dtype=np.float32)[::-1]  # RGB to BGR, and back
DEFAULT_EPSILON = 1e-5

Array = NDArray[np.float32]


def find_network(content: Any, name: str) -> TorchObject:
    """The network in what a ``.t7`` file holds: the object itself, or a checkpoint's ``model``.

    Raises:
        InputError: there is none.
    """
    if isinstance(content, Mapping):
        content = content.get("model")
    if isinstance(content, TorchObject):
        return content
    raise InputError(f"{name} holds no network", "give a file of a trained style")


def convert_module(network: TorchObject, name: str, convention: Convention = "caffe") -> bytes:
    """A network as a serialised ONNX model, from ``photo`` to ``painting``, 1 x 3 x H x W float32.

    Args:
        network: a module, usually an ``nn.Sequential``.
        name: of its file, for errors.
        convention: see `Convention`.

    Raises:
        InputError: it holds a module that is not known, with its path in the network.
    """
    graph = GraphBuilder()
    converter = _Converter(graph, name)
    tensor = "photo"
    if convention == "caffe":
        tensor = _pointwise(graph, tensor, 255 * SWAP, -MEAN_BGR_255)
    tensor = converter.convert(network, tensor, "")
    if convention == "caffe":
        tensor = _pointwise(graph, tensor, SWAP / 255, (MEAN_BGR_255 / 255)[::-1])
        graph.node("Clip", tensor, graph.constant(0.0), graph.constant(1.0), output="painting")
    else:
        graph.node("Identity", tensor, output="painting")
    return graph.model("impasto-legacy")


def describe(network: TorchObject) -> str:
    """What a network is, in one line: its layers in jcjohnson's notation, its size.

    c9s1-32 is a 9x9 convolution of stride 1 to 32 channels, d64 one of stride 2, R128 a residual
    block, u64 a transposed convolution of stride 2; others by their names.
    """
    names: list[str] = []
    for child in _Module(network, "", network.kind).children():
        kind = child.kind.rpartition(".")[2] if isinstance(child, TorchObject) else "?"
        fields = child.fields if isinstance(child, TorchObject) else {}
        channels = int(fields.get("nOutputPlane", 0))
        if kind.startswith("SpatialConvolution"):
            stride, kernel = int(fields.get("dW", 1)), int(fields.get("kW", 0))
            names.append(f"d{channels}" if stride == 2 else f"c{kernel}s{stride}-{channels}")
        elif kind == "SpatialFullConvolution":
            names.append(f"u{channels}")
        elif kind == "Sequential":
            names.append(f"R{_channels(child)}")
        elif kind == "SpatialUpSamplingNearest":
            names.append(f"U{int(fields.get('scale_factor', 0))}")
    norms = {"InstanceNormalization": "instance", "SpatialBatchNormalization": "batch"}
    kinds = {each.kind.rpartition(".")[2] for each in _modules(network)}
    normalization = " and ".join(norms[kind] for kind in norms if kind in kinds) or "no"
    weights = sum(
        array.size
        for each in _modules(network)
        for array in (each.fields.get("weight"), each.fields.get("bias"))
        if isinstance(array, np.ndarray)
    )
    return f"{','.join(names)}; {normalization} normalisation; {weights:,} weights"


def _modules(network: TorchObject) -> Iterator[TorchObject]:
    """A module and all inside it."""
    yield network
    modules = network.fields.get("modules")
    for child in modules.values() if isinstance(modules, Mapping) else ():
        if isinstance(child, TorchObject):
            yield from _modules(child)


def _channels(block: TorchObject) -> int:
    """Of the last convolution in a block."""
    outputs = [int(each.fields.get("nOutputPlane", 0)) for each in _modules(block)]
    return next((each for each in reversed(outputs) if each), 0)


def _pointwise(graph: GraphBuilder, tensor: str, matrix: NDArray[Any], bias: NDArray[Any]) -> str:
    """Mix the channels of every pixel: a 1x1 convolution."""
    kernel = graph.constant(matrix[..., None, None])
    return graph.node("Conv", tensor, kernel, graph.constant(bias), kernel_shape=[1, 1])


class _Converter:
    def __init__(self, graph: GraphBuilder, name: str) -> None:
        self.graph = graph
        self.name = name
        self._makers: dict[str, Callable[[_Module, str], str]] = {
            "SpatialConvolution": self._convolution,
            "SpatialConvolutionMM": self._convolution,
            "SpatialFullConvolution": self._full_convolution,
            "InstanceNormalization": self._instance_normalization,
            "SpatialBatchNormalization": self._batch_normalization,
            "SpatialReflectionPadding": lambda m, x: self._padding(m, x, "reflect"),
            "SpatialReplicationPadding": lambda m, x: self._padding(m, x, "edge"),
            "SpatialZeroPadding": lambda m, x: self._padding(m, x, "constant"),
            "ShaveImage": self._shave,
            "SpatialUpSamplingNearest": self._upsampling,
            "MulConstant": lambda m, x: self._times(x, m.number("constant_scalar")),
            "ReLU": lambda m, x: self.graph.node("Relu", x),
            "Tanh": lambda m, x: self.graph.tanh(x),
            # These do nothing once a network is trained.
            "Identity": lambda m, x: x,
            "TotalVariation": lambda m, x: x,
            "Dropout": lambda m, x: x,
            "SpatialDropout": lambda m, x: x,
        }

    def convert(self, value: Any, tensor: str, path: str) -> str:
        if not isinstance(value, TorchObject):
            raise InputError(f"{self.name}: no module at {path or 'the top'}", "get the file anew")
        kind = value.kind.rpartition(".")[2]
        path = f"{path}/{kind}".lstrip("/")
        module = _Module(value, self.name, path)
        if kind == "Sequential":
            return self._sequence(module, tensor, path)
        if kind not in self._makers:
            raise InputError(
                f"{self.name}: module {value.kind} at {path} is not known",
                "only feed-forward style networks can be converted",
            )
        return self._makers[kind](module, tensor)

    def _sequence(self, module: _Module, tensor: str, path: str) -> str:
        branches: list[str] | None = (
            None  # the outputs of a ConcatTable, for the CAddTable after it
        )
        for number, child in enumerate(module.children(), 1):
            place = f"{path}[{number}]"
            kind = child.kind.rpartition(".")[2] if isinstance(child, TorchObject) else ""
            if kind == "ConcatTable":
                each = _Module(child, self.name, place).children()
                branches = [
                    self.convert(part, tensor, f"{place}/{kind}[{index}]")
                    for index, part in enumerate(each, 1)
                ]
            elif kind == "CAddTable":
                if not branches:
                    raise InputError(f"{self.name}: {place} has nothing to add", "get it anew")
                tensor = branches[0]
                for branch in branches[1:]:
                    tensor = self.graph.node("Add", tensor, branch)
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

    def _convolution(self, module: _Module, tensor: str) -> str:
        height, width = module.integer("kH"), module.integer("kW")
        outputs, inputs = module.integer("nOutputPlane"), module.integer("nInputPlane")
        kernel = module.array("weight", (outputs, inputs, height, width))  # ...MM has it in rows
        down, across = module.integer("padH", 0), module.integer("padW", 0)
        return self._biased(
            "Conv",
            tensor,
            kernel,
            module.optional_array("bias", (outputs,)),
            kernel_shape=[height, width],
            strides=[module.integer("dH", 1), module.integer("dW", 1)],
            pads=[down, across, down, across],
        )

    def _full_convolution(self, module: _Module, tensor: str) -> str:
        height, width = module.integer("kH"), module.integer("kW")
        outputs, inputs = module.integer("nOutputPlane"), module.integer("nInputPlane")
        down, across = module.integer("padH", 0), module.integer("padW", 0)
        return self._biased(
            "ConvTranspose",
            tensor,
            module.array("weight", (inputs, outputs, height, width)),
            module.optional_array("bias", (outputs,)),
            kernel_shape=[height, width],
            strides=[module.integer("dH", 1), module.integer("dW", 1)],
            pads=[down, across, down, across],
            output_padding=[module.integer("adjH", 0), module.integer("adjW", 0)],
        )

    def _biased(
        self,
        operator: str,
        tensor: str,
        kernel: Array,
        bias: Array | None,
        **attributes: list[int],
    ) -> str:
        inputs = [tensor, self.graph.constant(kernel)]
        if bias is not None:
            inputs.append(self.graph.constant(bias))
        return self.graph.node(operator, *inputs, output="", **attributes)

    def _instance_normalization(self, module: _Module, tensor: str) -> str:
        scale = module.array("weight")
        return self.graph.node(
            "InstanceNormalization",
            tensor,
            self.graph.constant(scale),
            self.graph.constant(module.array("bias", scale.shape)),
            epsilon=module.number("eps", DEFAULT_EPSILON),
        )

    def _batch_normalization(self, module: _Module, tensor: str) -> str:
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

    def _padding(self, module: _Module, tensor: str, mode: str) -> str:
        left, right, top, bottom = (
            module.integer(f"pad_{side}", 0, least=-(1 << 12)) for side in "lrtb"
        )
        sides = self.graph.integers([0, 0, top, left, 0, 0, bottom, right])
        return self.graph.node("Pad", tensor, sides, mode=mode)

    def _shave(self, module: _Module, tensor: str) -> str:
        """Cut pixels off on every side (jcjohnson/fast-neural-style's residual blocks)."""
        size = module.integer("size")
        graph = self.graph
        if size == 0:
            return tensor
        return graph.node(
            "Slice",
            tensor,
            graph.integers([size, size]),
            graph.integers([-size, -size]),
            graph.integers([2, 3]),
        )

    def _upsampling(self, module: _Module, tensor: str) -> str:
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

    def _times(self, tensor: str, factor: float) -> str:
        return self.graph.node("Mul", tensor, self.graph.constant(factor))


class _Module:
    """A module's fields, checked as they are read."""

    def __init__(self, module: TorchObject, name: str, path: str) -> None:
        self.fields = module.fields
        self._where = f"{name}: {path}"

    def children(self) -> list[Any]:
        modules = self.fields.get("modules")
        if not isinstance(modules, Mapping):
            raise self._wrong("modules")
        return [modules[number] for number in sorted(n for n in modules if isinstance(n, float))]

    def number(self, field: str, default: float | None = None) -> float:
        value = self.fields.get(field, default)
        if isinstance(value, bool) or not isinstance(value, float | int) or not np.isfinite(value):
            raise self._wrong(field)
        return float(value)

    def integer(self, field: str, default: int | None = None, *, least: int = 0) -> int:
        value = self.number(field, default)
        if value != int(value) or not least <= value <= 1 << 12:
            raise self._wrong(field)
        return int(value)

    def array(self, field: str, shape: tuple[int, ...] | None = None) -> Array:
        value = self.optional_array(field, shape)
        if value is None:
            raise self._wrong(field)
        return value

    def optional_array(self, field: str, shape: tuple[int, ...] | None = None) -> Array | None:
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, np.ndarray) or (shape and value.size != np.prod(shape)):
            raise self._wrong(field)
        array: Array = value.astype(np.float32)
        return array.reshape(shape) if shape else array

    def _wrong(self, field: str) -> InputError:
        return InputError(f"{self._where} has no fitting {field!r}", "get the file anew")
