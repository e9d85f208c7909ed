"""Which pictures a network takes, and a network with everything that a picture needs before it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from onnx import ModelProto

from impasto.errors import InputError
from impasto.networks.graph import add_metadata

METADATA_KEY = "impasto"
MAX_PX = 1 << 14


@dataclass(frozen=True)
class InputSpec:
    """The pictures that a graph takes, and what is laid over them and around them first.

    Attributes:
        multiple: sides must be multiples of this, in pixels.
        smallest_px: the least side.
        pad_px: reflected pixels around a picture, cropped from the painting.
        grain: standard deviation, where white is 1, of the noise to lay over a photo
            (`impasto.images.grain`).
        coarse_grain: the same of its coarse kind.
        plain_grain: the same of what is laid on plain ground alone; such a graph takes whole
            pictures, no tiles.
        fixed_px: width and height, if the graph takes no others.
    """

    multiple: int = 1
    smallest_px: int = 1
    pad_px: int = 0
    grain: float = 0.0
    coarse_grain: float = 0.0
    plain_grain: float = 0.0
    fixed_px: tuple[int, int] | None = None

    def padding_px(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return the pixels to reflect around a picture before the graph sees it: left, top, right,
        bottom.

        They make the padding, and sides that are multiples and large enough. A picture for a graph
        of fixed size is no larger than that (`fit`).
        """
        if self.fixed_px:
            return 0, 0, self.fixed_px[0] - width, self.fixed_px[1] - height
        right, bottom = (
            max(self.smallest_px, -(-(side + 2 * self.pad_px) // self.multiple) * self.multiple)
            - side
            - self.pad_px
            for side in (width, height)
        )
        return self.pad_px, self.pad_px, right, bottom

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Return the size at which a picture is painted: its own, or the largest of its proportions
        that a graph of fixed size holds.
        """
        if not self.fixed_px:
            return width, height
        scale = min(self.fixed_px[0] / width, self.fixed_px[1] / height)
        return max(1, round(scale * width)), max(1, round(scale * height))

    @classmethod
    def from_json(cls, text: str) -> InputSpec:
        """Read what a `BakedNetwork` wrote.

        Raises:
            ValueError: it is not that, or has absurd numbers.
        """
        try:
            fields = json.loads(text)
            if fields.get("fixed_px"):
                fields["fixed_px"] = tuple(fields["fixed_px"])
            input_spec = cls(**fields)
            lengths = [
                input_spec.multiple,
                input_spec.smallest_px,
                *(input_spec.fixed_px or (1, 1)),
            ]
            whole = all(type(each) is int for each in [*lengths, input_spec.pad_px])
            known = len(lengths) == 4 and 0 <= input_spec.pad_px <= MAX_PX
            known = known and all(1 <= each <= MAX_PX for each in lengths)
            amounts = input_spec.grain, input_spec.coarse_grain, input_spec.plain_grain
            known = known and all(0 <= each <= 1 for each in amounts)
        except (TypeError, AttributeError) as error:
            raise ValueError(str(error)) from error
        if not (whole and known):
            raise ValueError("sizes out of range")
        return input_spec


@dataclass(frozen=True)
class BakedNetwork:
    """A graph from ``photo`` to ``painting``, ready for any engine.

    Attributes:
        graph: a serialised ONNX model; float32, 1 x 3 x H x W, RGB, 0-1, in and out.
        input_spec: which pictures it takes.
    """

    graph: bytes
    input_spec: InputSpec

    def to_file(self, entries: dict[str, str]) -> bytes:
        """Return the graph with ``entries`` and its input spec, for `read_input_spec`."""
        text = json.dumps(asdict(self.input_spec), separators=(",", ":"))
        return add_metadata(self.graph, {**entries, METADATA_KEY: text})


def read_input_spec(model: ModelProto, name: str) -> InputSpec | None:
    """Return the input spec that a model carries, if it is one of ours.

    Raises:
        InputError: it is damaged.
    """
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            try:
                return InputSpec.from_json(entry.value)
            except ValueError as error:
                raise InputError(f"{name} has a damaged description", "get it anew") from error
    return None
