"""Style networks as other programs write them, with seeded random weights, narrow ones."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F


class ConvLayer(nn.Module):
    def __init__(
        self, inputs: Any, outputs: Any, kernel: Any, stride: int = 1, upsample: int = 1
    ) -> None:
        super().__init__()
        self.upsample = upsample
        self.reflection_pad = nn.ReflectionPad2d(kernel // 2)
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x: Any) -> Any:
        if self.upsample > 1:
            x = F.interpolate(x, scale_factor=self.upsample, mode="nearest")
        return self.conv2d(self.reflection_pad(x))


class Block(nn.Module):
    def __init__(self, channels: Any) -> None:
        super().__init__()
        self.conv1, self.conv2 = ConvLayer(channels, channels, 3), ConvLayer(channels, channels, 3)
        self.in1, self.in2 = (nn.InstanceNorm2d(channels, affine=True) for _ in range(2))

    def forward(self, x: Any) -> Any:
        return x + self.in2(self.conv2(torch.relu(self.in1(self.conv1(x)))))


class TransformerNet(nn.Module):
    """The architecture and the keys of pytorch/examples' fast_neural_style."""

    def __init__(self, width: int = 4, blocks: int = 5, seed: int = 0) -> None:
        torch.manual_seed(seed)
        super().__init__()
        sizes = (width, 2 * width, 4 * width)
        self.conv1 = ConvLayer(3, sizes[0], 9)
        self.conv2 = ConvLayer(sizes[0], sizes[1], 3, stride=2)
        self.conv3 = ConvLayer(sizes[1], sizes[2], 3, stride=2)
        self.in1, self.in2, self.in3 = (nn.InstanceNorm2d(n, affine=True) for n in sizes)
        for number in range(1, blocks + 1):
            setattr(self, f"res{number}", Block(sizes[2]))
        self.blocks = blocks
        self.deconv1 = ConvLayer(sizes[2], sizes[1], 3, upsample=2)
        self.deconv2 = ConvLayer(sizes[1], sizes[0], 3, upsample=2)
        self.in4, self.in5 = (nn.InstanceNorm2d(n, affine=True) for n in (sizes[1], sizes[0]))
        self.deconv3 = ConvLayer(sizes[0], 3, 9)
        for name, array in self.named_parameters():
            if ".bias" in name or "in" in name.split(".")[-2]:
                nn.init.uniform_(array, 0.2, 1.0)
        with torch.no_grad():  # outputs all over 0-255
            self.deconv3.conv2d.weight *= 40
            self.deconv3.conv2d.get_parameter("bias").add_(100)

    @torch.no_grad()
    def forward(self, x: Any) -> Any:
        x = torch.relu(self.in1(self.conv1(x)))
        x = torch.relu(self.in2(self.conv2(x)))
        x = torch.relu(self.in3(self.conv3(x)))
        for number in range(1, self.blocks + 1):
            x = getattr(self, f"res{number}")(x)
        x = torch.relu(self.in4(self.deconv1(x)))
        x = torch.relu(self.in5(self.deconv2(x)))
        return self.deconv3(x)


def state_dict(network: Any, age: str = "new") -> Any:
    """A network's weights as a file of torch.

    Args:
        age: ``new``; ``old``, with the means and variances that instance normalisation once had;
            ``oldest``, with the example's own normalisation (scale and shift), not as an archive.
    """
    weights = dict(network.state_dict())
    norms = [name[: -len(".weight")] for name in weights if name.split(".")[-2].startswith("in")]
    norms = [each for each in norms if f"{each}.weight" in weights]
    for norm in norms:
        if age == "old":
            weights[f"{norm}.running_mean"] = torch.zeros_like(weights[f"{norm}.bias"])
            weights[f"{norm}.running_var"] = torch.ones_like(weights[f"{norm}.bias"])
        elif age == "oldest":
            weights[f"{norm}.scale"] = weights.pop(f"{norm}.weight")
            weights[f"{norm}.shift"] = weights.pop(f"{norm}.bias")
    file = io.BytesIO()
    torch.save(weights, file, _use_new_zipfile_serialization=age != "oldest")
    return file.getvalue()


def lengstrom_variables(seed: int = 0, width: int = 4, blocks: int = 5) -> Any:
    """Kernel, shift and scale of every convolution of lengstrom/fast-style-transfer, in order."""
    random = np.random.default_rng(seed)
    sizes = [(9, 3, width), (3, width, 2 * width), (3, 2 * width, 4 * width)]
    sizes += 2 * blocks * [(3, 4 * width, 4 * width)]
    sizes += [(3, 2 * width, 4 * width), (3, width, 2 * width), (9, width, 3)]
    variables = []
    for number, (kernel, inputs, outputs) in enumerate(sizes):
        transposed = number in (len(sizes) - 3, len(sizes) - 2)  # their kernels begin with outputs
        channels = inputs if transposed else outputs
        weight = random.normal(0, 0.1, (kernel, kernel, inputs, outputs))
        variables += [weight, random.normal(0, 0.2, channels), random.uniform(0.5, 1.5, channels)]
    return [each.astype(np.float32) for each in variables]


