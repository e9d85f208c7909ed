"""Gatys' optimisation: a picture with the content of a photo and the style of paintings.

Gatys, Ecker & Bethge 2016, "Image style transfer using convolutional neural networks" (the paper
below). The pixels themselves are optimised, through VGG-19, by L-BFGS. The objective is the paper's
equation 7, with two more losses::

    loss = content_weight * content + self_similarity_weight * self-similarity
        + style_weight * style + tv_weight * total variation

VGG-19 sees some ten times less far than a large picture is wide: what it compares there is
brushwork. So the picture is painted small at first, against the whole painting, as small: then
swirls and planes of colour are what it sees. Each larger scale starts from the one before (Gatys et
al. 2017, "Controlling perceptual factors in neural style transfer", section 6). Self-similarity
(Kolkin et al. 2019) keeps the photo's layout while that happens, and faces count for more.

Further departures, each of which can be undone by an option: losses are scale-free
(`impasto.perceptual.losses`); the start is the photo instead of noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor

from impasto._util.arrays import Floats, Pixels
from impasto.errors import MissingExtraError, OptionError
from impasto.gatys.lbfgs import minimise
from impasto.gatys.objective import Objective, Part
from impasto.gatys.options import DEFAULT_SIZE_PX, EFFECTS, SMALLEST_PX, PaintOptions
from impasto.images import Picture, PictureSource, as_picture, blend, keep_colors, resize
from impasto.masks.areas import Areas, Region, find_areas
from impasto.masks.faces import face_mask
from impasto.masks.parse import AreaSource, as_area
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.tensors import to_pixels, to_tensor
from impasto.perceptual.vgg import Vgg19
from impasto.progress import Progress, ProgressListener, ignore_progress

LBFGS_MEMORY_BYTES = 1 << 30
DRAFT_STEPS = 50


@dataclass(frozen=True)
class Iterate:
    """A finished step of the optimiser.

    Attributes:
        step: of all scales together, from 1.
        width, height: of the picture at this scale, in pixels.
        losses: `impasto.gatys.objective.Objective` tells.
        pixels: what is painted so far, 1 x 3 x H x W, 0-1.
        finish: makes a picture of pixels, with the photo where it is to stay.
    """

    step: int
    steps: int
    width: int
    height: int
    losses: Mapping[str, float]
    pixels: Tensor
    finish: Callable[[Pixels], Picture] = Picture

    def picture(self) -> Picture:
        """Return what is painted so far, at this scale's size: what `paint` gives if this is the
        end.
        """
        return self.finish(to_pixels(self.pixels))


def paint(
    photo: PictureSource,
    paintings: PictureSource | Sequence[PictureSource],
    options: PaintOptions | None = None,
    *,
    painting_weights: Sequence[float] | None = None,
    regions: Sequence[tuple[AreaSource, PictureSource]] = (),
    mask: AreaSource | None = None,
    hardware: Hardware | None = None,
    on_iterate: Callable[[Iterate], None] = lambda iterate: None,
) -> Picture:
    """Paint a photo in the style of one or several paintings.

    The same inputs, options and hardware give the same picture.

    Args:
        photo: as `impasto.images.as_picture` takes it.
        paintings: one, or several in a list, likewise.
        painting_weights: how much each painting counts; equal shares if not given.
        regions: areas (`impasto.masks.parse.as_area`) with a painting of their own each;
            ``paintings`` are for the rest.
        mask: where to paint; what it leaves out is the photo.
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
    content = as_picture(photo)
    several = paintings if isinstance(paintings, list | tuple) else [cast(PictureSource, paintings)]
    sources = [as_picture(painting).pixels for painting in several]
    weights = _shares(painting_weights, len(sources))
    areas = find_areas(
        content.pixels,
        (content.width, content.height),
        None if mask is None else as_area(mask),
        [Region(as_area(area), "") for area, _ in regions],
        protect_faces=0.0,
    )
    if areas.cover is not None and not areas.cover.any():
        raise OptionError("the mask leaves nothing to be painted", "give one with white in it")
    parts = [Part([as_picture(painting).pixels], [1.0]) for _, painting in regions]
    parts.append(Part(sources, weights))
    hardware = hardware or choose_hardware()
    return _from_coarse_to_fine(content, parts, areas, options, hardware, on_iterate)


