"""Files made to cost far more than they weigh, for tests and benchmarks/hostile_files.py."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper

from converters.write_t7 import module, sequence, write_t7

MEGA = 1 << 20


def field(number: int, content: bytes) -> Any:
    """A protobuf field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: Any) -> Any:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def onnx_graph(*nodes: Any, constants: Any = (), sides: Any = ("h", "w"), opset: int = 17) -> Any:
    """A model from ``image`` to ``out``, whatever its nodes are."""
    shape = [1, 3, *sides]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model.SerializeToString()


def onnx_bombs() -> Iterator[Any]:
    """By name; all of them shall be refused."""
    yield "two bytes a node", field(7, field(1, b"") * (8 * MEGA))
    yield "a byte a number", field(7, field(5, field(7, bytes(24 * MEGA))))
    yield (
        "a byte a number, in an attribute",
        field(7, field(1, field(5, field(8, bytes(MEGA * 9))))),
    )
    yield "nested", field(7, field(1, field(5, field(6, b"")))) * 1000
    yield "unknown fields", field(7, field(99, bytes(24 * MEGA)))
    yield from onnx_graph_bombs()


def onnx_graph_bombs() -> Iterator[Any]:
    """The same, of files that are small and ask for much."""
    node = helper.make_node
    long = np.int64
    yield (
        "a huge constant",
        onnx_graph(
            node("ConstantOfShape", ["s"], ["c"]),
            node("ReduceSum", ["c"], ["r"], keepdims=0),
            node("Add", ["image", "r"], ["out"]),
            constants=[("s", np.array([1 << 20, 1 << 20], long))],
        ),
    )
    yield (
        "an outer product",
        onnx_graph(
            node("Add", ["a", "b"], ["c"]),
            node("ReduceSum", ["c"], ["r"], keepdims=0),
            node("Add", ["image", "r"], ["out"]),
            constants=[
                ("a", np.zeros((1 << 18, 1), np.float32)),
                ("b", np.zeros((1, 1 << 18), np.float32)),
            ],
        ),
    )
    yield (
        "an enlargement",
        onnx_graph(
            node("Resize", ["image", "", "s"], ["c"], mode="nearest"),
            node("GlobalAveragePool", ["c"], ["p"]),
            node("Add", ["image", "p"], ["out"]),
            constants=[("s", np.array([1, 1, 1e6, 1e6], np.float32))],
        ),
    )
    yield (
        "a border",
        onnx_graph(
            node("Pad", ["image", "s"], ["c"]),
            node("GlobalAveragePool", ["c"], ["p"]),
            node("Add", ["image", "p"], ["out"]),
            constants=[("s", np.array([0, 0, 1 << 30, 1 << 30] * 2, long))],
        ),
    )
    yield (
        "copies",
        onnx_graph(
            node("Tile", ["image", "s"], ["c"]),
            node("GlobalAveragePool", ["c"], ["p"]),
            node("ReduceSum", ["p"], ["r"], keepdims=0),
            node("Add", ["image", "r"], ["out"]),
            constants=[("s", np.array([1, 1 << 40, 1, 1], long))],
        ),
    )
    yield (
        "a shape that is not the data's",
        onnx_graph(node("Add", ["image", "c"], ["out"]), constants=[("c", np.zeros(3))]).replace(
            b"\x08\x03\x10\x0b", b"\x08\x7f\x10\x0b"
        ),
    )
    loop = helper.make_graph([], "body", [], [])
    yield "a loop", onnx_graph(node("Loop", ["image"], ["out"], body=loop))
    yield "an operator of its own", onnx_graph(node("Run", ["image"], ["out"], domain="evil"))


def npz_bombs() -> Iterator[Any]:
    for name, shape in (("zeros", (MEGA * 64,)), ("many", (8,))):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            header = io.BytesIO()
            np.lib.format.write_array(header, np.zeros(shape, np.float32))
            for number in range(2000 if name == "many" else 1):
                archive.writestr(f"arr_{number}.npy", header.getvalue())
        yield name, file.getvalue()
    huge = io.BytesIO()
    with zipfile.ZipFile(huge, "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
        )
        archive.writestr("arr_0.npy", head.getvalue())
    yield "a header", huge.getvalue()
    pickled = io.BytesIO()
    np.savez(pickled, arr_0=np.array([{}], dtype=object))
    yield "a pickle", pickled.getvalue()


def pth_bombs() -> Iterator[Any]:
    plain = io.BytesIO()
    torch.save({"x": torch.zeros(MEGA * 32)}, plain)
    packed = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            new.writestr(each.filename, old.read(each))
    yield "compressed", packed.getvalue()
    spread = io.BytesIO()
    torch.save({str(n): torch.zeros(1).expand(1 << 34) for n in range(9)}, spread)
    yield "one number, everywhere", spread.getvalue()
    evil = io.BytesIO()
    torch.save({"x": print}, evil)
    yield "a function", evil.getvalue()


def t7_bombs() -> Iterator[Any]:
    yield "tables in tables", b"\x03\x00\x00\x00" * MEGA
    content = write_t7(np.ones((2, 2), np.float32))
    huge = np.array([1 << 40, 1 << 20], dtype="<i8").tobytes()
    yield "a tensor", content.replace(np.array([2, 2], dtype="<i8").tobytes(), huge)
    table = np.array([3, 1, 1 << 21], dtype="<i4").tobytes()
    yield "many nothings", table + bytes(16 * MEGA)
    text = write_t7(np.zeros(4, np.float32), text=True)
    many = text.replace(b"4\n0.0 0.0 0.0 0.0\n", b"5000000\n" + b"0 " * 5_000_000 + b"\n")
    yield "many numbers as text", many
    shared = module("ReLU")
    for _ in range(6):
        shared = sequence(*[shared] * 20)
    yield "a module shared for ever", write_t7(shared)
    noises = (module("GenNoise", num_planes=60, mult=1.0) for _ in range(3000))
    yield "noise upon noise", write_t7(sequence(*noises, module("TVLoss", strength=0.0)))
    double = {number: module("Identity") for number in (1.0, 2.0)}
    joined = (module("Concat", dimension=2, modules=double) for _ in range(60))
    yield "channels doubled for ever", write_t7(sequence(*joined))
    yield "nothings as text", b"3\n1\n1000000\n" + b"0\n" * 2_000_000


BOMBS = {
    f"{suffix}: {name}": (suffix, content)
    for suffix, bombs in (
        ("onnx", onnx_bombs),
        ("npz", npz_bombs),
        ("pth", pth_bombs),
        ("t7", t7_bombs),
    )
    for name, content in bombs()
}
