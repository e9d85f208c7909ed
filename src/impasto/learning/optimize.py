"""Gatys' optimisation: a picture with the content of a photo and the style of paintings.

Gatys, Ecker & Bethge 2016, "Image style transfer using convolutional neural networks" (the paper
below). The pixels themselves are optimised, through VGG-19, by L-BFGS or Adam. The objective is the
paper's equation 7, total variation added::

    loss = content_weight * content + style_weight * style + tv_weight * total variation

Departures, each of which can be undone by an option: losses are scale-free
(`impasto.learning.losses`); the start is the photo instead of noise; it goes from coarse to fine,
each scale starting from the one before, as VGG-19's field of view is too small for large pictures
(Gatys et al. 2017, "Controlling perceptual factors in neural style transfer", section 6).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import OptionError
from impasto.images import Picture, keep_colors, read_image, resize
from impasto.learning.hardware import Hardware, choose_hardware
from impasto.learning.lbfgs import minimise
from impasto.learning.losses import (
    content_loss,
    gram_matrix,
    paper_content_loss,
    paper_style_loss,
    style_loss,
    total_variation,
)
from impasto.learning.photos import to_tensor
from impasto.learning.vgg import Pooling, Vgg19, check_layers

__all__ = ["DEFAULT_SIZE_PX", "Iterate", "PaintOptions", "paint"]

DEFAULT_SIZE_PX = 1024
SMALLEST_PX = 32
LBFGS_MEMORY_BYTES = 1 << 30

ImageSource = str | os.PathLike[str] | Picture | NDArray[np.uint8]


def _equal(*layers: str) -> Mapping[str, float]:
    return dict.fromkeys(layers, 1.0)


@dataclass(frozen=True)
class PaintOptions:
    """How to paint.

    Attributes:
        content_weight: alpha in the paper's equation 7.
        style_weight: beta in it.
        tv_weight: of total variation; smooths noise away.
        content_layers: weights of VGG-19 layers for the content (the paper: relu4_2).
        style_layers: weights of layers for the style, relative to each other (the paper: relu1_1,
            relu2_1, relu3_1, relu4_1 and relu5_1 alike).
        losses: ``scale-free``, each divided by its target's size, so that one set of weights serves
            all paintings; or ``paper``: equations 1, 4 and 5. The paper's sums have weights of
            another order: start from a content weight of 1 and a style weight of 1e3 to 1e4.
        pooling: ``max`` or ``average``.
        optimizer: ``lbfgs`` or ``adam``.
        learning_rate: of Adam, in units of the pixel range 0-1.
        steps: iterations at the coarsest scale; every finer one has half as many as the one before,
            and a quarter of this number at least.
        start: ``content``, ``noise``, or a picture (scaled to fit).
        size_px: the longer side of the result; the photo's own if not given, `DEFAULT_SIZE_PX` at
            most.
        coarsest_px: the longer side of the coarsest scale, about: scales double. As large as
            ``size_px`` for a single scale.
        painting_scale: the paintings' area is the picture's times the square of this: larger gives
            larger strokes.
        keep_colors: the photo's colours (`impasto.images.keep_colors`).
        seed: of the noise.
    """

    content_weight: float = 1.0
    style_weight: float = 15.0
    tv_weight: float = 0.5
    content_layers: Mapping[str, float] = field(default_factory=lambda: _equal("relu4_2"))
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: _equal("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    )
    losses: Literal["scale-free", "paper"] = "scale-free"
    pooling: Pooling = "max"
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: float = 0.02
    steps: int = 200
    start: Literal["content", "noise"] | Picture = "content"
    size_px: int | None = None
    coarsest_px: int = 256
    painting_scale: float = 1.0
    keep_colors: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("content_weight", "style_weight", "tv_weight", "seed"):
            _check_range(name, getattr(self, name), 0)
        for name in ("learning_rate", "painting_scale"):
            _check_range(name, getattr(self, name), 1e-6)
        _check_range("steps", self.steps, 1)
        for name in ("size_px", "coarsest_px"):
            if (value := getattr(self, name)) is not None:
                _check_range(name, value, SMALLEST_PX)
        _check_choice("losses", self.losses, ("scale-free", "paper"))
        _check_choice("pooling", self.pooling, ("max", "average"))
        _check_choice("optimizer", self.optimizer, ("lbfgs", "adam"))
        if not isinstance(self.start, Picture):
            _check_choice("start", self.start, ("content", "noise"))
        check_layers(self.content_layers, "content_layers")
        check_layers(self.style_layers, "style_layers")


@dataclass(frozen=True)
class Iterate:
    """One step of the optimiser is done.

    Attributes:
        step: of all scales together, from 1.
        steps: how many there are.
        width, height: of the picture at this scale, in pixels.
        losses: ``content``, ``style`` and ``total variation`` before their weights, and ``total``.
        pixels: what is painted so far, 1 x 3 x H x W, 0-1.
    """

    step: int
    steps: int
    width: int
    height: int
    losses: Mapping[str, float]
    pixels: Tensor

    def picture(self) -> Picture:
        """What is painted so far, at this scale's size."""
        return Picture(_to_pixels(self.pixels))