def lengstrom_by_torch(variables: Any, x: Any) -> Any:
    """What TensorFlow does with them, for RGB in 0-255 and sides that are multiples of 4."""
    count = len(variables) // 3

    def conv(number: Any, x: Any) -> Any:
        kernel, shift, scale = map(torch.from_numpy, variables[3 * number : 3 * number + 3])
        side = kernel.shape[0]
        if number in (count - 3, count - 2):
            # The gradient of a strided convolution over a picture of twice the size.
            height, width = (2 * each for each in x.shape[2:])
            full = F.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), stride=2)
            x = full[..., :height, :width]
        else:
            stride = 2 if number in (1, 2) else 1
            total = side - stride
            sides = [total // 2, total - total // 2]
            x = F.conv2d(F.pad(x, 2 * sides), kernel.permute(3, 2, 0, 1), stride=stride)
        return F.instance_norm(x, weight=scale, bias=shift, eps=1e-3)

    for number in range(3):
        x = torch.relu(conv(number, x))
    for number in range(3, count - 3, 2):
        x = x + conv(number + 1, torch.relu(conv(number, x)))
    for number in (count - 3, count - 2):
        x = torch.relu(conv(number, x))
    return torch.tanh(conv(count - 1, x)) * 150 + 127.5


def npz(variables: Any, names: str = "Variable") -> Any:
    file = io.BytesIO()
    keys = [f"{names}_{n}" if n or names == "arr" else names for n in range(len(variables))]
    arrays = dict(zip(keys, variables, strict=True))
    np.savez(file, **dict(reversed(arrays.items())))  # the order in the file means nothing
    return file.getvalue()


class OnnxWriter:
    """A graph of an old exporter: constants among the inputs, sizes fixed, Upsample."""

    def __init__(self, opset: Any) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: Any, *inputs: str, **attributes: Any) -> str:
        output = str(len(self.nodes) + 100)
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def conv(self, x: Any, layer: Any) -> Any:
        weight, bias = (each.detach().numpy() for each in layer.conv2d.parameters())
        side = weight.shape[2] // 2
        if layer.upsample > 1:
            scales = self.constant([1, 1, layer.upsample, layer.upsample])
            if self.opset < 10:
                x = self.add("Upsample", x, scales, mode="nearest")
            else:
                x = self.add(
                    "Resize",
                    x,
                    "",
                    scales,
                    mode="nearest",
                    coordinate_transformation_mode="asymmetric",
                    nearest_mode="floor",
                )
        pads = [0, 0, side, side] * 2
        if self.opset < 11:
            x = self.add("Pad", x, mode="reflect", pads=pads)
        else:
            x = self.add("Pad", x, self.constant(pads, np.int64), mode="reflect")
        stride = list(layer.conv2d.stride)
        inputs = (x, self.constant(weight), self.constant(bias))
        return self.add("Conv", *inputs, kernel_shape=weight.shape[2:], strides=stride)

    def norm(self, x: Any, layer: Any) -> Any:
        constants = [self.constant(each.detach().numpy()) for each in layer.parameters()]
        return self.add("InstanceNormalization", x, *constants, epsilon=1e-5)

    def network(self, x: Any, net: Any) -> Any:
        """`TransformerNet`, node by node."""
        for number in (1, 2, 3):
            x = self.conv(x, getattr(net, f"conv{number}"))
            x = self.add("Relu", self.norm(x, getattr(net, f"in{number}")))
        for number in range(1, net.blocks + 1):
            block = getattr(net, f"res{number}")
            inner = self.add("Relu", self.norm(self.conv(x, block.conv1), block.in1))
            x = self.add("Add", self.norm(self.conv(inner, block.conv2), block.in2), x)
        for number in (1, 2):
            x = self.conv(x, getattr(net, f"deconv{number}"))
            x = self.add("Relu", self.norm(x, getattr(net, f"in{number + 3}")))
        return self.conv(x, net.deconv3)

    def file(self, output: Any, inputs: Any, *, old: bool = False, made: Any = None) -> Any:
        """The model's bytes; ``inputs`` are names, shapes and element types, ``made`` is the
        output's shape, if it is not the first input's.
        """
        self.nodes[[each.output[0] for each in self.nodes].index(output)].output[0] = "output1"
        values = [helper.make_tensor_value_info(name, kind, shape) for name, shape, kind in inputs]
        if old:  # as files of IR 3 have it
            values += [
                helper.make_tensor_value_info(c.name, c.data_type, c.dims) for c in self.constants
            ]
        shape = made or inputs[0][1]
        graph = helper.make_graph(
            self.nodes,
            "net",
            values,
            [helper.make_tensor_value_info("output1", TensorProto.FLOAT, shape)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 3 if old else 8
        return model.SerializeToString()


def zoo_onnx(net: Any, width: int = 64, height: int = 64) -> Any:
    """As the ONNX zoo's fast-neural-style networks: fixed size, opset 9, RGB in 0-255."""
    writer = OnnxWriter(9)
    output = writer.network("input1", net)
    return writer.file(output, [("input1", [1, 3, height, width], TensorProto.FLOAT)], old=True)


def many_styles_onnx(tables: Any, *, whole: bool = False) -> Any:
    """A 1x1 convolution whose bias is one row of a table, chosen by weights, RGB in 0-1.

    Args:
        tables: styles x 3.
        whole: the style's number is the input, not one weight a style.
    """
    writer = OnnxWriter(13)
    count = len(tables)
    if whole:
        row = writer.add("Gather", writer.constant(tables), "style", axis=0)
        second = ("style", [1], TensorProto.INT64)
    else:
        weights = writer.add("Reshape", "style", writer.constant([count, 1], np.int64))
        rows = writer.add("Mul", writer.constant(tables), weights)
        row = writer.add("ReduceSum", rows, writer.constant([0], np.int64), keepdims=0)
        second = ("style", [count], TensorProto.FLOAT)
    shift = writer.add("Reshape", row, writer.constant([1, 3, 1, 1], np.int64))
    shifted = writer.add("Add", "image", shift)
    output = writer.add("Sigmoid", shifted)
    return writer.file(output, [("image", [1, 3, "h", "w"], TensorProto.FLOAT), second])


def magenta_onnx(matrix: Any, side: int = 32) -> Any:
    """Channels last, fixed size, and a style vector that makes the shift of each channel.

    Args:
        matrix: 3 x numbers in the vector.
    """
    writer = OnnxWriter(13)
    numbers = matrix.shape[1]
    planes = writer.add("Transpose", "content_image", perm=[0, 3, 1, 2])
    vector = writer.add("Reshape", "vector", writer.constant([1, numbers, 1, 1], np.int64))
    shift = writer.add("Conv", vector, writer.constant(matrix[..., None, None]))
    shifted = writer.add("Add", planes, shift)
    output = writer.add("Transpose", writer.add("Sigmoid", shifted), perm=[0, 2, 3, 1])
    inputs = [("content_image", [1, side, side, 3]), ("vector", [1, 1, 1, numbers])]
    return writer.file(output, [(*each, TensorProto.FLOAT) for each in inputs])


def predictor_onnx(matrix: Any, side: int = 16) -> Any:
    """From a picture, channels last, its mean colour, times a matrix: numbers x 3."""
    writer = OnnxWriter(13)
    planes = writer.add("Transpose", "style_image", perm=[0, 3, 1, 2])
    colour = writer.add("GlobalAveragePool", planes)
    made = writer.add("Conv", colour, writer.constant(matrix[..., None, None]))
    output = writer.add("Transpose", made, perm=[0, 2, 3, 1])
    inputs = [("style_image", [1, side, side, 3], TensorProto.FLOAT)]
    return writer.file(output, inputs, made=[1, 1, 1, len(matrix)])


def two_pictures_onnx() -> Any:
    """A photo whose colours move towards the mean colour of a second picture, RGB in 0-1."""
    writer = OnnxWriter(13)
    colour = writer.add("GlobalAveragePool", "style_picture")
    half = writer.constant(0.5)
    mixed = writer.add("Add", writer.add("Mul", "photo", half), writer.add("Mul", colour, half))
    output = writer.add("Clip", mixed, writer.constant(0.0), writer.constant(1.0))
    free = [1, 3, "h", "w"]
    inputs = [("style_picture", [1, 3, 8, 8]), ("photo", free)]
    return writer.file(output, [(*each, TensorProto.FLOAT) for each in inputs], made=free)


def unfree_onnx(side: int = 32) -> Any:
    """A network whose size is written into it, so that it cannot be freed."""
    writer = OnnxWriter(13)
    flat = writer.add("Reshape", "image", writer.constant([1, 3, side * side], np.int64))
    negative = writer.add("Sub", writer.constant(1.0), flat)
    back = writer.add("Reshape", negative, writer.constant([1, 3, side, side], np.int64))
    limits = writer.constant(0.0), writer.constant(1.0)
    output = writer.add("Clip", back, *limits)
    return writer.file(output, [("image", [1, 3, side, side], TensorProto.FLOAT)])


def check(content: Any) -> None:
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
