"""Image to image: grain, borders, a baked trunk on an engine; then colours, strength and alpha."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from impasto.engines import Engine, EngineName, Precision, open_engine
from impasto.errors import OptionError
from impasto.files import names_network
from impasto.images import (
    Picture,
    add_grain,
    blend,
    check_pixels,
    keep_colors,
    pad_reflect,
    read_image,
    resize,
)
from impasto.network.framing import BakedNetwork, Framing
from impasto.strokes import MAX_STROKE, MIN_STROKE, NATURAL_PX, pass_sizes
from impasto.styles import Gallery, Style, open_gallery, style_vector

__all__ = ["DEFAULT_STYLE", "MAX_STRENGTH", "Stylizer", "open_network", "paint_whole", "stylize"]

DEFAULT_STYLE = "great-wave"
MAX_STRENGTH = 1.5

Array = NDArray[np.float32]


class Stylizer:
    """Paints pictures in one style, or one mixture of styles; open it once and use it often.

    >>> with Stylizer("great-wave:0.7+the-scream:0.3") as stylizer:
    ...     painting = stylizer(photo)  # H x W x 3 uint8 RGB, both

    Args:
        style: a name or mixture from the gallery (`impasto.styles.parse_mixture`), a `Style`, or
            the file of a network of its own (`impasto.legacy.convert_network`).
        strength: 0 gives the photo, 1 the painting, up to 1.5 exaggerates.
        stroke: size of the strokes, 0.5 to 2 (`impasto.strokes`).
        keep_colors: take only the painting's light and dark, and the photo's colours.
        engine: ``auto`` takes the fastest that is installed; see `impasto.engines`.
        precision: ``auto`` takes bfloat16 where the CPU has it; ``f32`` or ``bf16``.
        threads: how many the engine may use; all cores if not given.
        gallery: where styles come from; the shipped gallery if not given.
        steered: let `paint` take and give statistics. Networks without instance normalisation have
            nothing to steer, and are baked as ever.

    Raises:
        OptionError: an argument is out of its range.
        StyleError: the style is unknown or does not fit the gallery's trunk.
        InputError: the style's file is missing, damaged, or no style network.
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
        steered: bool = False,
    ) -> None:
        self.strength = strength
        if not MIN_STROKE <= stroke <= MAX_STROKE:
            raise OptionError(
                f"stroke is {stroke}", f"give a number from {MIN_STROKE} to {MAX_STROKE}"
            )
        gallery = gallery or open_gallery()
        network, self._natural_px = open_network(style, gallery)
        if network.framing.fixed_px and stroke != 1:
            raise OptionError(
                f"stroke is {stroke}, and {style} paints pictures of one size only",
                "leave --stroke out",
            )
        self.stroke = stroke
        self.keep_colors = keep_colors
        self._framing = network.framing
        graph = network.graph
        self._vector: Array | None = None  # of a steered graph
        if steered and gallery.trunk.spec.norm == "instance" and not _is_network(style):
            self._vector = (
                style.vector if isinstance(style, Style) else style_vector(style, gallery)
            )
            graph = gallery.trunk.bake_steered()
        self._engine = open_engine(
            graph,
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
        painting, _ = self.paint(photo)
        return self.finish(photo, painting)

    def paint(
        self,
        photo: NDArray[np.uint8],
        statistics: Sequence[NDArray[np.float32]] = (),
        keep: float = 0.0,
    ) -> tuple[NDArray[np.uint8], list[NDArray[np.float32]]]:
        """What the network makes of a picture, at full strength and in its own colours.

        Args:
            photo: as in a call.
            statistics: what the call before gave; for steered stylizers only.
            keep: how much of them to normalise by, 0 to 1; the rest is measured.

        Returns:
            the painting, and the statistics that were used, a vector for each pass; none unless
            the stylizer is steered.
        """
        height, width = photo.shape[:2]
        sizes = pass_sizes(width, height, self.stroke, self._natural_px)
        if self._vector is not None and len(statistics) != len(sizes):
            statistics, keep = [np.zeros_like(self._vector)] * len(sizes), 0.0
        painting, used = photo, []
        for number, size in enumerate(sizes):
            fitting = resize(painting, *self._framing.fit(*size))
            if self._vector is None:
                painting = paint_whole(self._engine, self._framing, fitting)
            else:
                steering = (self._vector, statistics[number], keep)
                painting, taken = _paint_whole(self._engine, self._framing, fitting, steering)
                used += taken
        return resize(painting, width, height), used

    def finish(self, photo: NDArray[np.uint8], painting: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Give what `paint` made the photo's colours, if they are kept, and the right strength."""
        if self.keep_colors:
            painting = keep_colors(painting, photo)
        return blend(photo, painting, self.strength)

    def stylize(self, picture: Picture) -> Picture:
        """Paint a picture; its transparency is carried over."""
        return Picture(self(picture.pixels), picture.alpha)

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


def _is_network(style: str | Style) -> bool:
    return isinstance(style, str) and names_network(style)


def open_network(style: str | Style, gallery: Gallery) -> tuple[BakedNetwork, float]:
    """The network that paints in a style.

    Args:
        style: as `Stylizer` takes it.
        gallery: where names and mixtures come from.

    Returns:
        the network, and the shorter side in pixels up to which it paints a picture as it is. A
        network of its own paints any picture as it is, as it did where it comes from.

    Raises:
        OptionError, StyleError, InputError, MissingExtraError: see `Stylizer`.
    """
    if isinstance(style, Style):
        gallery.check(style, style.name)
        vector = style.vector
    elif names_network(style):
        from impasto.legacy import load_network

        return load_network(style), math.inf
    else:
        vector = style_vector(style, gallery)
    trunk = gallery.trunk
    return BakedNetwork(trunk.bake(vector), trunk.spec.framing), NATURAL_PX


def paint_whole(engine: Engine, framing: Framing, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Run a baked graph on a picture of any size: grain over it, reflect around it, run, crop."""
    return _paint_whole(engine, framing, photo, None)[0]


def _paint_whole(
    engine: Engine,
    framing: Framing,
    photo: NDArray[np.uint8],
    steering: tuple[Array, Array, float] | None,
) -> tuple[NDArray[np.uint8], list[Array]]:
    """As `paint_whole`; with style, statistics and how far to keep them, as a steered graph."""
    height, width = photo.shape[:2]
    left, top, right, bottom = framing.borders(width, height)
    grainy = add_grain(photo, framing.grain)
    padded = pad_reflect(grainy, left=left, top=top, right=right, bottom=bottom)
    if steering is None:
        painted, used = engine.paint(padded), []
    else:
        painted, statistics = engine.paint_steered(padded, *steering)
        used = [statistics]
    return np.ascontiguousarray(painted[top : top + height, left : left + width]), used


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
        style: a style's name, a mixture (``"great-wave:0.7+the-scream:0.3"``), a `Style`, or the
            file of a network (``"the_scream.t7"``).
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
