"""Other colours for paintings, so that an encoder sees more palettes than there are paintings."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

SATURATION = (0.2, 1.6)
CONTRAST = (0.7, 1.3)
BRIGHTNESS = (-0.12, 0.12)
NEGATIVE_SHARE = 0.1


def recolour(picture: Tensor, random: np.random.Generator) -> Tensor:
    """Return a picture with its hues turned, and other saturation, contrast and brightness; now and
    then its negative.

    Args:
        picture: float32 N x 3 x H x W, RGB, 0-1.
        random: where the changes come from.

    Returns:
        the same shape, 0-1.
    """
    turned = torch.einsum("oi,nihw->nohw", _hue_rotation(random.uniform(0, 2 * math.pi)), picture)
    grey = turned.mean(dim=1, keepdim=True)
    colours = grey + random.uniform(*SATURATION) * (turned - grey)
    middle = colours.mean(dim=(1, 2, 3), keepdim=True)
    changed = middle + random.uniform(*CONTRAST) * (colours - middle) + random.uniform(*BRIGHTNESS)
    changed = changed.clamp(0, 1)
    return 1 - changed if random.random() < NEGATIVE_SHARE else changed


def _hue_rotation(angle: float) -> Tensor:
    """Return a turn of RGB space around the axis of greys (Rodrigues' formula)."""
    axis = np.full(3, 1 / math.sqrt(3))
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = (
        math.cos(angle) * np.eye(3)
        + math.sin(angle) * cross
        + (1 - math.cos(angle)) * np.outer(axis, axis)
    )
    return torch.from_numpy(turn.astype(np.float32))
