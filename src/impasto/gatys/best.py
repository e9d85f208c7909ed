"""The best picture in seconds: an optimised draft, and a trained network's brushwork."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from impasto.errors import OptionError
from impasto.gatys.optimize import optimise_draft
from impasto.images import Picture, bleed
from impasto.perceptual.hardware import Hardware
from impasto.stylizer import Stylizer
from impasto.two_part_model import TwoPartModel, revision_sizes

if TYPE_CHECKING:
    from impasto.gatys.options import Effect

__all__ = ["paint_best"]

EFFECTS: tuple[Effect, ...] = ("subtle", "balanced", "bold")


def paint_best(
    stylizer: Stylizer,
    photo: Picture,
    painting: str | os.PathLike[str] | Picture,
    *,
    hardware: Hardware | None = None,
) -> Picture:
    """Paint a photo from a draft that is optimised for it, not predicted; in ten to twenty seconds.

    Args:
        stylizer: of a style that has a fine network; its strength chooses the effect.
        photo: depth, profile, transparency and metadata are carried over.
        painting: that the style was learned from.
        hardware: where to optimise; see `impasto.perceptual.hardware.choose_hardware`.

    Raises:
        OptionError: the style has no fine network.
        InputError: the painting cannot be read.
        MissingExtraError: the weights of VGG-19 are not installed.
        EngineError: the engine fails.
    """
    model = stylizer.model
    if not isinstance(model, TwoPartModel):
        raise OptionError("this style has no fine network", "paint it with impasto paint")
    model.effect = stylizer.effect
    pixels = photo.pixels if photo.alpha is None else bleed(photo.pixels, photo.alpha)
    (width, height), _ = revision_sizes(photo.width, photo.height, stylizer.stroke)
    effect = EFFECTS[round(stylizer.effect * (len(EFFECTS) - 1))]
    draft = optimise_draft(Picture(pixels), painting, min(width, height), effect, hardware=hardware)
    return stylizer.finish(photo, model.paint(pixels, stylizer.stroke, draft=draft.pixels))
