"""Pictures of any size for graphs that take some only: what is laid over and around them."""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Pixels
from impasto.engines.base import Engine
from impasto.images import add_grain, add_plain_grain, pad_reflect
from impasto.networks.input_spec import InputSpec


def paint_whole(engine: Engine, input_spec: InputSpec, photo: Pixels) -> Pixels:
    """Run a baked graph on a picture of any size: grain over it, reflect around it, run, crop."""
    padded, inside = pad_photo(input_spec, photo)
    return np.ascontiguousarray(engine.paint(padded)[inside])


def pad_photo(
    input_spec: InputSpec, photo: Pixels, left: int = 0, top: int = 0, seed: int = 0
) -> tuple[Pixels, tuple[slice, slice]]:
    """Return what the graph sees, and where in it the picture is.

    Args:
        left, top: where in a larger picture this one is, for its grain.
    """
    height, width = photo.shape[:2]
    x, y, right, bottom = input_spec.padding_px(width, height)
    photo = add_plain_grain(photo, input_spec.plain_grain, seed=seed)
    grainy = add_grain(
        photo, input_spec.grain, input_spec.coarse_grain, left=left, top=top, seed=seed
    )
    padded = pad_reflect(grainy, left=x, top=y, right=right, bottom=bottom)
    return padded, (slice(y, y + height), slice(x, x + width))
