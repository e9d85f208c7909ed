"""From Torch7's modules to an ONNX graph: the networks of Johnson et al. 2016 and their kin.

Every module becomes the same arithmetic in ONNX. Height and width stay free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.legacy.t7 import TorchObject
from impasto.network.graph import GraphBuilder

__all__ = ["ModuleFields", "convert_module", "find_network"]

DEFAULT_EPSILON = 1e-5
LARGEST = 1 << 12  # of any whole number in a module
END = 1 << 31  # of a slice that goes to the end

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


def convert_module(network: TorchObject, name: str) -> bytes:
    """A network as a serialised ONNX model, from ``photo`` to ``painting``, 1 x 3 x H x W float32,
    in the ranges and the order of channels that the network itself has.

    Args:
        network: a module, usually an ``nn.Sequential``.
        name: of its file, for errors.

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
            "SpatialFullConvolution": self._full_convolution,
            "InstanceNormalization": self._instance_normalization,
            "SpatialBatchNormalization": self._batch_normalization,
            "SpatialReflectionPadding": lambda m, x: self._padding(m, x, "reflect"),
            "SpatialReplicationPadding": lambda m, x: self._padding(m, x, "edge"),
            "SpatialZeroPadding": lambda m, x: self._padding(m, x, "constant"),
            "ShaveImage": self._shave,
            "SpatialUpSamplingNearest": self._upsampling,
            "MulConstant": lambda m, x: self._with_constant("Mul", m, x),
            "AddConstant": lambda m, x: self._with_constant("Add", m, x),
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
        module = ModuleFields(value, self.name, path)
        if kind == "Sequential":
            return self._sequence(module, tensor, path)
        if kind not in self._makers:
            raise InputError(
                f"{self.name}: module {value.kind} at {path} is not known",
                "only feed-forward style networks can be converted",
            )
        return self._makers[kind](module, tensor)

    def _sequence(self, module: ModuleFields, tensor: str, path: str) -> str:
        branches: list[str] | None = (
            None  # the outputs of a ConcatTable, for the CAddTable after it
        )
        for number, child in enumerate(module.children(), 1):
            place = f"{path}[{number}]"
            kind = child.kind.rpartition(".")[2] if isinstance(child, TorchObject) else ""
            if kind == "ConcatTable":
                each = ModuleFields(child, self.name, place).children()
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

    def _convolution(self, module: ModuleFields, tensor: str) -> str:
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

    def _full_convolution(self, module: ModuleFields, tensor: str) -> str:
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

    def _instance_normalization(self, module: ModuleFields, tensor: str) -> str:
        scale = module.array("weight")
        return self.graph.node(
            "InstanceNormalization",
            tensor,
            self.graph.constant(scale),
            self.graph.constant(module.array("bias", scale.shape)),
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
        left, right, top, bottom = module.sides()
        if mode == "constant":  # negative sides cut off
            cut = [max(0, -side) for side in (top, left, bottom, right)]
            tensor = self._cut(tensor, *cut)
            left, right, top, bottom = (max(0, side) for side in (left, right, top, bottom))
        if not any((left, right, top, bottom)):
            return tensor
        sides = self.graph.integers([0, 0, top, left, 0, 0, bottom, right])
        return self.graph.node("Pad", tensor, sides, mode=mode)

    def _shave(self, module: ModuleFields, tensor: str) -> str:
        """Cut pixels off on every side (jcjohnson/fast-neural-style's residual blocks)."""
        return self._cut(tensor, *[module.integer("size")] * 4)

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


class ModuleFields:
    """A module's fields, checked as they are read.

    Args:
        module: whose they are.
        name: of its file, for errors.
        path: of the module in the network, for errors.

    Methods raise `InputError` for a field that is missing, of another type or size.
    """

    def __init__(self, module: TorchObject, name: str, path: str) -> None:
        self.fields = module.fields
        self._where = f"{name}: {path}"

    def children(self) -> list[Any]:
        """Of a container, in order."""
        modules = self.fields.get("modules")
        if not isinstance(modules, Mapping):
            raise self._wrong("modules")
        return [modules[number] for number in sorted(n for n in modules if isinstance(n, float))]

    def number(self, field: str, default: float | None = None) -> float:
        """A finite number."""
        value = self.fields.get(field, default)
        if isinstance(value, bool) or not isinstance(value, float | int) or not np.isfinite(value):
            raise self._wrong(field)
        return float(value)

    def integer(self, field: str, default: int | None = None, *, least: int = 0) -> int:
        """A whole number from ``least`` to `LARGEST`."""
        value = self.number(field, default)
        if value != int(value) or not least <= value <= LARGEST:
            raise self._wrong(field)
        return int(value)

    def sides(self) -> tuple[int, int, int, int]:
        """Of a padding: left, right, top, bottom."""
        left, right, top, bottom = (
            self.integer(f"pad_{each}", 0, least=-LARGEST) for each in "lrtb"
        )
        return left, right, top, bottom

    def array(self, field: str, shape: tuple[int, ...] | None = None) -> Array:
        """A tensor as float32; of this shape, if its size fits."""
        value = self.optional_array(field, shape)
        if value is None:
            raise self._wrong(field)
        return value

    def optional_array(self, field: str, shape: tuple[int, ...] | None = None) -> Array | None:
        """As `array`; none where the field is missing."""
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, np.ndarray) or (shape and value.size != np.prod(shape)):
            raise self._wrong(field)
        array: Array = value.astype(np.float32)
        return array.reshape(shape) if shape else array

    def _wrong(self, field: str) -> InputError:
        return InputError(f"{self._where} has no fitting {field!r}", "get the file anew")
