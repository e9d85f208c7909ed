"""Networks of other origins as Torch7's modules, so that one converter serves them all."""

from __future__ import annotations

from typing import Any

from impasto._util.arrays import Floats
from impasto.converters.t7 import TorchObject


def module(kind: str, **fields: Any) -> TorchObject:
    """Return a module of ``nn`` with these fields."""
    return TorchObject(f"nn.{kind}", fields)


def sequence(*children: TorchObject) -> TorchObject:
    """Return one module after the other as a module."""
    return module("Sequential", modules={float(n): each for n, each in enumerate(children, 1)})


def residual(*children: TorchObject) -> TorchObject:
    """Return ``x + children(x)`` as a module."""
    both = {1.0: sequence(*children), 2.0: module("Identity")}
    return sequence(module("ConcatTable", modules=both), module("CAddTable"))


def convolution(kernel: Floats, bias: Floats | None = None, *, stride: int = 1) -> TorchObject:
    """Return a convolution without padding.

    Args:
        kernel: outputs x inputs x height x width.
        bias: one number an output.
        stride: down and across.
    """
    outputs, inputs = kernel.shape[:2]
    return module("SpatialConvolution", **_kernel(kernel, outputs, inputs, bias, stride))


def full_convolution(kernel: Floats, *, stride: int = 1) -> TorchObject:
    """Return a transposed convolution whose output is not cropped; its kernel begins with the
    inputs.
    """
    inputs, outputs = kernel.shape[:2]
    return module("SpatialFullConvolution", **_kernel(kernel, outputs, inputs, None, stride))


def _kernel(
    kernel: Floats, outputs: int, inputs: int, bias: Floats | None, stride: int
) -> dict[str, Any]:
    height, width = kernel.shape[2:]
    return {
        "nInputPlane": inputs,
        "nOutputPlane": outputs,
        "kH": height,
        "kW": width,
        "dH": stride,
        "dW": stride,
        "padH": 0,
        "padW": 0,
        "weight": kernel,
        "bias": bias,
    }


def instance_normalization(scale: Floats, shift: Floats, epsilon: float) -> TorchObject:
    """Return instance normalisation, scaled and shifted by one number a channel."""
    return module("InstanceNormalization", weight=scale, bias=shift, eps=epsilon)


def padding(kind: str, before: int, after: int) -> TorchObject:
    """Return ``Reflection``, ``Replication`` or ``Zero`` padding: so much on the left and above,
    and on the right and below. Negative zero padding cuts off.
    """
    sides = {"pad_l": before, "pad_r": after, "pad_t": before, "pad_b": after}
    return module(f"Spatial{kind}Padding", **sides)
