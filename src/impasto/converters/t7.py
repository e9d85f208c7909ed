"""Torch7's serialisation (``.t7``), read with NumPy alone. Nothing in the file is executed.

Binary and ASCII files, with 64- and 32-bit longs; objects that are shared are read once. Every size
is checked against the file's own length before anything is allocated, so that a hostile or cut file
gives an error, quickly.

The format has no specification but Torch's ``File.lua``: a tag, then a nil, number, string,
boolean, table, function (skipped) or object; tables, functions and objects carry a number, by which
later mentions refer to them.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.networks.network_files import read_content

MAX_ASCII_BYTES = 96 << 20
MAX_ASCII_NUMBERS = 4_000_000  # they take long to read; Johnson's network has 1.7 million
MAX_OBJECTS = 200_000  # a checkpoint has a history of losses with it
MAX_DEPTH = 120  # of nesting; a network of residual blocks has about 20
MAX_DIMENSIONS = 8
MAX_CLASS_NAME = 128

NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, FUNCTION, OLD_FUNCTION, SHARED_FUNCTION = range(9)

ELEMENTS = {
    "Byte": "u1",
    "Char": "i1",
    "Short": "<i2",
    "Int": "<i4",
    "Long": "long",
    "Half": "<f2",
    "Float": "<f4",
    "Double": "<f8",
}
# Tensors of the graphics card were written like the others.
ELEMENTS |= {f"Cuda{name}": kind for name, kind in ELEMENTS.items()} | {"Cuda": "<f4"}
ARRAY_CLASS = re.compile(r"torch\.(\w+?)(Tensor|Storage)")
MODULE_CLASS = re.compile(r"(nn|cudnn)\.\w+")


@dataclass(eq=False)
class TorchObject:
    """An object of a Lua class.

    Attributes:
        kind: the class's name, ``nn.SpatialConvolution`` say.
        fields: what it holds, by name.
    """

    kind: str
    fields: dict[Any, Any]


class _MalformedError(ValueError):
    """An error of bytes that are no such file."""


def read_t7(path: str | os.PathLike[str]) -> Any:
    """Read a ``.t7`` file.

    Returns:
        what it holds: ``None``, ``bool``, ``float``, ``str``, ``dict`` (a Lua table; its keys are
        floats and strings), `TorchObject`, or an array (a tensor or storage).

    Raises:
        InputError: it is missing, cut off, no such file, or holds a class that is not allowed.
    """
    return parse_t7(read_content(Path(path)), str(path))


def parse_t7(content: bytes, name: str = "the data") -> Any:
    """Parse a file's content as `read_t7` does; ``name`` is what errors call the file."""
    if re.match(rb"[0-8]\s", content):
        if len(content) > MAX_ASCII_BYTES:
            raise InputError(f"{name} is a text of {len(content) >> 20} MB", "store it as binary")
        attempts: list[_Reader] = [_AsciiReader(content)]
    else:
        attempts = [_BinaryReader(content, 8), _BinaryReader(content, 4)]
    problem = ""
    for reader in attempts:
        try:
            value = reader.read_object()
            if reader is attempts[0] or reader.left == 0:
                return value  # a second attempt may succeed by chance, but not to the last byte
        except _MalformedError as error:
            problem = problem or str(error)
    raise InputError(f"{name} is no whole .t7 file ({problem})", "get the file anew")


