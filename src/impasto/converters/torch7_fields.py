"""The fields of a Torch7 module, checked as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto._util.arrays import Floats
from impasto.converters.t7 import TorchObject
from impasto.errors import InputError

DEFAULT_EPSILON = 1e-5
TILE = "impasto tile"  # the field for it, which no file has
LARGEST = 1 << 12  # of any whole number in a module


def kind_of(module: TorchObject) -> str:
    """Return a module's kind without its package: ``SpatialConvolution``, be it nn's or cudnn's."""
    return module.kind.rpartition(".")[2]


def kinds_of(network: TorchObject) -> set[str]:
    """Return the kinds of a network and of all modules in it."""
    modules = network.fields.get("modules")
    found = {kind_of(network)}
    for child in modules.values() if isinstance(modules, Mapping) else ():
        if isinstance(child, TorchObject):
            found |= kinds_of(child)
    return found


class ModuleFields:
    """A module's fields, checked as they are read.

    Args:
        name: of its file, for errors.
        path: of the module in the network, for errors.

    Methods raise `InputError` for a field that is missing, of another type or size.
    """

    def __init__(self, module: TorchObject, name: str, path: str) -> None:
        self.fields = module.fields
        self._where = f"{name}: {path}"

    def children(self) -> list[Any]:
        """Return a container's modules, in order."""
        modules = self.fields.get("modules")
        if not isinstance(modules, Mapping):
            raise self.wrong("modules")
        return [modules[number] for number in sorted(n for n in modules if isinstance(n, float))]

    def number(self, field: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = self.fields.get(field, default)
        if isinstance(value, bool) or not isinstance(value, float | int) or not np.isfinite(value):
            raise self.wrong(field)
        return float(value)

    def integer(self, field: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number from ``least`` to `LARGEST`."""
        value = self.number(field, default)
        if value != int(value) or not least <= value <= LARGEST:
            raise self.wrong(field)
        return int(value)

    def sides(self, mode: str) -> tuple[int, int, int, int]:
        """Return a padding's left, right, top, bottom; those that wrap are 0 or more."""
        least = 0 if mode == "wrap" else -LARGEST
        left, right, top, bottom = (self.integer(f"pad_{each}", 0, least=least) for each in "lrtb")
        return left, right, top, bottom

    def pooling(self) -> tuple[int, int, int, int]:
        """Return the windows of a mean: width and height, steps across and down.

        Padding, and windows that are cut at the border, are refused: no style network has them.
        """
        width, height = self.integer("kW", least=1), self.integer("kH", least=1)
        for field in ("padW", "padH"):
            if self.integer(field, 0):
                raise self.wrong(field)
        across, down = self.integer("dW", width, least=1), self.integer("dH", height, least=1)
        return width, height, across, down

    def convolution(
        self, *, transposed: bool = False
    ) -> tuple[Floats, Floats | None, list[list[int]]]:
        """Return a convolution's kernel, outputs x inputs x height x width (inputs first if it is
        transposed), its bias, and what goes down and across: steps, padding, further rows and
        columns.
        """
        planes = self.integer("nOutputPlane"), self.integer("nInputPlane")
        size = self.integer("kH"), self.integer("kW")
        bias = self.optional_array("bias", planes[:1])
        first, second = reversed(planes) if transposed else planes
        kernel = self.array("weight", (first, second, *size))  # ...MM has it in rows
        fields = (("d", 1), ("pad", 0), ("adj", 0))
        sides = [[self.integer(f"{name}{side}", least) for side in "HW"] for name, least in fields]
        return kernel, bias, sides

    def check_joins_channels(self) -> None:
        """Check that tensors are joined along their channels, the second dimension of four or the
        first of three.
        """
        dimension = self.integer("dimension", 2)
        if dimension != 2 and (dimension, self.integer("nInputDims", 0)) != (1, 3):
            raise self.wrong("dimension")

    def scale_and_shift(self) -> tuple[Floats, Floats]:
        """Return those of an instance normalisation; 1 and 0 if it has none, as texture_nets
        allows.
        """
        if self.fields.get("affine", True):
            scale = self.array("weight")
            return scale, self.array("bias", scale.shape)
        channels = self.integer("nOutput", least=1)
        return np.ones(channels, np.float32), np.zeros(channels, np.float32)

    def tile(self) -> Floats:
        """Return noise, channels x side x side, as `texture_noise` lays it in."""
        tile = self.array(TILE)
        if tile.ndim != 3 or not tile.size or tile.shape[1] != tile.shape[2]:
            raise self.wrong(TILE)
        return tile

    def array(self, field: str, shape: tuple[int, ...] | None = None) -> Floats:
        """Return a tensor as float32; of this shape, if its size fits."""
        value = self.optional_array(field, shape)
        if value is None:
            raise self.wrong(field)
        return value

    def optional_array(self, field: str, shape: tuple[int, ...] | None = None) -> Floats | None:
        """Return what `array` does; none where the field is missing."""
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, np.ndarray) or (shape and value.size != np.prod(shape)):
            raise self.wrong(field)
        array: Floats = value.astype(np.float32)
        return array.reshape(shape) if shape else array

    def wrong(self, field: str) -> InputError:
        """Return the error that says that a field does not fit."""
        return InputError(f"{self._where} has no fitting {field!r}", "get the file anew")
