"""Networks of pytorch/examples' fast_neural_style: state dictionaries, as ``.pth`` or ``.model``.

Only this file of the rescue needs torch, to open them (``weights_only``: nothing in them is run).
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Mapping

from impasto._util.arrays import Floats
from impasto.converters.t7 import TorchObject
from impasto.converters.torch7_modules import (
    convolution,
    instance_normalization,
    module,
    padding,
    residual,
    sequence,
)
from impasto.errors import InputError, MissingExtraError

EPSILON = 1e-5
OLD_EPSILON = 1e-9  # of the example's own normalisation, before torch had one
MAX_BLOCKS = 32


def read_state_dict(content: bytes, name: str) -> dict[str, Floats]:
    """Return all weights in a file, by their names.

    Raises:
        InputError: it is damaged, or holds something else than weights.
        MissingExtraError: torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(f"reading {name}", "learn")
    import torch

    _check_archive(content, name)
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        loaded = loaded.get("state_dict", loaded)
        arrays = {
            str(key): value.detach().to(torch.float32).numpy()
            for key, value in loaded.items()
            if isinstance(value, torch.Tensor)
        }
    except MemoryError as error:
        raise InputError(f"{name} would take absurd memory", "get the file anew") from error
    except Exception as error:  # a damaged pickle may raise anything
        raise InputError(f"{name} holds no weights that can be read", "get it anew") from error
    if sum(array.size for array in arrays.values()) > len(content):
        raise InputError(f"{name} would take absurd memory", "get the file anew")
    return arrays


def _check_archive(content: bytes, name: str) -> None:
    """Refuse a compressed file, which might become any size: torch stores weights as they are."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            honest = sum(each.file_size for each in archive.infolist()) <= len(content)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{name} is damaged", "get the file anew") from error
    if not honest:
        raise InputError(f"{name} is compressed, as torch never does", "get the file anew")


def build_pytorch_network(arrays: Mapping[str, Floats], name: str) -> TorchObject:
    """Return the example's TransformerNet around its weights; means and variances that old files
    hold of instance normalisation mean nothing.

    Raises:
        InputError: these are not its weights.
    """
    weights = _Weights(arrays, name)
    blocks = range(1, MAX_BLOCKS)
    layers = [
        *weights.layer("conv1", "in1", relu=True),
        *weights.layer("conv2", "in2", stride=2, relu=True),
        *weights.layer("conv3", "in3", stride=2, relu=True),
    ]
    for number in blocks:
        block = f"res{number}"
        if f"{block}.conv1.conv2d.weight" not in arrays:
            break
        first = weights.layer(f"{block}.conv1", f"{block}.in1", relu=True)
        second = weights.layer(f"{block}.conv2", f"{block}.in2")
        layers.append(residual(*first, *second))
    for number in (1, 2):
        layers.append(module("SpatialUpSamplingNearest", scale_factor=2))
        layers += weights.layer(f"deconv{number}", f"in{number + 3}", relu=True)
    return sequence(*layers, *weights.layer("deconv3"))


class _Weights:
    def __init__(self, arrays: Mapping[str, Floats], name: str) -> None:
        self._arrays = arrays
        self._name = name

    def layer(
        self, conv: str, norm: str = "", *, stride: int = 1, relu: bool = False
    ) -> list[TorchObject]:
        """Return reflection padding, a convolution, normalisation, ReLU."""
        kernel = self._array(f"{conv}.conv2d.weight", 4)
        bias = self._array(f"{conv}.conv2d.bias", 1, kernel.shape[0])
        margin = kernel.shape[2] // 2
        made = [padding("Reflection", margin, margin), convolution(kernel, bias, stride=stride)]
        if norm:
            old = f"{norm}.scale" in self._arrays
            names = ("scale", "shift") if old else ("weight", "bias")
            scale, shift = (self._array(f"{norm}.{each}", 1, kernel.shape[0]) for each in names)
            made.append(instance_normalization(scale, shift, OLD_EPSILON if old else EPSILON))
        return [*made, module("ReLU")] if relu else made

    def _array(self, key: str, dimensions: int, size: int | None = None) -> Floats:
        array = self._arrays.get(key)
        if array is None:
            raise InputError(
                f"{self._name} lacks {key}",
                "give a state dictionary of pytorch/examples' fast_neural_style",
            )
        if array.ndim != dimensions or (size and array.size != size) or not array.size:
            raise InputError(f"{self._name}: {key} has shape {array.shape}", "get the file anew")
        return array
