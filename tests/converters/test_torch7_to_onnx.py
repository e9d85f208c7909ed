"""Converted networks against the same arithmetic in torch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from converters.write_t7 import conv, full_conv, johnson, module, norm, padding, sequence, write_t7
from impasto.converters import convert_network, read_net_from_torch
from impasto.converters.torch7_reference import run_module
from impasto.converters.torch7_to_onnx import convert_module, find_network
from impasto.engines import open_engine
from impasto.errors import InputError


def by_torch(node: Any, x: Any) -> Any:
    """What a module does, module by module."""
    kind = node.kind.removeprefix("nn.")
    fields: dict[str, Any] = {
        key: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        for key, value in node.fields.items()
    }
    if kind == "Sequential":
        for child in fields["modules"].values():
            x = by_torch(child, x)
        return x
    if kind == "ConcatTable":
        return [by_torch(child, x) for child in fields["modules"].values()]
    if kind == "Concat":
        return torch.cat([by_torch(child, x) for child in fields["modules"].values()], 1)
    if kind == "JoinTable":
        return torch.cat(x, 1)
    if kind == "SpatialAveragePooling":
        return F.avg_pool2d(x, (fields["kH"], fields["kW"]), (fields["dH"], fields["dW"]))
    if kind == "SpatialCircularPadding":
        sides = [fields["pad_l"], fields["pad_r"], fields["pad_t"], fields["pad_b"]]
        return F.pad(x, sides, mode="circular")
    if kind == "CAddTable":
        return sum(x)
    if kind == "SpatialConvolution":
        return F.conv2d(x, fields["weight"], fields["bias"], fields["dW"], fields["padW"])
    if kind == "SpatialFullConvolution":
        return F.conv_transpose2d(x, fields["weight"], fields["bias"], 2, 1, output_padding=1)
    if kind == "InstanceNormalization":
        return F.instance_norm(x, weight=fields["weight"], bias=fields["bias"], eps=fields["eps"])
    if kind == "SpatialBatchNormalization":
        names = ("running_mean", "running_var", "weight", "bias")
        mean, variance, weight, bias = (fields[name] for name in names)
        return F.batch_norm(x, mean, variance, weight, bias, eps=fields["eps"])
    if kind.endswith("Padding"):
        mode = {"Reflection": "reflect", "Replication": "replicate", "Zero": "constant"}
        sides = [fields["pad_l"], fields["pad_r"], fields["pad_t"], fields["pad_b"]]
        return F.pad(x, sides, mode=mode[kind[7:-7]])
    if kind == "ShaveImage":
        size = fields["size"]
        return x[..., size:-size, size:-size]
    if kind == "SpatialUpSamplingNearest":
        return F.interpolate(x, scale_factor=fields["scale_factor"], mode="nearest")
    simple: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "ReLU": torch.relu,
        "Tanh": torch.tanh,
        "Identity": lambda x: x,
        "TotalVariation": lambda x: x,
        "TVLoss": lambda x: x,
        "Dropout": lambda x: x,
        "LeakyReLU": lambda x: F.leaky_relu(x, fields["negval"]),
        "MulConstant": lambda x: x * fields["constant_scalar"],
        "AddConstant": lambda x: x + fields["constant_scalar"],
    }
    return simple[kind](x)


def run(graph: bytes, blob: NDArray[np.float32]) -> Any:
    net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8))
    net.setInput(blob)
    return net.forward()


RANDOM = np.random.default_rng(1)
MODULES = {
    "convolution": conv(RANDOM, 3, 5, 3, 2, 1),
    "full convolution": full_conv(RANDOM, 3, 4),
    "instance normalization": norm(RANDOM, 3, "instance"),
    "batch normalization": norm(RANDOM, 3, "batch"),
    "reflection": padding("Reflection", 3),
    "replication": padding("Replication", 3),
    "zeros": padding("Zero", 2),
    "shave": module("ShaveImage", size=2),
    "circular": module("SpatialCircularPadding", pad_l=1, pad_r=2, pad_t=3, pad_b=0),
    "mean": module("SpatialAveragePooling", kW=4, kH=2, dW=4, dH=2),
    "leak": module("LeakyReLU", negval=0.2),
    "concat": module("Concat", dimension=2, modules={1.0: module("Tanh"), 2.0: module("ReLU")}),
    "join": sequence(
        module("ConcatTable", modules={1.0: module("Tanh"), 2.0: module("Identity")}),
        module("JoinTable", dimension=1, nInputDims=3),
    ),
    "nearest": module("SpatialUpSamplingNearest", scale_factor=2),
    "nothing": sequence(module("Identity"), module("TotalVariation"), module("Dropout", v2=True)),
    "cut and zeros": module("SpatialZeroPadding", pad_l=-2, pad_r=3, pad_t=0, pad_b=-1),
    "others": sequence(
        module("Tanh"),
        module("MulConstant", constant_scalar=3.0),
        module("AddConstant", constant_scalar=0.5),
        module("ReLU"),
    ),
}


@pytest.mark.parametrize("node", MODULES.values(), ids=MODULES)
def test_every_module(node: Any) -> None:
    blob = np.random.default_rng(0).normal(size=(1, 3, 16, 20)).astype(np.float32)
    expected = by_torch(node, torch.from_numpy(blob)).numpy()
    np.testing.assert_allclose(run(convert_module(node, "net"), blob), expected, atol=1e-4)
    np.testing.assert_allclose(run_module(node, blob), expected, atol=1e-4)


@pytest.mark.parametrize("border", ["reflect-start", "reflect", "replicate", "zero", "none"])
@pytest.mark.parametrize("norm_kind", ["instance", "batch"])
def test_johnsons_networks(tmp_path: Path, border: str, norm_kind: str) -> None:
    """Through the file, at three sizes; mean difference within 1 of 255 levels."""
    network = johnson(norm_kind=norm_kind, border=border)
    (tmp_path / "style.t7").write_bytes(write_t7({"model": network, "opt": {}}))
    net = read_net_from_torch(tmp_path / "style.t7")
    for width, height in [(48, 36), (64, 48), (40, 40)]:
        blob = np.random.default_rng(width).uniform(-120, 130, (1, 3, height, width))
        blob = blob.astype(np.float32)
        expected = by_torch(network, torch.from_numpy(blob)).numpy()
        net.setInput(blob)
        assert np.abs(net.forward() - expected).mean() < 0.1


GOLDEN = np.load(Path(__file__).parent / "golden.npz")


@pytest.mark.parametrize("name", GOLDEN.files)
def test_what_opencv_4_gave(tmp_path: Path, name: str) -> None:
    """Arrays of its own readNetFromTorch (`scripts/legacy_golden.py`); 1/255 in the mean."""
    norm_kind, border, size = name.split()
    width, height = map(int, size.split("x"))
    network = johnson(norm_kind=norm_kind, border=border)
    (tmp_path / "style.t7").write_bytes(write_t7({"model": network}))
    net = read_net_from_torch(tmp_path / "style.t7")
    random = np.random.default_rng(width)
    net.setInput(random.uniform(-120, 130, (1, 3, height, width)).astype(np.float32))
    assert np.abs(net.forward() - GOLDEN[name]).mean() < 1


def test_preprocessing_is_in_the_graph(tmp_path: Path) -> None:
    """RGB in 0-1 in and out, where the network itself has BGR minus means, 0-255."""
    identity = np.eye(3, dtype=np.float32)[..., None, None]
    copy = conv(RANDOM, 3, 3, 1, weight=identity, bias=np.zeros(3, np.float32))
    (tmp_path / "copy.t7").write_bytes(write_t7(sequence(copy)))
    graph = convert_network(tmp_path / "copy.t7").baked.graph
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    photo = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    for engine in ("opencv", "openvino", "onnxruntime"):
        with open_engine(graph, engine=engine, precision="f32") as opened:
            np.testing.assert_array_equal(opened.paint(photo), photo)

    copy.fields["bias"] = np.array([10, 0, -20], np.float32)  # blue more, red less
    (tmp_path / "copy.t7").write_bytes(write_t7(sequence(copy)))
    graph = convert_network(tmp_path / "copy.t7").baked.graph
    with open_engine(graph, engine="openvino", precision="f32") as opened:
        painted = opened.paint(np.full((24, 32, 3), 100, np.uint8))
    assert painted[0, 0].tolist() == [80, 100, 110]


def test_older_fields() -> None:
    """Kernels in rows (…MM), one over the deviation, no bias, no scale."""
    kernel = conv(RANDOM, 3, 4, 3, 1, 1)
    rows = conv(RANDOM, 3, 4, 3, 1, 1, **kernel.fields)
    rows.kind = "nn.SpatialConvolutionMM"
    rows.fields["weight"] = kernel.fields["weight"].reshape(4, 27)
    blob = np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(
        run(convert_module(rows, "net"), blob),
        run(convert_module(kernel, "net"), blob),
    )
    new = norm(RANDOM, 3, "batch")
    old = module("SpatialBatchNormalization", running_mean=new.fields["running_mean"], eps=1e-5)
    old.fields["running_std"] = 1 / np.sqrt(new.fields["running_var"] + 1e-5)
    for name in ("weight", "bias"):
        new.fields[name] = None
    np.testing.assert_allclose(
        run(convert_module(old, "net"), blob),
        run(convert_module(new, "net"), blob),
        atol=1e-6,
    )


def test_what_cannot_be_converted(tmp_path: Path) -> None:
    inner = sequence(module("ReLU"), module("SpatialMaxPooling"))
    with pytest.raises(
        InputError, match=r"nn\.SpatialMaxPooling at Sequential\[2\]/Sequential\[2\]/SpatialMax"
    ):
        convert_module(sequence(module("Tanh"), inner), "net")
    wrong = conv(RANDOM, 3, 4, 3, weight=np.zeros(5, np.float32))
    with pytest.raises(InputError, match="no fitting 'weight'"):
        convert_module(sequence(wrong), "net")
    with pytest.raises(InputError, match="no fitting 'kH'"):
        convert_module(sequence(conv(RANDOM, 3, 4, 3, kH=1e9)), "net")
    with pytest.raises(InputError, match="nothing to add"):
        convert_module(sequence(module("CAddTable")), "net")
    with pytest.raises(InputError, match="several outputs"):
        convert_module(sequence(module("ConcatTable", modules={1.0: module("ReLU")})), "net")
    deep = module("ReLU")
    for _ in range(40):
        deep = sequence(deep, deep)
    with pytest.raises(InputError, match="absurdly many modules"):
        find_network(deep, "net.t7")
    joined = sequence(module("Concat", dimension=3, modules={1.0: module("ReLU")}))
    with pytest.raises(InputError, match="no fitting 'dimension'"):
        convert_module(joined, "net")
    with pytest.raises(InputError, match="no fitting 'padW'"):
        convert_module(module("SpatialAveragePooling", kW=2, kH=2, padW=1), "net")
    with pytest.raises(InputError, match="holds no network"):
        find_network({"opt": {}}, "net.t7")
