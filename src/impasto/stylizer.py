"""Image to image: grain, borders, a baked trunk on an engine; then colours, strength and alpha."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from impasto.engines import Engine, EngineName, Precision, open_engine
from impasto.errors import OptionError
from impasto.files import names_network
from impasto.images import (
    COLOR_WAYS,
    ColorMap,
    ColorWay,
    Picture,
    add_grain,
    bleed,
    blend,
    check_pixels,
    keep_colors,
    match_histograms,
    match_linearly,
    pad_reflect,
    read_image,
    resize,
)
from impasto.network.framing import BakedNetwork, Framing
from impasto.network.spec import NetworkSpec
from impasto.strokes import MAX_STROKE, MIN_STROKE, NATURAL_PX, pass_sizes
from impasto.styles import Gallery, Style, open_gallery, style_vector

__all__ = ["DEFAULT_STYLE", "MAX_STRENGTH", "Stylizer", "open_network", "paint_whole", "stylize"]

DEFAULT_STYLE = "great-wave"
MAX_STRENGTH = 1.5


class Stylizer:
    """Paints pictures in one style, or one mixture of styles; open it once and use it often.

    >>> with Stylizer("great-wave:0.7+the-scream:0.3") as stylizer:
    ...     painting = stylizer(photo)  # H x W x 3 uint8 RGB, both

    Args:
        style: a name or mixture from the gallery (`impasto.styles.parse_mixture`), a `Style`, or
            the file of a network of its own (`impasto.legacy.convert_network`).
        strength: 0 gives the photo, 1 the painting, up to 1.5 exaggerates.
        stroke: size of the strokes, 0.5 to 2 (`impasto.strokes`).
        keep_colors: ``luminance`` (or true) takes only the painting's light and dark, and the
            photo's colours; ``histogram`` and ``linear`` give the painting the photo's histograms,
            or its mean colour and covariance (`impasto.images.colors`).
        palette: a picture, H x W x 3 uint8 RGB, whose mean colour and covariance the painting gets.
        engine: ``auto`` takes the fastest that is installed; see `impasto.engines`.
        precision: ``auto`` takes bfloat16 where the CPU has it; ``f32`` or ``bf16``.
        threads: how many the engine may use; all cores if not given.
        gallery: where styles come from; the shipped gallery if not given.

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
        keep_colors: bool | ColorWay = False,
        palette: NDArray[np.uint8] | None = None,
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
        if keep_colors not in (False, True, *COLOR_WAYS):
            raise OptionError(
                f"keep-colors is {keep_colors!r}", f"give one of {', '.join(COLOR_WAYS)}"
            )
        if palette is not None:
            check_pixels(palette)
            if keep_colors:
                raise OptionError("keep-colors and palette exclude each other", "give one of them")
        gallery = gallery or open_gallery()
        network, self._natural_px = open_network(style, gallery)
        if network.framing.fixed_px and stroke != 1:
            raise OptionError(
                f"stroke is {stroke}, and {style} paints pictures of one size only",
                "leave --stroke out",
            )
        self.stroke = stroke
        self.keep_colors = keep_colors
        self.palette = palette
        self.framing = network.framing
        self._gallery = gallery
        self._vector = _vector(style, gallery)
        self._open = partial(open_engine, engine=engine, precision=precision, threads=threads)
        self._engine = self._open(network.graph)

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

    @property
    def spec(self) -> NetworkSpec | None:
        """The trunk's layers; none for a network of its own, which cannot be frozen."""
        return None if self._vector is None else self._gallery.trunk.spec

    def pass_sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """The sizes at which a picture is painted, from coarse to fine (`impasto.strokes`)."""
        return pass_sizes(width, height, self.stroke, self._natural_px)

    def frozen_engine(self, statistics: NDArray[np.float32]) -> Engine:
        """Another engine like this one's, whose normalisation is constant; the caller closes it.

        Args:
            statistics: as `measure` gives them.
        """
        assert self._vector is not None, "only a trunk can be frozen"
        return self._open(self._gallery.trunk.bake(self._vector, statistics))

    def measure(self, photo: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The statistics by which a picture's features are normalised; for trunks with batch
        normalisation, whose statistics are their own, zeros.

        Args:
            photo: H x W x 3, uint8, RGB.

        Returns:
            mean, then variance, of every normalised layer: ``spec.style_size`` numbers.
        """
        assert self._vector is not None, "only a trunk can be measured"
        unknown = np.zeros_like(self._vector)
        if self._gallery.trunk.spec.norm != "instance":
            return unknown
        with self._open(self._gallery.trunk.bake_steered()) as engine:
            padded, _ = _padded(self.framing, photo)
            return engine.paint_steered(padded, self._vector, unknown, 0.0)[1]

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
        return self.finish(Picture(photo), self._paint_passes(photo)).pixels

    def _paint_passes(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """From coarse to fine, at full strength."""
        height, width = photo.shape[:2]
        painting = photo
        for size in self.pass_sizes(width, height):
            painting = paint_whole(
                self._engine, self.framing, resize(painting, *self.framing.fit(*size))
            )
        return resize(painting, width, height)

    def stylize(self, picture: Picture) -> Picture:
        """Paint a picture; its depth, profile, transparency and metadata are carried over."""
        if self.strength == 0:
            return picture
        pixels = picture.pixels if picture.alpha is None else bleed(picture.pixels, picture.alpha)
        return self.finish(picture, self._paint_passes(pixels))

    def finish(
        self, picture: Picture, painting: NDArray[np.uint8], colors: ColorMap | None = None
    ) -> Picture:
        """What comes after painting: colours and strength; of a whole picture, or some of its rows.

        Args:
            picture: the photo.
            painting: as large, at full strength: H x W x 3, uint8, RGB.
            colors: what `color_map` gave for the whole picture, if these are rows.
        """
        if self.keep_colors in (True, "luminance"):
            painting = keep_colors(painting, picture.pixels)
        elif colors or (colors := self.color_map(painting, picture.pixels)):
            painting = colors(painting)
        original = picture.original
        return replace(
            picture,
            pixels=blend(picture.pixels, painting, self.strength),
            original=original and original.blend(painting, self.strength),
        )

    def color_map(self, painting: NDArray[np.uint8], photo: NDArray[np.uint8]) -> ColorMap | None:
        """The change of colours that was asked for, if it depends on the whole picture.

        Args:
            painting: H x W x 3, uint8, RGB, at full strength; may be reduced.
            photo: the same, of the photo.
        """
        if self.palette is not None:
            return match_linearly(painting, self.palette)
        if self.keep_colors == "histogram":
            return match_histograms(painting, photo)
        return match_linearly(painting, photo) if self.keep_colors == "linear" else None

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
    vector = _vector(style, gallery)
    if vector is None:
        from impasto.legacy import load_network

        return load_network(str(style)), math.inf
    trunk = gallery.trunk
    return BakedNetwork(trunk.bake(vector), trunk.spec.framing), NATURAL_PX


def _vector(style: str | Style, gallery: Gallery) -> NDArray[np.float32] | None:
    """A style's vector for the gallery's trunk; none for the file of a network of its own."""
    if isinstance(style, Style):
        gallery.check(style, style.name)
        return style.vector
    return None if names_network(style) else style_vector(style, gallery)


def paint_whole(
    engine: Engine, framing: Framing, photo: NDArray[np.uint8], *, left: int = 0, top: int = 0
) -> NDArray[np.uint8]:
    """Run a baked graph on a picture of any size: grain over it, reflect around it, run, crop.

    Args:
        engine: has the graph.
        framing: of its network.
        photo: H x W x 3, uint8, RGB.
        left, top: where in a larger picture this one is, for its grain.
    """
    height, width = photo.shape[:2]
    padded, (x, y) = _padded(framing, photo, left, top)
    painted = engine.paint(padded)
    return np.ascontiguousarray(painted[y : y + height, x : x + width])


def _padded(
    framing: Framing, photo: NDArray[np.uint8], left: int = 0, top: int = 0
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """What the graph sees, and where in it the picture begins."""
    height, width = photo.shape[:2]
    before_x, before_y, after_x, after_y = framing.borders(width, height)
    grainy = add_grain(photo, framing.grain, left=left, top=top)
    padded = pad_reflect(grainy, left=before_x, top=before_y, right=after_x, bottom=after_y)
    return padded, (before_x, before_y)


def stylize(
    photo: str | os.PathLike[str] | BinaryIO | Picture | NDArray[np.uint8],
    style: str | Style = DEFAULT_STYLE,
    *,
    strength: float = 1.0,
    stroke: float = 1.0,
    keep_colors: bool | ColorWay = False,
    palette: NDArray[np.uint8] | None = None,
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
        palette: see `Stylizer`.
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
        palette=palette,
        engine=engine,
        precision=precision,
    ) as stylizer:
        return stylizer.stylize(picture)
