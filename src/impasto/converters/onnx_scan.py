"""Finding out what an ONNX file would cost to load, on its bytes, before anything is built of them.

A file is a tree of protobuf messages; each field is a number with a wire type, then a varint, four
or eight bytes, or a length and as many bytes. An empty message takes two bytes in the file and a
hundred in memory, so that it is fields that are counted, and bytes that are not a tensor's own.
"""

from __future__ import annotations

MAX_FIELDS = 200_000
MAX_OTHER_BYTES = 2 << 20

MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 14: "entry"},
    "graph": {
        1: "node",
        5: "tensor",
        11: "value",
        12: "value",
        13: "value",
        14: "annotation",
        16: "entry",
    },
    "node": {5: "attribute", 9: "entry"},
    "attribute": {5: "tensor", 10: "tensor"},
    "value": {2: "type", 4: "entry"},
    "type": {1: "tensor type"},
    "tensor type": {2: "shape"},
    "shape": {1: "dimension"},
    "annotation": {2: "entry"},
}
"""The messages of onnx.proto that style networks have, with the fields that are messages again."""

TENSOR_DATA = {4, 9, 10}  # of floats, raw bytes, doubles: as large in memory as in the file
SUBGRAPHS = {6, 11}  # of an attribute
VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5


def check_onnx_bytes(content: bytes) -> None:
    """Check that the bytes are an ONNX model's that takes little more memory than they do.

    Raises:
        ValueError: they are not, with what is wrong.
    """
    _Scan(content).message("model", 0, len(content))


class _Scan:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._fields = 0
        self._other = 0

    def message(self, kind: str, place: int, end: int) -> None:
        children = MESSAGES.get(kind, {})
        while place < end:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise ValueError("more parts than a style network has")
            key, place = self._varint(place, end)
            field, wire = key >> 3, key & 7
            if wire == VARINT:
                _, place = self._varint(place, end)
                continue
            if wire not in (EIGHT, FOUR, LENGTH):
                raise ValueError("no ONNX model")
            size = {EIGHT: 8, FOUR: 4}.get(wire, 0)
            if wire == LENGTH:
                size, place = self._varint(place, end)
            if size > end - place:
                raise ValueError("cut off")
            if wire == LENGTH:
                if kind == "attribute" and field in SUBGRAPHS:
                    raise ValueError("a graph inside the graph")
                if field in children:
                    self.message(children[field], place, place + size)
                elif kind != "tensor" or field not in TENSOR_DATA:
                    self._other += size
            if self._other > MAX_OTHER_BYTES:
                raise ValueError("more than weights in it")
            place += size

    def _varint(self, place: int, end: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if place >= end:
                raise ValueError("cut off")
            byte = self._content[place]
            place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, place
        raise ValueError("no ONNX model")
