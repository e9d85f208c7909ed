"""Writes .t7 files for the tests, as Torch7 did: binary with 64- or 32-bit longs, or ASCII."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.random._generator import Generator
from numpy.typing import NDArray

from impasto.converters.t7 import TorchObject

CLASSES = {"f4": "Float", "f8": "Double", "f2": "Half", "u1": "Byte", "i4": "Int", "i8": "Long"}


class Writer:
    def __init__(
        self, *, text: bool = False, long_bytes: int = 8, version: bool = True, cuda: bool = False
    ) -> None:
        self.text, self.long, self.version, self.cuda = text, long_bytes, version, cuda
        self.parts: list[bytes] = []
        self.numbers: dict[Any, Any] = {}

    def int(self, value: int) -> None:
        self.parts.append(f"{value}\n".encode() if self.text else struct.pack("<i", value))

    def longs(self, values: Any) -> None:
        if self.text:
            self.parts.append((" ".join(map(str, values)) + "\n").encode())
        else:
            self.parts.append(
                struct.pack(f"<{len(values)}{'q' if self.long == 8 else 'i'}", *values)
            )

    def string(self, text: str) -> None:
        self.int(len(text.encode()))
        self.parts.append(text.encode() + (b"\n" if self.text else b""))

    def array(self, values: NDArray[np.float32]) -> None:
        if not self.text:
            kind = "<i4" if values.dtype == np.int64 and self.long == 4 else values.dtype
            self.parts.append(values.astype(kind).tobytes())
        elif values.dtype == np.uint8:
            self.parts.append(values.tobytes() + b"\n")
        else:
            self.parts.append((" ".join(repr(float(each)) for each in values) + "\n").encode())

    def shared(self, tag: Any, value: Any) -> bool:
        """Tag and number; true if the value was written before."""
        self.int(tag)
        known = id(value) in self.numbers
        number, _ = self.numbers.setdefault(id(value), (len(self.numbers) + 1, value))
        self.int(number)
        return known

    def kind(self, name: str) -> None:
        if self.version:
            self.string("V 1")
        self.string(name)

    def object(self, value: object) -> None:
        if value is None:
            self.int(0)
        elif isinstance(value, bool):
            self.int(5)
            self.int(int(value))
        elif isinstance(value, int | float):
            self.int(1)
            self.parts.append(
                f"{value!r}\n".encode() if self.text else struct.pack("<d", float(value))
            )
        elif isinstance(value, str):
            self.int(2)
            self.string(value)
        elif isinstance(value, dict):
            if not self.shared(3, value):
                self.int(len(value))
                for key, item in value.items():
                    self.object(key)
                    self.object(item)
        elif isinstance(value, TorchObject):
            if not self.shared(4, value):
                self.kind(value.kind)
                self.object(value.fields)
        elif isinstance(value, np.ndarray):
            self.tensor(value)
        else:
            raise TypeError(value)

    def tensor(self, value: NDArray[np.float32]) -> None:
        if self.shared(4, value):
            return
        name = CLASSES[value.dtype.str[1:]]
        if self.cuda:
            name = "Cuda" if name == "Float" else f"Cuda{name}"
        self.kind(f"torch.{name}Tensor")
        self.int(value.ndim)
        self.longs(value.shape)
        self.longs(
            [stride // value.itemsize for stride in np.zeros(value.shape, value.dtype).strides]
        )
        self.longs([1])
        self.int(4)
        self.int(1000 + len(self.numbers))
        self.kind(f"torch.{name}Storage")
        self.longs([value.size])
        self.array(value.ravel())


def write_t7(value: Any, **options: Any) -> bytes:
    writer = Writer(**options)
    writer.object(value)
    return b"".join(writer.parts)


def module(kind: str, **fields: Any) -> TorchObject:
    return TorchObject(f"nn.{kind}", fields)


def sequence(*children: TorchObject) -> TorchObject:
    return module("Sequential", modules={float(n): each for n, each in enumerate(children, 1)})


def conv(
    random: Generator,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    **changes: Any,
) -> TorchObject:
    spread = np.sqrt(2 / (inputs * kernel**2))
    weight = random.normal(0, spread, (outputs, inputs, kernel, kernel)).astype(np.float32)
    fields = {
        "nInputPlane": inputs,
        "nOutputPlane": outputs,
        "kW": kernel,
        "kH": kernel,
        "dW": stride,
        "dH": stride,
        "padW": padding,
        "padH": padding,
        "weight": weight,
        "bias": random.normal(0, 0.1, outputs).astype(np.float32),
    }
    return module("SpatialConvolution", **{**fields, **changes})


def full_conv(random: Generator, inputs: int, outputs: int) -> TorchObject:
    made = conv(random, inputs, outputs, 3, stride=2, padding=1)
    made.kind = "nn.SpatialFullConvolution"
    made.fields |= {"weight": made.fields["weight"].reshape(inputs, outputs, 3, 3)}
    made.fields |= {"adjW": 1, "adjH": 1}
    return made


def norm(random: Generator, channels: int, kind: str) -> TorchObject:
    fields = {
        "weight": random.uniform(0.5, 1.5, channels).astype(np.float32),
        "bias": random.normal(0, 0.2, channels).astype(np.float32),
        "eps": 1e-5,
    }
    if kind == "batch":
        mean, variance = random.normal(0, 0.2, channels), random.uniform(0.5, 1.5, channels)
        fields |= {"running_mean": mean.astype(np.float32)}
        fields |= {"running_var": variance.astype(np.float32)}
        return module("SpatialBatchNormalization", **fields)
    return module("InstanceNormalization", nOutput=channels, **fields)


def padding(kind: str, size: int) -> TorchObject:
    return module(f"Spatial{kind}Padding", pad_l=size, pad_r=size, pad_t=size, pad_b=size)


def johnson(
    seed: int = 0,
    *,
    norm_kind: str = "instance",
    border: str = "reflect-start",
    width: int = 4,
    blocks: int = 2,
) -> TorchObject:
    """Johnson et al.'s network as jcjohnson/fast-neural-style builds it, narrower.

    Args:
        border: the repository's padding_type. ``reflect-start`` mirrors once, before all layers,
            and residual blocks shave their inputs; with ``none`` they shave, too, and the painting
            is smaller than the photo; the others pad inside.
    """
    random = np.random.default_rng(seed)
    shaves = border in ("reflect-start", "none")
    inside = {"reflect": "Reflection", "replicate": "Replication"}.get(border)

    def padded(inputs: Any, outputs: Any, kernel: Any, in_block: bool = False) -> Any:
        if inside:
            return [padding(inside, kernel // 2), conv(random, inputs, outputs, kernel)]
        zeros = 0 if in_block and shaves else kernel // 2
        return [conv(random, inputs, outputs, kernel, padding=zeros)]

    def block(channels: Any) -> Any:
        inner = []
        for number in range(2):
            inner += padded(channels, channels, 3, in_block=True)
            inner.append(norm(random, channels, norm_kind))
            if number == 0:
                inner.append(module("ReLU"))
        shortcut = module("ShaveImage", size=2) if shaves else module("Identity")
        both = module("ConcatTable", modules={1.0: sequence(*inner), 2.0: shortcut})
        return sequence(both, module("CAddTable"))

    layers = [padding("Reflection", 8 * blocks)] if border == "reflect-start" else []
    layers += [*padded(3, width, 9), norm(random, width, norm_kind), module("ReLU")]
    for inputs, outputs in [(width, 2 * width), (2 * width, 4 * width)]:
        layers += [conv(random, inputs, outputs, 3, 2, 1)]
        layers += [norm(random, outputs, norm_kind), module("ReLU")]
    layers += [block(4 * width) for _ in range(blocks)]
    for inputs, outputs in [(4 * width, 2 * width), (2 * width, width)]:
        layers += [full_conv(random, inputs, outputs)]
        layers += [norm(random, outputs, norm_kind), module("ReLU")]
    layers += [*padded(width, 3, 9), module("Tanh")]
    layers += [module("MulConstant", constant_scalar=150), module("TotalVariation")]
    return sequence(*layers)


def pyramid(
    seed: int = 0,
    *,
    norm_kind: str = "instance",
    noise: int = 0,
    width: int = 4,
    ratios: Any = (8, 4, 2, 1),
    pads: str = "Replication",
) -> TorchObject:
    """Ulyanov et al.'s generator of many scales as texture_nets builds it, narrower.

    Args:
        noise: channels of it that are joined to the photo at every scale, as the first version
            has them.
    """
    random = np.random.default_rng(seed)

    def block(inputs: Any, outputs: Any) -> Any:
        layers = []
        for kernel in (3, 3, 1):
            convolution = conv(random, inputs, outputs, kernel)
            layers += [sequence(padding(pads, 1), convolution) if kernel > 1 else convolution]
            leaky = module("LeakyReLU", negval=0.01, inplace=True)
            layers += [norm(random, outputs, norm_kind), leaky if noise else module("ReLU")]
            inputs = outputs
        return layers

    layers: list[Any] = []
    for number, ratio in enumerate(ratios, 1):
        sides = {"kW": ratio, "kH": ratio, "dW": ratio, "dH": ratio, "padW": 0, "padH": 0}
        scale = [module("SpatialAveragePooling", **sides)]
        scale += [module("NoiseFill", num_noise_channels=noise, mult=1.0)] if noise else []
        scale += block(3 + noise, width)
        if number > 1:
            coarser = sequence(*layers, norm(random, width * (number - 1), norm_kind))
            finer = sequence(*scale, norm(random, width, norm_kind))
            scale = [module("Concat", dimension=2, modules={1.0: coarser, 2.0: finer})]
            scale += block(width * number, width * number)
        enlarge = module("SpatialUpSamplingNearest", scale_factor=2)
        last = conv(random, width * number, 3, 1)
        last.fields["weight"] *= 50
        layers = [*scale, last if ratio == 1 else enlarge]
    return sequence(*layers, module("TVLoss", strength=0.0))