def paint(
    photo: ImageSource,
    paintings: ImageSource | Sequence[ImageSource],
    options: PaintOptions | None = None,
    *,
    painting_weights: Sequence[float] | None = None,
    hardware: Hardware | None = None,
    on_iterate: Callable[[Iterate], None] = lambda iterate: None,
) -> Picture:
    """Paint a photo in the style of one or several paintings.

    The same inputs, options and hardware give the same picture.

    Args:
        photo: a file, a `Picture`, or an H x W x 3 uint8 RGB array.
        paintings: one or several of the same kinds.
        options: see `PaintOptions`.
        painting_weights: how much each painting counts; equal shares if not given.
        hardware: where to compute; `choose_hardware` if not given.
        on_iterate: told after every step. What it raises, `KeyboardInterrupt` above all, ends the
            work; the iterates it was given are the results so far.

    Returns:
        the painting, ``size_px`` long, with the photo's transparency.

    Raises:
        InputError: a picture cannot be read.
        OptionError: an option is out of its range.
        MissingExtraError: the weights of VGG-19 are not installed.
    """
    options = options or PaintOptions()
    if isinstance(paintings, str | os.PathLike | Picture | np.ndarray):
        paintings = [paintings]
    content = _open(photo)
    sources = [_open(painting).pixels for painting in paintings]
    weights = _shares(painting_weights, len(sources))
    hardware = hardware or choose_hardware()
    vgg = Vgg19(hardware, options.pooling)

    scales = _scales(content.width, content.height, options)
    plan = _steps_per_scale(len(scales), options.steps)
    pixels = _first_picture(content.pixels, scales[0], options)
    done = 0
    for (width, height), steps in zip(scales, plan, strict=True):
        objective = _Objective(
            vgg, content.pixels, sources, weights, (width, height), scales[-1], options
        )
        start = to_tensor(resize(pixels, width, height)).to(hardware.device)
        current = start
        for number, current in enumerate(_optimise(objective, start, steps, options), done + 1):
            event = Iterate(number, sum(plan), width, height, objective.losses, current)
            on_iterate(event)
        pixels = _to_pixels(current)
        done += steps
    result = pixels
    width, height = scales[-1]
    if options.keep_colors:
        result = keep_colors(result, resize(content.pixels, width, height))
    alpha = content.alpha
    if alpha is not None:
        alpha = resize(np.repeat(alpha[..., None], 3, axis=2), width, height)[..., 0]
    return Picture(result, alpha, metadata=content.metadata)


class _Objective:
    """The weighted sum of losses at one scale, and its gradient."""

    def __init__(
        self,
        vgg: Vgg19,
        photo: NDArray[np.uint8],
        paintings: Sequence[NDArray[np.uint8]],
        painting_weights: Sequence[float],
        size: tuple[int, int],
        final_size: tuple[int, int],
        options: PaintOptions,
    ) -> None:
        self.vgg = vgg
        self.options = options
        self.losses: dict[str, float] = {}
        self.painting_weights = painting_weights
        device = vgg.get_buffer("mean_bgr").device
        area = size[0] * size[1]
        # The paper's content loss is a sum over positions. At a coarser scale it is multiplied up,
        # so that its balance with style, whose loss has no such factor, is the final size's.
        self.content_factor = (
            final_size[0] * final_size[1] / area if options.losses == "paper" else 1.0
        )
        with torch.no_grad():
            content = to_tensor(resize(photo, *size)).to(device)
            self.content = vgg(content, options.content_layers)
            self.grams = []
            for painting in paintings:
                scaled = to_tensor(_scale_to_area(painting, area * options.painting_scale**2))
                features = vgg(scaled.to(device), options.style_layers)
                self.grams.append({name: gram_matrix(each) for name, each in features.items()})

    def __call__(self, picture: Tensor) -> tuple[float, Tensor]:
        picture = picture.detach().requires_grad_()
        options = self.options
        features = self.vgg(picture, {*options.content_layers, *options.style_layers})
        content, style = self._content(features), self._style(features)
        variation = total_variation(picture).sum()
        total = (
            options.content_weight * content
            + options.style_weight * style
            + options.tv_weight * variation
        )
        (gradient,) = torch.autograd.grad(total, picture)
        self.losses = {
            "content": content.item(),
            "style": style.item(),
            "total variation": variation.item(),
            "total": total.item(),
        }
        return total.item(), gradient

    def _content(self, features: Mapping[str, Tensor]) -> Tensor:
        loss = content_loss if self.options.losses == "scale-free" else paper_content_loss
        terms = [
            weight * loss(features[layer], self.content[layer])
            for layer, weight in self.options.content_layers.items()
        ]
        return self.content_factor * torch.stack(terms).sum()

    def _style(self, features: Mapping[str, Tensor]) -> Tensor:
        """Mean over layers (scale-free), or equation 5: the weighted sum of equation 4."""
        scale_free = self.options.losses == "scale-free"
        loss = style_loss if scale_free else paper_style_loss
        terms = []
        for layer, weight in self.options.style_layers.items():
            gram = gram_matrix(features[layer])
            for share, targets in zip(self.painting_weights, self.grams, strict=True):
                terms.append(weight * share * loss(gram, targets[layer]))
        total = torch.stack(terms).sum()
        return total / sum(self.options.style_layers.values()) if scale_free else total


