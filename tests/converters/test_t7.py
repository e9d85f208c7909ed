import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.write_t7 import module, sequence, write_t7
from impasto.converters.t7 import TorchObject, parse_t7, read_t7
from impasto.errors import InputError

KINDS = [
    {"text": False},
    {"text": False, "long_bytes": 4},
    {"text": True},
    {"version": False},
    {"cuda": True},
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@each_kind
@pytest.mark.parametrize("value", [None, True, False, 3.25, -1e300, "", "Grüße\n", {}, {1.0: "a"}])
def test_simple_values(kind: Any, value: object) -> None:
    assert parse_t7(write_t7(value, **kind)) == value


@each_kind
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "u1", "i4", "i8"])
def test_tensors(kind: Any, dtype: str) -> None:
    array = np.arange(24).astype(dtype).reshape(2, 3, 4)
    read = parse_t7(write_t7({"x": array}, **kind))["x"]
    np.testing.assert_array_equal(read, array)
    assert read.dtype.kind == array.dtype.kind


def test_tensors_with_strides_and_an_offset() -> None:
    """A transposed part of a larger storage, written by hand."""
    content = write_t7(np.arange(12, dtype=np.float32).reshape(3, 4))
    shape = np.array([3, 4, 4, 1, 1], dtype="<i8").tobytes()  # sizes, strides, offset
    part = np.array([2, 3, 1, 4, 2], dtype="<i8").tobytes()  # element 1, every fourth across
    assert content.count(shape) == 1
    expected = [[1, 5, 9], [2, 6, 10]]
    assert parse_t7(content.replace(shape, part)).tolist() == expected


def test_absurd_strides_and_sizes() -> None:
    """Both were found by benchmarks/fuzz_t7.py: NumPy takes neither."""
    content = write_t7(np.arange(3, dtype=np.float32).reshape(1, 3))
    layout = np.array([1, 3, 3, 1, 1], dtype="<i8").tobytes()  # sizes, strides, offset
    assert content.count(layout) == 1
    no_step = np.array([1, 3, 2**62, 1, 1], dtype="<i8").tobytes()  # along a side of 1
    assert parse_t7(content.replace(layout, no_step)).tolist() == [[0, 1, 2]]
    empty = np.array([0, 2**62, 3, 1, 1], dtype="<i8").tobytes()
    with pytest.raises(InputError, match="larger than its storage"):
        parse_t7(content.replace(layout, empty))


def test_numbers_beyond_their_type() -> None:
    content = write_t7(np.array([1.5, 2.5, 7.25], np.float32), text=True)
    assert content.count(b"7.25") == 1
    with pytest.raises(InputError, match="beyond its type"):
        parse_t7(content.replace(b"7.25", b"1e99"))


@each_kind
def test_shared_objects_are_read_once(kind: Any) -> None:
    shared = np.ones(3, np.float32)
    node = module("ReLU", twice={1.0: shared, 2.0: shared})
    table = {"a": node, "b": node}
    read = parse_t7(write_t7(table, **kind))
    assert read["a"] is read["b"]
    assert read["a"].fields["twice"][1.0] is read["a"].fields["twice"][2.0]


def test_a_table_that_holds_itself() -> None:
    table: dict[str, Any] = {}
    table["me"] = table
    read = parse_t7(write_t7(table))
    assert read["me"] is read


def test_functions_are_skipped() -> None:
    import struct

    dumped = struct.pack("<iii", 8, 1, 4) + b"\x1bLua" + struct.pack("<i", 0)
    key = write_t7("f")
    content = struct.pack("<iii", 3, 7, 1) + key + dumped
    assert parse_t7(content) == {"f": None}


def test_objects(tmp_path: Path) -> None:
    (tmp_path / "net.t7").write_bytes(write_t7(sequence(module("ReLU"), module("Tanh"))))
    read = read_t7(tmp_path / "net.t7")
    assert isinstance(read, TorchObject)
    assert read.kind == "nn.Sequential"
    assert [each.kind for each in read.fields["modules"].values()] == ["nn.ReLU", "nn.Tanh"]


def test_classes_that_are_not_allowed() -> None:
    with pytest.raises(InputError, match=r"a os\.Execute, which is not allowed"):
        parse_t7(write_t7(TorchObject("os.Execute", {})))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello, world", b"\x09\x00\x00\x00", b"3\n", bytes(3), b"\x04\x00\x00\x00" * 50],
)
def test_no_t7_file(content: bytes) -> None:
    with pytest.raises(InputError, match=r"no whole \.t7 file"):
        parse_t7(content)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_t7(tmp_path / "missing.t7")


@each_kind
def test_cut_anywhere(kind: Any) -> None:
    weight = np.ones((2, 2), np.float32)
    content = write_t7(sequence(module("Linear", weight=weight)), **kind)
    spare = 4 if kind.get("text") else 0  # "1.0" may be cut to "1"
    for end in range(len(content) - spare):
        with pytest.raises(InputError):
            parse_t7(content[:end])


WHOLE = write_t7(sequence(module("Linear", weight=np.ones((3, 4)), name="x", train=False)))
ASCII = write_t7(sequence(module("Linear", weight=np.ones((3, 4)), name="x")), text=True)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([WHOLE, ASCII]), st.data())
def test_damaged_anywhere(content: bytes, data: Any) -> None:
    """Whatever the bytes, there is a value or an InputError, at once."""
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        parse_t7(bytes(damaged))


def test_sizes_are_checked_before_anything_is_allocated() -> None:
    content = write_t7(np.ones((2, 2), np.float32))
    huge = np.array([1 << 40, 1 << 20], dtype="<i8").tobytes()
    with pytest.raises(InputError):
        parse_t7(content.replace(np.array([2, 2], dtype="<i8").tobytes(), huge))
    deep: dict[float, Any] = {}
    for _ in range(500):
        deep = {1.0: deep}
    with pytest.raises(InputError, match="too deep"):
        parse_t7(write_t7(deep))


def test_numbers_that_are_no_numbers() -> None:
    assert math.isnan(parse_t7(write_t7(float("nan"))))
