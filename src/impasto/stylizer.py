"""Image to image: grain, borders, a baked trunk on an engine; then colours, strength and alpha."""

from __future__ import annotations

import os
from dataclasses import replace
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from impasto.engines import Engine, EngineName, Precision, open_engine
from impasto.errors import OptionError
from impasto.images import (
    Picture,
    add_grain,
    bleed,
    blend,
    check_pixels,
    keep_colors,
    pad_reflect,
    read_image,
    resize,
)
from impasto.network.spec import NetworkSpec
from impasto.strokes import MAX_STROKE, MIN_STROKE, pass_sizes
from impasto.styles import Gallery, Style, open_gallery, style_vector

__all__ = ["DEFAULT_STYLE", "MAX_STRENGTH", "Stylizer", "stylize"]

DEFAULT_STYLE = "great-wave"
MAX_STRENGTH = 1.5


class Stylizer:
    """Paints pictures in one style, or one mixture of styles; open it once and use it often.

    >>> with Stylizer("great-wave:0.7+the-scream:0.3") as stylizer:
    ...     painting = stylizer(photo)  # H x W x 3 uint8 RGB, both

    Args:
        style: a name or mixture from the gallery (`impasto.styles.parse_mixture`), or a `Style`.
        strength: 0 gives the photo, 1 the painting, up to 1.5 exaggerates.
        stroke: size of the strokes, 0.5 to 2 (`impasto.strokes`).
        keep_colors: take only the painting's light and dark, and the photo's colours.
        engine: ``auto`` takes the fastest that is installed; see `impasto.engines`.
        precision: ``auto`` takes bfloat16 where the CPU has it; ``f32`` or ``bf16``.
        threads: how many the engine may use; all cores if not given.
        gallery: where styles come from; the shipped gallery if not given.

    Raises:
        OptionError: an argument is out of its range.
        StyleError: the style is unknown or does not fit the gallery's trunk.
        EngineError: the engine is missing.
    """

    def __init__(
        self,
        style: str | Style = DEFAULT_STYLE,
        *,
        strength: float = 1.0,
        stroke: float = 1.0,
        keep_colors: bool = False,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        self.strength = strength
        if not MIN_STROKE <= stroke <= MAX_STROKE:
            raise OptionError(
                f"stroke is {stroke}", f"give a number from {MIN_STROKE} to {MAX_STROKE}"
            )
        gallery = gallery or open_gallery()
        if isinstance(style, Style):
            gallery.check(style, style.name)
            vector = style.vector
        else:
            vector = style_vector(style, gallery)
        self.stroke = stroke
        self.keep_colors = keep_colors
        self._spec = gallery.trunk.spec
        self._engine = open_engine(
            gallery.trunk.bake(vector),
            engine=engine,
            precision=precision,
            threads=threads,
        )

    @property
    def strength(self) -> float:
        """How much of the painting there is; may be changed between calls, as ``keep_colors`` may.

        Raises:
            OptionError: it is out of its range.
        """
        return self._strength

    @strength.setter
    def strength(self, strength: float) -> None:
        if not 0 <= strength <= MAX_STRENGTH:
            raise OptionError(f"strength is {strength}", f"give a number from 0 to {MAX_STRENGTH}")
        self._strength = strength

    @property
    def engine(self) -> Engine:
        """The engine that runs the network."""
        return self._engine

    def __call__(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Paint one picture.

        Args:
            photo: H x W x 3, uint8, RGB, of any size.

        Returns:
            the painting, of the same shape and type.

        Raises:
            OptionError: the array is of another type or shape.
            EngineError: the engine fails.
        """
        check_pixels(photo)
        if self.strength == 0:
            return np.array(photo)  # exactly, whatever the engine's precision
        return blend(photo, self._paint(photo), self.strength)

    def _paint(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The painting at full strength."""
        height, width = photo.shape[:2]
        painting = photo
        for size in pass_sizes(width, height, self.stroke):
            painting = paint_whole(self._engine, self._spec, resize(painting, *size))
        painting = resize(painting, width, height)
        if self.keep_colors:
            painting = keep_colors(painting, photo)
        return painting

    def stylize(self, picture: Picture) -> Picture:
        """Paint a picture; its depth, profile, transparency and metadata are carried over."""
        if self.strength == 0:
            return picture
        pixels, original = picture.pixels, picture.original
        painting = self._paint(pixels if picture.alpha is None else bleed(pixels, picture.alpha))
        return replace(
            picture,
            pixels=blend(pixels, painting, self.strength),
            original=original and original.blend(painting, self.strength),
        )

    def close(self) -> None:
        """Let the engine's memory go."""
        self._engine.close()

    def __enter__(self) -> Stylizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def paint_whole(engine: Engine, spec: NetworkSpec, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Run a baked graph on a picture of any size: grain over it, reflect around it, run, crop."""
    height, width = photo.shape[:2]
    left, top, right, bottom = spec.borders(width, height)
    grainy = add_grain(photo, spec.grain)
    padded = pad_reflect(grainy, left=left, top=top, right=right, bottom=bottom)
    painted = engine.paint(padded)
    return np.ascontiguousarray(painted[top : top + height, left : left + width])


def stylize(
    photo: str | os.PathLike[str] | BinaryIO | Picture | NDArray[np.uint8],
    style: str | Style = DEFAULT_STYLE,
    *,
    strength: float = 1.0,
    stroke: float = 1.0,
    keep_colors: bool = False,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> Picture:
    """Paint one photo.

    For many, open a `Stylizer` once: opening takes longer than painting.

    Args:
        photo: a file, a `Picture`, or an H x W x 3 uint8 RGB array.
        style: a style's name, a mixture (``"great-wave:0.7+the-scream:0.3"``), or a `Style`.
        strength: see `Stylizer`.
        stroke: see `Stylizer`.
        keep_colors: see `Stylizer`.
        engine: see `Stylizer`.
        precision: see `Stylizer`.

    Returns:
        the painting; ``.save(path)`` writes it, ``.pixels`` is the array.

    Raises:
        InputError: the photo cannot be read.
        OptionError: an argument is out of its range.
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
    """
    if isinstance(photo, np.ndarray):
        picture = Picture(photo)
    elif isinstance(photo, Picture):
        picture = photo
    else:
        picture = read_image(photo)
    with Stylizer(
        style,
        strength=strength,
        stroke=stroke,
        keep_colors=keep_colors,
        engine=engine,
        precision=precision,
    ) as stylizer:
        return stylizer.stylize(picture)