def _optimise(
    objective: _Objective, start: Tensor, steps: int, options: PaintOptions
) -> Iterator[Tensor]:
    if options.optimizer == "lbfgs":
        history = max(3, min(20, LBFGS_MEMORY_BYTES // (8 * start.numel())))
        # bfloat16 losses jitter by some 1e-3 of their value.
        tolerance = 1e-3 if objective.vgg.dtype == torch.bfloat16 else 0.0
        for point in minimise(objective, start, steps=steps, history=history, tolerance=tolerance):
            yield point.position
        return
    picture = start.clone().requires_grad_()
    adam = torch.optim.Adam([picture], lr=options.learning_rate)
    for _ in range(steps):
        _, picture.grad = objective(picture)
        adam.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        yield picture.detach()


def _scales(width: int, height: int, options: PaintOptions) -> list[tuple[int, int]]:
    """Widths and heights, from coarse to fine; each side doubles."""
    longer = max(width, height)
    final = options.size_px or min(longer, DEFAULT_SIZE_PX)
    count = 1 + max(0, round(math.log2(final / options.coarsest_px)))
    sizes = [final / 2**k for k in reversed(range(count))]
    return [
        (max(SMALLEST_PX, round(width * s / longer)), max(SMALLEST_PX, round(height * s / longer)))
        for s in sizes
    ]


def _steps_per_scale(count: int, steps: int) -> list[int]:
    return [max(1, steps // min(4, 2**k)) for k in range(count)]


def _first_picture(
    photo: NDArray[np.uint8], size: tuple[int, int], options: PaintOptions
) -> NDArray[np.uint8]:
    if isinstance(options.start, Picture):
        return options.start.pixels
    if options.start == "noise":
        random = np.random.default_rng(options.seed)
        return random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return photo


def _scale_to_area(pixels: NDArray[np.uint8], area: float) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = math.sqrt(area / (width * height))
    return resize(
        pixels, max(SMALLEST_PX, round(width * scale)), max(SMALLEST_PX, round(height * scale))
    )


def _open(source: ImageSource) -> Picture:
    if isinstance(source, Picture):
        return source
    return Picture(source) if isinstance(source, np.ndarray) else read_image(source)


def _shares(weights: Sequence[float] | None, count: int) -> list[float]:
    if count == 0:
        raise OptionError("no painting", "give at least one")
    if weights is None:
        return [1 / count] * count
    if len(weights) != count or not all(0 <= w < math.inf for w in weights) or not any(weights):
        raise OptionError(
            f"painting weights are {list(weights)} for {count} paintings",
            "give one number from 0 up for each, not all 0",
        )
    return [weight / sum(weights) for weight in weights]


def _to_pixels(picture: Tensor) -> NDArray[np.uint8]:
    planes = picture[0].clamp(0, 1).mul(255).round().byte()
    return np.ascontiguousarray(planes.permute(1, 2, 0).cpu().numpy())


def _check_range(option: str, value: float, least: float) -> None:
    if not least <= value < math.inf:
        raise OptionError(f"{option} is {value}", f"give a number from {least} up")


def _check_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(f"{option} is {value!r}", f"one of {', '.join(known)}")
