"""Image to image: a style model, from coarse to fine; then colours, strength and alpha."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto._util.closeable import Closing
from impasto.defaults import DEFAULT_STYLE
from impasto.engines import Engine, EngineName, Precision
from impasto.errors import OptionError
from impasto.images import (
    COLOR_WAYS,
    ColorMap,
    ColorWay,
    Picture,
    Strength,
    bleed,
    blend,
    check_pixels,
    detail_radius_px,
    keep_colors,
    match_histograms,
    match_linearly,
    read_image,
    resize,
    restore_detail,
)
from impasto.masks.areas import Area, Areas, Region, check_area, find_areas
from impasto.multiscale import MAX_STROKE, MIN_STROKE, NATURAL_PX, pass_sizes
from impasto.networks.trunk import Trunk
from impasto.style_model import StyleModel
from impasto.styles import Gallery, Style, open_gallery
from impasto.styles.predict import find_fine_style
from impasto.two_part_model import TwoPartModel

__all__ = ["MAX_STRENGTH", "QUALITIES", "Quality", "Stylizer", "stylize"]

MAX_STRENGTH = 1.5
SUBTLE = 0.5
"""The strength at which a fine painting is as subtle as it gets; below, the photo shows through."""

Quality = Literal["auto", "live", "fine"]
QUALITIES = get_args(Quality)


class Stylizer(Closing):
    """Paints pictures in one style, or one mixture of styles; open it once and use it often.

    >>> with Stylizer("great-wave:0.7+udnie:0.3") as stylizer:
    ...     painting = stylizer(photo)  # H x W x 3 uint8 RGB, both

    Args:
        style: a name or mixture from the gallery (`impasto.styles.parse_mixture`), a `Style`, or
            the file of a network of its own (`impasto.converters.convert_network`).
        strength: 0 gives the photo, 1 the painting, up to 1.5 exaggerates. A fine painting becomes
            bolder from 0.5 to 1.5: it takes more of the style and less of the photo's forms.
        stroke: size of the strokes, 0.5 to 2 (`impasto.multiscale`).
        keep_colors: ``luminance`` (or true) takes only the painting's light and dark, and the
            photo's colours; ``histogram`` and ``linear`` give the painting the photo's histograms,
            or its mean colour and covariance (`impasto.images.colors`).
        palette: a picture, H x W x 3 uint8 RGB, whose mean colour and covariance the painting gets.
        mask: where to paint: H x W uint8, 255 for the painting and 0 for the photo, of any size; or
            a `Subject`, which is found in each photo.
        regions: areas with styles of their own, all painted in one pass; ``style`` is for the rest.
        protect_faces: from 0 (not at all) to 1 (no strokes on faces); needs the extra ``faces``.
        detail: from 0 to 1: how far the photo's edges are put back (`impasto.images.guided`).
        seed: of the grain that the strokes follow where the photo is flat.
        quality: ``fine`` drafts the whole picture and then adds brushwork
            (`impasto.two_part_model`); ``live`` runs one small network, fast enough for a camera;
            ``auto`` is fine where the style has it, and live where it does not.
        natural_px: under ``live``, pictures whose shorter side is longer than this are painted from
            coarse to fine (`impasto.multiscale`), so that strokes grow with them.
        engine: ``auto`` takes the fastest that is installed; see `impasto.engines`.
        precision: ``auto`` takes what is fastest on the CPU at a quality next to that of
            ``f32`` (`impasto.engines.choose_precision`); or ``f32``, ``bf16``, ``int8``.
        threads: how many the engine may use; all cores if not given.
        gallery: where styles come from; the shipped gallery if not given.
        steered: let `paint` take and give statistics; networks without instance normalisation have
            nothing to steer, and paint as ever.

    Attributes:
        model: paints in one piece.

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
        mask: Area | None = None,
        regions: Sequence[Region] = (),
        protect_faces: float = 0.0,
        detail: float = 0.0,
        seed: int = 0,
        quality: Quality = "auto",
        natural_px: int = NATURAL_PX,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        gallery: Gallery | None = None,
        steered: bool = False,
    ) -> None:
        self._name = style.name if isinstance(style, Style) else style
        self.strength = strength
        if keep_colors not in (False, True, *COLOR_WAYS):
            raise OptionError(
                f"keep-colors is {keep_colors!r}", f"give one of {', '.join(COLOR_WAYS)}"
            )
        if palette is not None:
            check_pixels(palette)
            if keep_colors:
                raise OptionError("keep-colors and palette exclude each other", "give one of them")
        for name, value in {"protect-faces": protect_faces, "detail": detail}.items():
            if not 0 <= value <= 1:
                raise OptionError(f"{name} is {value}", "give a number from 0 to 1")
        if seed < 0:
            raise OptionError(f"seed is {seed}", "give a whole number from 0 up")
        for area in [region.area for region in regions] + ([] if mask is None else [mask]):
            check_area(area)
        if quality not in QUALITIES:
            raise OptionError(f"quality is {quality!r}", f"give one of {', '.join(QUALITIES)}")
        gallery = gallery or open_gallery()
        beside = [region.style for region in regions]
        self.model: StyleModel | TwoPartModel
        fine = None if quality == "live" or steered else _fine_styles([*beside, style], gallery)
        if fine:
            self.model = TwoPartModel(
                *fine, seed=seed, engine=engine, precision=precision, threads=threads
            )
        elif quality == "fine":
            known = ", ".join(gallery.fine.names) if gallery.fine else "none"
            raise OptionError(f"no fine network paints {self._name}", f"there are: {known}")
        else:
            self.model = StyleModel(
                style,
                gallery,
                beside=beside,
                seed=seed,
                natural_px=natural_px,
                engine=engine,
                precision=precision,
                threads=threads,
                steered=steered,
            )
        try:
            self.stroke = stroke
        except OptionError:
            self.model.close()
            raise
        self.keep_colors = keep_colors
        self.palette = palette
        self.mask = mask
        self.regions = tuple(regions)
        self.protect_faces = protect_faces
        self.detail = detail

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
    def stroke(self) -> float:
        """Size of the strokes; may be changed between calls.

        Raises:
            OptionError: it is out of its range, or the network paints pictures of one size only.
        """
        return self._stroke

    @stroke.setter
    def stroke(self, stroke: float) -> None:
        if not MIN_STROKE <= stroke <= MAX_STROKE:
            raise OptionError(
                f"stroke is {stroke}", f"give a number from {MIN_STROKE} to {MAX_STROKE}"
            )
        if stroke != 1 and not self.takes_strokes:
            raise OptionError(
                f"stroke is {stroke}, and {self._name} paints pictures of one size only",
                "leave --stroke out",
            )
        self._stroke = stroke

    @property
    def takes_strokes(self) -> bool:
        """Whether the network paints pictures of any size, and so strokes of any."""
        return isinstance(self.model, TwoPartModel) or not self.model.input_spec.fixed_px

    @property
    def effect(self) -> float:
        """How bold a fine painting is, from 0 to 1: strength beyond a half makes it so."""
        return min(1.0, max(0.0, self.strength - SUBTLE))

    @property
    def opacity(self) -> float:
        """How much of the painting covers the photo: of a fine one all, from half strength up."""
        fine = isinstance(self.model, TwoPartModel)
        return min(1.0, self.strength / SUBTLE) if fine else self.strength

    def restyle(self, vector: NDArray[np.float32]) -> None:
        """Paint on in another style of the same trunk, or a mixture; steered stylizers only.

        Args:
            vector: float32, as `impasto.styles.Style` has it.

        Raises:
            OptionError: the stylizer is not steered, or the vector is of another trunk.
        """
        if isinstance(self.model, TwoPartModel):
            raise OptionError("a fine network's style is fixed", "open another stylizer")
        self.model.restyle(vector)

    @property
    def engine(self) -> Engine:
        """The engine that runs the network."""
        return self.model.engine

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
        return self.stylize(Picture(photo)).pixels

    def paint(
        self,
        photo: NDArray[np.uint8],
        statistics: Sequence[NDArray[np.float32]] = (),
        keep: float = 0.0,
        areas: Areas | None = None,
    ) -> tuple[NDArray[np.uint8], list[NDArray[np.float32]]]:
        """What the network makes of a picture, from coarse to fine, at full strength and in its own
        colours.

        Args:
            photo: as in a call.
            statistics: what the call before gave; for steered stylizers only.
            keep: how much of them to normalise by, 0 to 1; the rest is measured.
            areas: where which style goes, if there are several.

        Returns:
            the painting, and the statistics that were used, a vector for each pass; none unless
            the stylizer is steered.
        """
        height, width = photo.shape[:2]
        if isinstance(self.model, TwoPartModel):
            self.model.effect = self.effect
            shares_at = areas.shares_at if areas and areas.shares is not None else None
            return self.model.paint(photo, self.stroke, shares_at), []
        model = self.model
        sizes = pass_sizes(width, height, self.stroke, model.natural_px)
        given = list(statistics) if len(statistics) == len(sizes) else [None] * len(sizes)
        painting, used = photo, []
        for size, vector in zip(sizes, given, strict=True):
            reduced = resize(painting, *model.input_spec.fit(*size))
            if areas and areas.shares is not None:
                shares = areas.share_rows(size, 0, size[1])
                painting = model.paint(reduced, shares=shares)
                continue
            painting, taken = model.paint_steered(reduced, vector, keep)
            if model.is_steered:
                used.append(taken)
        return resize(painting, width, height), used

    def stylize(self, picture: Picture, full_size: tuple[int, int] | None = None) -> Picture:
        """Paint a picture; its depth, profile, transparency and metadata are carried over.

        Args:
            picture: the photo.
            full_size: its width and height before it was reduced, in whose pixels a subject's box
                is.
        """
        if self.strength == 0:
            return picture
        pixels = picture.pixels if picture.alpha is None else bleed(picture.pixels, picture.alpha)
        areas = self.find_areas(pixels, full_size or (picture.width, picture.height))
        painting = self.paint(pixels, areas=areas)[0]
        if self.detail:
            radius = detail_radius_px(picture.width, picture.height)
            painting = restore_detail(pixels, painting, self.detail, radius)
        return self.finish(picture, painting, cover=areas.full_cover(picture.width, picture.height))

    def find_areas(self, photo: NDArray[np.uint8], size: tuple[int, int]) -> Areas:
        """Where to paint, and in which style.

        Args:
            photo: H x W x 3, uint8, RGB; a reduced copy will do.
            size: its full width and height.

        Raises:
            OptionError: there is no subject.
            MissingExtraError: the detector of faces is not installed.
        """
        return find_areas(photo, size, self.mask, self.regions, self.protect_faces)

    def finish(
        self,
        picture: Picture,
        painting: NDArray[np.uint8],
        colors: ColorMap | None = None,
        cover: NDArray[np.float32] | None = None,
    ) -> Picture:
        """What comes after painting: colours and strength; of a whole picture, or some of its rows.

        Args:
            picture: the photo.
            painting: as large, at full strength: H x W x 3, uint8, RGB.
            colors: what `color_map` gave for the whole picture, if these are rows.
            cover: H x W, 0-1: where the painting is; everywhere if not given.
        """
        if self.keep_colors in (True, "luminance"):
            painting = keep_colors(painting, picture.pixels)
        elif colors or (colors := self.color_map(painting, picture.pixels)):
            painting = colors(painting)
        strength: Strength = self.opacity if cover is None else cover * np.float32(self.opacity)
        original = picture.original
        return replace(
            picture,
            pixels=blend(picture.pixels, painting, strength),
            original=original and original.blend(painting, strength),
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
        self.model.close()


def stylize(
    photo: str | os.PathLike[str] | BinaryIO | Picture | NDArray[np.uint8],
    style: str | Style = DEFAULT_STYLE,
    *,
    strength: float = 1.0,
    stroke: float = 1.0,
    keep_colors: bool | ColorWay = False,
    palette: NDArray[np.uint8] | None = None,
    mask: Area | None = None,
    regions: Sequence[Region] = (),
    protect_faces: float = 0.0,
    detail: float = 0.0,
    seed: int = 0,
    quality: Quality = "auto",
    engine: EngineName = "auto",
    precision: Precision = "auto",
    gallery: Gallery | None = None,
) -> Picture:
    """Paint one photo.

    For many, open a `Stylizer` once: opening takes longer than painting.

    Args:
        photo: a file, a `Picture`, or an H x W x 3 uint8 RGB array.
        style: a style's name, a mixture (``"great-wave:0.7+udnie:0.3"``), a `Style`, or the
            file of a network of its own.
        strength, stroke, keep_colors, palette, mask, regions, protect_faces, detail, seed, quality,
            engine, precision, gallery: see `Stylizer`.

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
        mask=mask,
        regions=regions,
        protect_faces=protect_faces,
        detail=detail,
        seed=seed,
        quality=quality,
        engine=engine,
        precision=precision,
        gallery=gallery,
    ) as stylizer:
        return stylizer.stylize(picture)


def _fine_styles(
    styles: Sequence[str | Style], gallery: Gallery
) -> tuple[Trunk, list[NDArray[np.float32]]] | None:
    """The trunk in two parts that paints in all of these styles, and their vectors; None where one
    of them has no fine network.
    """
    found = [find_fine_style(style, gallery) for style in styles]
    trunks = {style.trunk for style in found if style}
    if None in found or len(trunks) != 1:
        return None
    vectors = [style.vector for style in found if style]
    assert found[0]
    assert gallery.fine
    return gallery.fine.trunk_of(found[0]), vectors
