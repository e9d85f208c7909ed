"""Torch7's modules in NumPy, one by one: the yardstick of a conversion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.converters.t7 import TorchObject
from impasto.converters.torch7_fields import DEFAULT_EPSILON, ModuleFields, kind_of
from impasto.converters.torch7_to_onnx import IDLE, LEAK
from impasto.errors import InputError

Array = NDArray[Any]


def run_module(network: TorchObject, array: Array, name: str = "the network") -> Array:
    """Run a network that `impasto.converters.torch7_to_onnx.convert_module` converts.

    Args:
        array: 1 x channels x height x width, float32, in the network's own range.

    Raises:
        InputError: a module is not known, or lacks a field.
    """
    result = _run(network, array, name)
    assert isinstance(result, np.ndarray)
    return result


def _run(node: Any, value: Any, name: str) -> Any:
    if not isinstance(node, TorchObject):
        raise InputError(f"{name} has no module where one should be", "get the file anew")
    kind = kind_of(node)
    fields = ModuleFields(node, name, kind)
    if kind == "Sequential":
        for child in fields.children():
            value = _run(child, value, name)
        return value
    if kind == "ConcatTable":
        return [_run(child, value, name) for child in fields.children()]
    if kind in ("Concat", "DepthConcat"):
        return np.concatenate([_run(child, value, name) for child in fields.children()], axis=1)
    if kind == "JoinTable":
        return np.concatenate(value, axis=1)
    if kind == "CAddTable":
        return sum(value[1:], start=value[0])
    if kind not in MODULES:
        raise InputError(f"{name}: module {node.kind} is not known", "get the file anew")
    return MODULES[kind](fields, value)


def _convolution(module: ModuleFields, x: Array) -> Array:
    kernel, bias, ((down, across), (top, left), _) = module.convolution()
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(2, 3))
    made: Array = np.tensordot(windows[:, :, ::down, ::across], kernel, axes=((1, 4, 5), (1, 2, 3)))
    made = made.transpose(0, 3, 1, 2)
    return made if bias is None else made + bias[:, None, None]


def _full_convolution(module: ModuleFields, x: Array) -> Array:
    """Add the kernel, times its value, to the output for every input pixel."""
    kernel, bias, ((down, across), (top, left), more) = module.convolution(transposed=True)
    _, outputs, height, width = kernel.shape
    rows, columns = x.shape[2:]
    tall = (rows - 1) * down + height + more[0]
    wide = (columns - 1) * across + width + more[1]
    made = np.zeros((1, outputs, tall, wide), dtype=np.float32)
    for row in range(height):
        for column in range(width):
            part = np.tensordot(x, kernel[:, :, row, column], axes=((1,), (0,)))
            place = (
                slice(row, row + (rows - 1) * down + 1, down),
                slice(column, column + (columns - 1) * across + 1, across),
            )
            made[:, :, place[0], place[1]] += part.transpose(0, 3, 1, 2)
    made = made[:, :, top : tall - top, left : wide - left]
    return made if bias is None else made + bias[:, None, None]


def _instance_normalization(module: ModuleFields, x: Array) -> Array:
    mean, variance = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    epsilon = module.number("eps", DEFAULT_EPSILON)
    normal = (x - mean) / np.sqrt(variance + np.float32(epsilon))
    scale, shift = module.scale_and_shift()
    return np.asarray(normal * scale[:, None, None] + shift[:, None, None])


def _batch_normalization(module: ModuleFields, x: Array) -> Array:
    mean, epsilon = module.array("running_mean"), module.number("eps", DEFAULT_EPSILON)
    if "running_var" in module.fields:
        factor = 1 / np.sqrt(module.array("running_var", mean.shape) + np.float32(epsilon))
    else:
        factor = module.array("running_std", mean.shape)
    scale = module.optional_array("weight", mean.shape)
    shift = module.optional_array("bias", mean.shape)
    normal = (x - mean[:, None, None]) * factor[:, None, None]
    normal = normal if scale is None else normal * scale[:, None, None]
    return np.asarray(normal if shift is None else normal + shift[:, None, None])


def _padding(mode: str) -> Callable[[ModuleFields, Array], Array]:
    def pad(module: ModuleFields, x: Array) -> Array:
        left, right, top, bottom = module.sides(mode)
        x = x[:, :, max(0, -top) : x.shape[2] + min(0, bottom)]
        x = x[:, :, :, max(0, -left) : x.shape[3] + min(0, right)]
        left, right, top, bottom = (max(0, side) for side in (left, right, top, bottom))
        sides = ((0, 0), (0, 0), (top, bottom), (left, right))
        return np.pad(x, sides, mode=mode)  # type: ignore[call-overload, no-any-return]

    return pad


def _average_pooling(module: ModuleFields, x: Array) -> Array:
    width, height, across, down = module.pooling()
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(2, 3))
    return np.asarray(windows[:, :, ::down, ::across].mean((4, 5)), dtype=np.float32)


def _noise(module: ModuleFields, x: Array) -> Array:
    tile = module.tile()
    return np.tile(tile, (1, *(side // tile.shape[1] for side in x.shape[2:])))[None]


def _shave(module: ModuleFields, x: Array) -> Array:
    size = module.integer("size")
    return x[:, :, size : x.shape[2] - size, size : x.shape[3] - size]


def _enlarge(module: ModuleFields, x: Array) -> Array:
    scale = module.integer("scale_factor", least=1)
    return x.repeat(scale, axis=2).repeat(scale, axis=3)


MODULES: dict[str, Callable[[ModuleFields, Array], Array]] = {
    "SpatialConvolution": _convolution,
    "SpatialConvolutionMM": _convolution,
    "SpatialFullConvolution": _full_convolution,
    "InstanceNormalization": _instance_normalization,
    "SpatialBatchNormalization": _batch_normalization,
    "SpatialReflectionPadding": _padding("reflect"),
    "SpatialReplicationPadding": _padding("edge"),
    "SpatialZeroPadding": _padding("constant"),
    "SpatialCircularPadding": _padding("wrap"),
    "SpatialAveragePooling": _average_pooling,
    "NoiseFill": lambda module, x: np.concatenate([x, _noise(module, x)], axis=1),
    "GenNoise": _noise,
    "ShaveImage": _shave,
    "SpatialUpSamplingNearest": _enlarge,
    "MulConstant": lambda module, x: x * np.float32(module.number("constant_scalar")),
    "AddConstant": lambda module, x: x + np.float32(module.number("constant_scalar")),
    "ReLU": lambda _, x: np.maximum(x, 0),
    "LeakyReLU": lambda module, x: np.where(
        x > 0, x, x * np.float32(module.number("negval", LEAK))
    ),
    "Tanh": lambda _, x: np.tanh(x),
    **dict.fromkeys(IDLE, lambda _, x: x),
}
