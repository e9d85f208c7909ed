"""Networks of lengstrom/fast-style-transfer: the variables of a checkpoint, in order, as ``.npz``.

    import numpy, tensorflow
    reader = tensorflow.train.load_checkpoint("wave.ckpt")
    names = reader.get_variable_to_shape_map()
    numpy.savez("wave.npz", **{each: reader.get_tensor(each) for each in names})

TensorFlow calls them Variable, Variable_1, Variable_2...; what else there is (the optimiser's) is
left out. Each convolution has its kernel, then shift and scale of its instance normalisation.
"SAME" padding is not symmetric where the stride is 2.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

import numpy as np

from impasto._util.arrays import Floats
from impasto.converters.t7 import TorchObject
from impasto.converters.torch7_modules import (
    convolution,
    full_convolution,
    instance_normalization,
    module,
    padding,
    residual,
    sequence,
)
from impasto.errors import InputError

EPSILON = 1e-3
MAX_VARIABLES = 400
OUTER = 6  # convolutions that are in no residual block: three in front, three behind
COMPRESSION = 2  # at most; weights hardly shrink at all
VARIABLE = re.compile(r"Variable(_\d{1,4})?|arr_\d{1,4}")
FORM = "give the variables of lengstrom/fast-style-transfer's network in order"


def read_variables(content: bytes, name: str) -> list[Floats]:
    """Return the arrays in an ``.npz`` file, in the order of the numbers in their names.

    Args:
        content: the file's bytes; pickled objects in it are refused.

    Raises:
        InputError: it is damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        size = sum(member.file_size for member in members)
        if len(members) > MAX_VARIABLES or size > COMPRESSION * len(content):
            raise InputError(f"{name} would take absurd memory", FORM)
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files if VARIABLE.fullmatch(key)}
    except InputError:
        raise
    except Exception as error:  # zip and header may be damaged in any way
        raise InputError(f"{name} is no whole .npz file", "get it anew") from error
    # Variable is number 0, Variable_7 and arr_7 are number 7.
    ordered = [found[key] for key in sorted(found, key=lambda key: int(key.partition("_")[2] or 0))]
    if any(array.dtype.kind != "f" for array in ordered):
        raise InputError(f"{name} holds something else than weights", FORM)
    return [array.astype(np.float32) for array in ordered]


def build_tensorflow_network(variables: Sequence[Floats], name: str) -> TorchObject:
    """Return the network around its variables: kernel, shift and scale of every convolution.

    Raises:
        InputError: these are not its variables.
    """
    inner, odd = divmod(len(variables), 3)
    blocks = (inner - OUTER) // 2
    if odd or blocks < 0 or (inner - OUTER) % 2:
        raise InputError(f"{name} holds {len(variables)} variables, not 48", FORM)
    layers = []
    for number in range(inner):
        kernel, shift, scale = variables[3 * number : 3 * number + 3]
        if kernel.ndim != 4 or kernel.shape[0] != kernel.shape[1] or not kernel.size:
            raise InputError(f"{name}: variable {3 * number} is no kernel", FORM)
        outputs = kernel.shape[2] if number in (inner - 3, inner - 2) else kernel.shape[3]
        if shift.shape != (outputs,) or scale.shape != (outputs,):
            raise InputError(f"{name}: variable {3 * number + 1} is no shift", FORM)
        if number in (inner - 3, inner - 2):
            convolved = _same_full_convolution(kernel)
        else:
            convolved = _same_convolution(kernel, stride=2 if number in (1, 2) else 1)
        layers.append([*convolved, instance_normalization(scale, shift, EPSILON)])
    relu = module("ReLU")
    parts = [each for layer in layers[:3] for each in (*layer, relu)]
    for first in range(3, 3 + 2 * blocks, 2):
        parts.append(residual(*layers[first], relu, *layers[first + 1]))
    parts += [each for layer in layers[-3:-1] for each in (*layer, relu)]
    scaled = (
        module("Tanh"),
        module("MulConstant", constant_scalar=150.0),
        module("AddConstant", constant_scalar=127.5),
    )
    return sequence(*parts, *layers[-1], *scaled)


def _same_convolution(kernel: Floats, stride: int) -> list[TorchObject]:
    """Return a convolution padded as TensorFlow does it: what is odd goes below and to the right
    (for even sides).
    """
    total = max(kernel.shape[0] - stride, 0)
    before, after = total // 2, total - total // 2
    made = convolution(kernel.transpose(3, 2, 0, 1), stride=stride)
    return [padding("Zero", before, after), made]


def _same_full_convolution(kernel: Floats) -> list[TorchObject]:
    """Return the gradient of such a convolution of stride 2: what would be padding is cut off."""
    total = max(kernel.shape[0] - 2, 0)
    before, after = -(total // 2), total // 2 - total
    made = full_convolution(kernel.transpose(3, 2, 0, 1), stride=2)
    return [made, padding("Zero", before, after)]
