"""Pictures as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from impasto._util.arrays import Pixels


def to_tensor(pixels: Pixels) -> Tensor:
    """Convert uint8 H x W x 3 to float32 1 x 3 x H x W, 0-1."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32) / 255
    return torch.from_numpy(planes)[None]


def to_pixels(picture: Tensor) -> Pixels:
    """Convert a tensor 1 x 3 x H x W, clipped to 0-1, to uint8 H x W x 3."""
    planes = picture[0].clamp(0, 1).mul(255).round().byte()
    return np.ascontiguousarray(planes.permute(1, 2, 0).cpu().numpy())
