"""The second input of an ONNX network, which chooses the style: a number, or a picture, as
Magenta's arbitrary stylisation takes it (Ghiasi et al. 2017): straight into the network, or through
a second network that makes a vector of it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, ValueInfoProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from impasto._util.arrays import Floats
from impasto.converters.onnx_files import is_picture, read_onnx
from impasto.errors import InputError, OptionError
from impasto.images import IMAGE_SUFFIXES, read_image
from impasto.networks.network_files import read_content

FREE_PX = 256  # of a style picture's sides, if the network does not say
MAX_NUMBERS = 1 << 16


def read_style_picture(path: str, value: ValueInfoProto) -> Floats:
    """Return a picture as a network's input takes it: the square in its middle, RGB in 0-1.

    Args:
        value: the input, for which `is_picture` holds.

    Raises:
        InputError: the picture cannot be read.
    """
    from PIL import Image

    pixels = read_image(Path(path)).pixels
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    sides = [each.dim_value for each in value.type.tensor_type.shape.dim]
    last = sides[1] != 3
    rows, columns = (each or FREE_PX for each in (sides[1:3] if last else sides[2:]))
    square = Image.fromarray(pixels[top : top + side, left : left + side])
    array = np.asarray(square.resize((columns, rows), Image.Resampling.LANCZOS)) / np.float32(255)
    return np.asarray(array if last else array.transpose(2, 0, 1), dtype=np.float32)[None]


def predict_vector(network: str, picture: str, count: int) -> Floats:
    """Return what the network that belongs to another one makes of a picture.

    Args:
        network: the file of the one that takes the vector; the one that makes it lies in the same
            folder.
        count: numbers in the vector.

    Raises:
        OptionError: no such network is there, or several are.
        InputError: the picture cannot be read.
    """
    folder = Path(network).parent
    makers = _makers(Path(network), count)
    if len(makers) != 1:
        found = f"{len(makers)} networks that make" if makers else "no network that makes"
        raise OptionError(
            f"{folder} has {found} the {count} numbers for {Path(network).name}",
            f"put the one beside it, or write {network}#VECTOR.npy",
        )
    (model,) = makers
    into = model.graph.input[0]
    (vector,) = ReferenceEvaluator(model).run(None, {into.name: read_style_picture(picture, into)})
    return np.asarray(vector, dtype=np.float32)


def _makers(network: Path, count: int) -> list[ModelProto]:
    """Return the networks in the same folder from a picture to so many numbers."""
    found = []
    for path in sorted(network.parent.glob("*.onnx")):
        if path.samefile(network):
            continue
        try:
            model = read_onnx(read_content(path), str(path))
        except InputError:
            continue
        sides = [each.dim_value for each in model.graph.output[0].type.tensor_type.shape.dim]
        single = len(model.graph.input) == 1 and is_picture(model.graph.input[0])
        if single and math.prod(each or 1 for each in sides) == count:
            found.append(model)
    return found


def choose_style(model: ModelProto, choice: str | None, name: str) -> None:
    """Write the style into a model whose second input chooses it; others are left as they are.

    Args:
        model: its second input takes as many weights as there are styles, the number of one, a
            picture, or a vector that another network makes of one; it becomes a constant.
        choice: a style's number, from 0; the file of a picture; or of the vector (``.npy``).

    Raises:
        OptionError: there is no such style, none was chosen, or there is nothing to choose.
        InputError: the file with the vector or picture is missing, damaged or of another size.
    """
    graph = model.graph
    if len(graph.input) == 1:
        if choice is not None:
            raise OptionError(f"{name} has one style only", f"give {name} without #{choice}")
        return
    second = graph.input[1]
    values = _style_values(second, choice, name)
    graph.initializer.append(numpy_helper.from_array(values, second.name))
    del graph.input[1]


def _style_values(second: ValueInfoProto, choice: str | None, name: str) -> NDArray[np.generic]:
    if is_picture(second):
        if choice is None or choice.isdecimal():
            raise OptionError(f"{name} needs a painting", f"write {name}#painting.jpg")
        return read_style_picture(choice, second)
    kind = second.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
    shape = tuple(each.dim_value or 1 for each in kind.shape.dim)
    count = math.prod(shape)
    if not 0 < count <= MAX_NUMBERS or dtype.kind not in "iuf":
        raise InputError(f"{name} takes a second input of shape {shape}", "none like it is known")
    names_vector = len(shape) > 2  # 1 x 1 x 1 x 100, say, from another network
    one_number = dtype.kind != "f" and count == 1
    wanted = "a style's number"
    if names_vector:
        wanted = f"a painting, or a .npy file of {count} numbers"
    if choice is None:
        raise OptionError(f"{name} needs {wanted}", f"write {name}#... with it")
    if choice.endswith(".npy"):
        return _read_vector(choice, count).astype(dtype).reshape(shape)
    if names_vector and Path(choice).suffix.lower() in IMAGE_SUFFIXES:
        return predict_vector(name, choice, count).astype(dtype).reshape(shape)
    if names_vector or not choice.isdecimal():
        raise OptionError(f"{name}#{choice} is not {wanted}", f"write {name}#... with it")
    index = int(choice[:9])
    if one_number:
        return np.full(shape, index, dtype=dtype)
    if index >= count:
        raise OptionError(f"{name} has no style {index}", f"give a number from 0 to {count - 1}")
    values = np.zeros(count, dtype=dtype)
    values[index] = 1
    return values.reshape(shape)


def _read_vector(path: str, count: int) -> Floats:
    try:
        vector = np.load(path, mmap_mode="r", allow_pickle=False)
        if vector.size != count or vector.dtype.kind not in "iuf":
            raise ValueError(f"it has {vector.size} numbers, not {count}")
        return np.array(vector, dtype=np.float32)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        problem = (str(error).splitlines() or ["damaged"])[0][:120]
        raise InputError(
            f"{path} holds no vector for this network ({problem})", "get another"
        ) from error
