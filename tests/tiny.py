"""A tiny network, and a gallery with it: seeded random weights, a few hundred parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from impasto.networks.encoder import Encoder, EncoderSpec
from impasto.networks.spec import Conv, NetworkSpec, Residual, Skip, Smooth
from impasto.networks.trunk import Trunk, random_trunk, write_trunk
from impasto.styles import Gallery, Style, StyleCard, write_style
from impasto.styles.pack import TRUNK_FILE

T = TypeVar("T")

TINY = NetworkSpec(
    name="tiny",
    layers=(
        Conv("down1", 3, 4, stride=2),
        Conv("down2", 4, 6, stride=2),
        Residual((Conv("body1a", 6, 6, dilation=2), Conv("body1b", 6, 6, relu=False))),
        Conv("up1", 6, 4, kernel=1, shuffle=2, relu=False),
        Smooth(4),
        Skip("down1"),
        Conv("paint", 4, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.04,
    coarse_grain=0.03,
)


TINY_DRAFT = replace(TINY, name="tiny-draft", coarse_grain=0.0, plain_grain=0.1)
TINY_REVISION = NetworkSpec(
    name="tiny-revision",
    layers=(
        Conv("down1", 6, 4, stride=2),
        Residual((Conv("body1a", 4, 4), Conv("body1b", 4, 4, relu=False))),
        Skip("down1"),
        Conv("paint", 4, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.02,
    revises=True,
)


def tiny_style(trunk: Trunk, name: str, seed: int) -> Style:
    random = np.random.default_rng(seed)
    vector = random.uniform(0.2, 1.0, trunk.vector_sizes[0]).astype(np.float32)
    card = StyleCard(
        title=f"Painting {seed}", artist="Nobody", licence="CC0", painting=f"{name}.png"
    )
    return Style(name, vector, trunk.fingerprint, card)


def with_last_layer(style: Style, trunk: Trunk, seed: int = 0) -> Style:
    """The same style, with a last layer that is quite another than its trunk's."""
    added = np.random.default_rng(seed).normal(0, 0.1, trunk.spec.last_layer_size)
    return replace(style, vector=np.concatenate([style.vector, added.astype(np.float32)]))


def tiny_two_part_trunk(seed: int = 0) -> Trunk:
    revision = random_trunk(TINY_REVISION, seed=seed + 1)
    return replace(random_trunk(TINY_DRAFT, seed=seed), revision=revision)


def tiny_gallery(folder: Path, *names: str, seed: int = 0, trunk: Trunk | None = None) -> Gallery:
    """A gallery in a folder, with styles ``first`` and ``second`` unless told otherwise; in a
    sub-folder of another gallery it is a pack of that one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trunk = trunk or random_trunk(TINY, seed=seed)
    write_trunk(folder / TRUNK_FILE, trunk)
    for number, name in enumerate(names or ("first", "second")):
        write_style(folder / f"{name}.style", tiny_style(trunk, name, number))
    return Gallery(folder)


def picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A colourful picture with smooth areas and edges, uint8 RGB."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        127 + 90 * np.sin(x / random.uniform(3, 12) + random.uniform(0, 6)) * np.cos(y / 9.0)
        for _ in range(3)
    ]
    pixels = np.stack(planes, axis=2)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = random.integers(0, 256, 3)
    return pixels.clip(0, 255).astype(np.uint8)


def tiny_encoder(trunk: Trunk, seed: int = 0) -> Encoder:
    """An encoder of random weights for a trunk: other paintings, other vectors."""
    spec = EncoderSpec((4, 6), more=(1,), hidden=8, bottleneck=5, style_size=trunk.spec.style_size)
    random = np.random.default_rng(seed)
    weights = {
        name: random.normal(0, 0.3, shape).astype(np.float16)
        for name, shape in spec.shapes().items()
    }
    return Encoder(spec, weights, trunk.fingerprint)


def thin_vgg_weights() -> dict[str, tuple[Any, Any]]:
    """Random weights for VGG-19, of an eighth of its channels, in proportion as He et al. begin."""
    import torch

    from impasto.perceptual.vgg import LAYERS

    random = torch.Generator().manual_seed(0)
    weights, given = {}, 3
    for name in LAYERS:
        channels = {"1": 8, "2": 16, "3": 32}.get(name[len("relu")], 64)
        kernel = torch.randn(channels, given, 3, 3, generator=random) * (2 / (9 * given)) ** 0.5
        weights[name] = kernel, torch.zeros(channels)
        given = channels
    return weights


def in_run(function: Callable[..., T], folder: Path, **given: Any) -> T:
    """Call `train`, or another that takes a `TrainingRun`, with one of what is given for it."""
    from impasto.training.run import TrainingRun

    names = {field.name for field in fields(TrainingRun)} & given.keys()
    run = TrainingRun(folder, **{name: given.pop(name) for name in names})
    return function(run=run, **given)