def _from_coarse_to_fine(
    content: Picture,
    parts: Sequence[Part],
    areas: Areas,
    options: PaintOptions,
    hardware: Hardware,
    on_iterate: Callable[[Iterate], None],
) -> Picture:
    """Paint at every scale, each from the result of the one before."""
    vgg = Vgg19(hardware, options.pooling)
    faces = _find_faces(content.pixels) if options.weights["faces"] > 0 else None
    scales = _scales(content.width, content.height, options)
    plan = [max(1, options.steps // min(16, 2**number)) for number in range(len(scales))]
    pixels = _first_picture(content.pixels, scales[0], options)
    finish = partial(_finish, content, areas, options)
    done = 0
    for (width, height), steps in zip(scales, plan, strict=True):
        objective = Objective(
            vgg,
            content.pixels,
            parts,
            _guides(areas, (width, height)),
            (width, height),
            scales[-1],
            options,
            None if faces is None else resize(faces, width, height),
        )
        start = to_tensor(resize(pixels, width, height)).to(hardware.device)
        current = start
        for number, current in enumerate(_optimise(objective, start, steps), done + 1):
            event = Iterate(number, sum(plan), width, height, objective.losses, current, finish)
            on_iterate(event)
        pixels = to_pixels(current)
        done += steps
    return finish(pixels)


def optimise_draft(
    painting: PictureSource,
    photo: Pixels,
    effect: float = 0.5,
    progress: ProgressListener = ignore_progress,
    *,
    hardware: Hardware | None = None,
) -> Pixels:
    """Paint a small photo at its own size, in seconds: large forms, for a network to revise.

    Args:
        painting: as `impasto.images.as_picture` takes it.
        effect: 0 is subtle, 1 bold; see `PaintOptions`.
        hardware: as `paint` takes it.

    Raises:
        as `paint`.
    """
    effects = tuple(EFFECTS)
    options = PaintOptions(
        effect=effects[round(effect * (len(effects) - 1))],
        size_px=max(photo.shape[:2]),
        steps=DRAFT_STEPS,
    )

    def tell(iterate: Iterate) -> None:
        progress(Progress("optimising the draft", iterate.step, iterate.steps))

    return paint(Picture(photo), painting, options, hardware=hardware, on_iterate=tell).pixels


def _finish(content: Picture, areas: Areas, options: PaintOptions, result: Pixels) -> Picture:
    """Return what the photo has to say at last: its colours, its pixels beyond the mask, its
    transparency and metadata.
    """
    height, width = result.shape[:2]
    if options.keep_colors:
        result = keep_colors(result, resize(content.pixels, width, height))
    if (cover := areas.full_cover(width, height)) is not None:
        result = blend(resize(content.pixels, width, height), result, cover)
    alpha = content.alpha
    if alpha is not None:
        alpha = resize(np.repeat(alpha[..., None], 3, axis=2), width, height)[..., 0]
    return Picture(result, alpha, metadata=content.metadata)


def _find_faces(photo: Pixels) -> Pixels | None:
    try:
        faces = face_mask(photo)
    except MissingExtraError:
        return None
    return faces if faces.any() else None


def _guides(areas: Areas, size: tuple[int, int]) -> Floats | None:
    """Return how much each part's paintings have to say in each place, parts x H x W; the rest is
    last.
    """
    if areas.shares is None and areas.cover is None:
        return None
    shares = (
        np.ones((1, size[1], size[0]), dtype=np.float32)
        if areas.shares is None
        else areas.share_rows(size, 0, size[1])
    )
    cover = areas.full_cover(*size)
    return shares if cover is None else shares * cover


def _optimise(objective: Objective, start: Tensor, steps: int) -> Iterator[Tensor]:
    history = max(3, min(20, LBFGS_MEMORY_BYTES // (8 * start.numel())))
    # bfloat16 losses jitter by some 1e-3 of their value.
    tolerance = 1e-3 if objective.dtype == torch.bfloat16 else 0.0
    for point in minimise(objective, start, steps=steps, history=history, tolerance=tolerance):
        yield point.position


def _scales(width: int, height: int, options: PaintOptions) -> list[tuple[int, int]]:
    """Return widths and heights, from coarse to fine; sides about double from each to the next."""
    longer, shorter = max(width, height), min(width, height)
    final = (options.size_px or min(longer, DEFAULT_SIZE_PX)) / longer
    doublings = math.log2(max(1.0, final * shorter / options.coarsest_px))
    intervals = round(doublings)
    ratio = 2 ** (doublings / max(1, intervals))
    scales = [final / ratio**k for k in reversed(range(intervals + 1))]
    return [
        (max(SMALLEST_PX, round(width * scale)), max(SMALLEST_PX, round(height * scale)))
        for scale in scales
    ]


def _first_picture(photo: Pixels, size: tuple[int, int], options: PaintOptions) -> Pixels:
    if isinstance(options.start, Picture):
        return options.start.pixels
    if options.start == "noise":
        random = np.random.default_rng(options.seed)
        return random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return photo


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
