"""Styles that are a picture, as Magenta's arbitrary stylisation takes them (Ghiasi et al. 2017):
straight into the network, or through a second network that makes a vector of it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, OptionError

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

__all__ = ["is_picture", "predict_vector", "read_style_picture"]

FREE_PX = 256  # of a style picture's sides, if the network does not say

Array = NDArray[np.float32]


def is_picture(value: ValueInfoProto) -> bool:
    """An input takes a picture of three channels."""
    sides = [each.dim_value for each in value.type.tensor_type.shape.dim]
    return len(sides) == 4 and (sides[1] == 3 or sides[3] == 3)


def read_style_picture(path: str, value: ValueInfoProto) -> Array:
    """A picture as a network's input takes it: the square in its middle, RGB in 0-1.

    Args:
        path: of the picture's file.
        value: the input, for which `is_picture` holds.

    Raises:
        InputError: the picture cannot be read.
    """
    from PIL import Image

    from impasto.images import read_image

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


def predict_vector(network: str, picture: str, count: int) -> Array:
    """What the network that belongs to another one makes of a picture.

    Args:
        network: the file of the one that takes the vector; the one that makes it lies in the same
            folder.
        picture: its file.
        count: numbers in the vector.

    Raises:
        OptionError: no such network is there, or several are.
        InputError: the picture cannot be read.
    """
    from onnx.reference import ReferenceEvaluator

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
    """Networks in the same folder from a picture to so many numbers."""
    from impasto.converters.network_files import read_content
    from impasto.converters.onnx_files import read_onnx

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