class _Reader:
    """Reads objects; how numbers and bytes are written is for the subclasses."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0
        self._depth = 0
        self._objects = 0
        self._known: dict[int, Any] = {}

    def read_int(self) -> int:
        raise NotImplementedError

    def read_longs(self, count: int) -> list[int]:
        raise NotImplementedError

    def read_double(self) -> float:
        raise NotImplementedError

    def read_bytes(self, count: int) -> bytes:
        raise NotImplementedError

    def read_array(self, kind: str, count: int) -> NDArray[Any]:
        raise NotImplementedError

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self.content) - self.place

    def read_object(self) -> Any:
        self._depth += 1
        self._objects += 1
        if self._depth > MAX_DEPTH:
            raise _MalformedError("nested too deep")
        if self._objects > MAX_OBJECTS:
            raise _MalformedError("more parts than a network has")
        try:
            return self._read_tagged(self.read_int())
        finally:
            self._depth -= 1

    def _read_tagged(self, tag: int) -> Any:
        if tag == NIL:
            return None
        if tag == NUMBER:
            return self.read_double()
        if tag == STRING:
            return self._read_string()
        if tag == BOOLEAN:
            return self.read_int() != 0
        if tag == FUNCTION:
            return self._skip_function()
        if tag in (TABLE, TORCH, SHARED_FUNCTION, OLD_FUNCTION):
            number = self.read_int()
            if number in self._known:
                return self._known[number]
            if tag == TABLE:
                return self._read_table(number)
            if tag == TORCH:
                return self._read_torch(number)
            self._known[number] = None
            return self._skip_function()
        raise _MalformedError(f"unknown tag {tag}")

    def _read_string(self) -> str:
        return self.read_bytes(self._count(self.read_int())).decode("utf-8", "replace")

    def _count(self, count: int) -> int:
        """Return a count of things of a byte at least."""
        if not 0 <= count <= self.left:
            raise _MalformedError("cut off, or a size that cannot be")
        return count

    def _skip_function(self) -> None:
        self.read_bytes(self._count(self.read_int()))
        self.read_object()  # the values that it closes over

    def _read_table(self, number: int) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        self._known[number] = table
        for _ in range(self._count(self.read_int())):
            key = self.read_object()
            value = self.read_object()
            if isinstance(key, str | float | bool):  # others (a tensor, say) mean nothing to us
                table[key] = value
        return table

    def _read_torch(self, number: int) -> Any:
        kind = self._read_string()
        if re.match(r"V \d", kind):  # old files have no version
            kind = self._read_string()
        if array := ARRAY_CLASS.fullmatch(kind):
            element, form = array.groups()
            if element not in ELEMENTS:
                raise _MalformedError(f"a {kind}, which is not known")
            if form == "Storage":
                value = self.read_array(ELEMENTS[element], self._count(*self.read_longs(1)))
            else:
                value = self._read_tensor()
            self._known[number] = value
            return value
        if not MODULE_CLASS.fullmatch(kind):
            raise _MalformedError(f"a {kind[:MAX_CLASS_NAME]}, which is not allowed")
        made = TorchObject(kind, {})
        self._known[number] = made
        fields = self.read_object()
        if not isinstance(fields, dict):
            raise _MalformedError(f"a {kind} without fields")
        made.fields = fields
        return made

    def _read_tensor(self) -> NDArray[Any]:
        dimensions = self.read_int()
        if not 0 <= dimensions <= MAX_DIMENSIONS:
            raise _MalformedError(f"a tensor of {dimensions} dimensions")
        shape, strides = self.read_longs(dimensions), self.read_longs(dimensions)
        (offset,) = self.read_longs(1)
        storage = self.read_object()
        if dimensions == 0:
            return np.zeros(0, dtype=np.float32)
        if not isinstance(storage, np.ndarray) or storage.ndim != 1:
            raise _MalformedError("a tensor without a storage")
        if min(shape) < 0 or min(strides) < 0 or offset < 1:
            raise _MalformedError("a tensor with negative sizes")
        if max(shape) > max(storage.size, 1):
            raise _MalformedError("a tensor that is larger than its storage")
        count = math.prod(shape)
        if count == 0:
            return np.zeros(shape, dtype=storage.dtype)
        last = offset - 1 + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
        if last >= storage.size or count > storage.size:
            raise _MalformedError("a tensor that is larger than its storage")
        # Along a side of 1 there is no step, whatever the file says.
        steps = [
            stride * storage.itemsize if n > 1 else 0
            for n, stride in zip(shape, strides, strict=True)
        ]
        view = np.lib.stride_tricks.as_strided(storage[offset - 1 :], shape, steps)
        return np.ascontiguousarray(view)


class _BinaryReader(_Reader):
    def __init__(self, content: bytes, long_bytes: int) -> None:
        super().__init__(content)
        self._long = f"<i{long_bytes}"

    def read_int(self) -> int:
        return int.from_bytes(self.read_bytes(4), "little", signed=True)

    def read_longs(self, count: int) -> list[int]:
        return [int(value) for value in self.read_array("long", count)]

    def read_double(self) -> float:
        return float(self.read_array("<f8", 1)[0])

    def read_bytes(self, count: int) -> bytes:
        if count > self.left:
            raise _MalformedError("cut off")
        self.place += count
        return self.content[self.place - count : self.place]

    def read_array(self, kind: str, count: int) -> NDArray[Any]:
        dtype = np.dtype(self._long if kind == "long" else kind)
        return np.frombuffer(self.read_bytes(count * dtype.itemsize), dtype=dtype)


class _AsciiReader(_Reader):
    TOKEN = re.compile(rb"\s*(\S{1,64})")

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._numbers = 0

    def _token(self) -> bytes:
        match = self.TOKEN.match(self.content, self.place)
        if match is None:
            raise _MalformedError("cut off")
        self.place = match.end()
        return match.group(1)

    def read_int(self) -> int:
        token = self._token()
        if not re.fullmatch(rb"[+-]?\d{1,20}", token):
            raise _MalformedError(f"{token[:20]!r} in a number's place")
        return int(token)

    def read_longs(self, count: int) -> list[int]:
        return [self.read_int() for _ in range(count)]

    def read_double(self) -> float:
        token = self._token()
        try:
            return float(token)
        except ValueError as error:
            raise _MalformedError(f"{token[:20]!r} in a number's place") from error

    def read_bytes(self, count: int) -> bytes:
        start = self.place + 1  # after the newline behind the length
        if start + count > len(self.content):
            raise _MalformedError("cut off")
        self.place = start + count
        return self.content[start : self.place]

    def read_array(self, kind: str, count: int) -> NDArray[Any]:
        dtype = np.dtype("<i8" if kind == "long" else kind)
        if dtype == np.uint8 or dtype == np.int8:  # written as characters, not as numbers
            return np.frombuffer(self.read_bytes(count), dtype=dtype)
        self._numbers += count
        if self._numbers > MAX_ASCII_NUMBERS:
            raise _MalformedError("more numbers as text than a network has")
        start = self.place + (self.content[self.place : self.place + 1] == b"\n")
        end = self.content.find(b"\n", start)
        self.place = end if end >= 0 else len(self.content)
        line = self.content[start : self.place].rstrip()
        if sum(line.count(space) for space in (b" ", b"\t", b"\r", b"\v", b"\f")) >= max(count, 1):
            raise _MalformedError("more numbers than there should be")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # NumPy only warns where it cannot read on
                numbers = np.fromstring(line, dtype="<f8", sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise _MalformedError("something else in a number's place") from error
        if numbers.size != count:
            raise _MalformedError("cut off")
        try:
            with np.errstate(over="raise", invalid="raise"):
                return numbers.astype(dtype)
        except FloatingPointError as error:
            raise _MalformedError("a number beyond its type") from error
