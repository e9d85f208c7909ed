"""Image to image: a style model, from coarse to fine; then colours, strength and alpha."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import zip_longest
from typing import Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Unpack

from impasto._util.closeable import Closing
from impasto.defaults import DEFAULT_STYLE, ColorWay, Precision, Quality
from impasto.engines import Engine
from impasto.errors import EngineError, MissingExtraError, OptionError
from impasto.images import (
    ColorMap,
    Picture,
    PictureSource,
    Strength,
    as_picture,
    blend,
    detail_radius_px,
    keep_colors,
    match_histograms,
    match_linearly,
    read_image,
    resize,
    restore_detail,
)
from impasto.masks.areas import Areas, Region, find_areas
from impasto.masks.parse import AreaSource
from impasto.multiscale import NATURAL_PX, pass_sizes
from impasto.networks.trunk import Trunk
from impasto.options import StyleSource, StylizeKeywords, StylizeOptions, is_same
from impasto.progress import ProgressListener, ignore_progress
from impasto.style_model import StyleModel
from impasto.styles import Gallery, GallerySource, Style, open_gallery, visible_pixels
from impasto.styles.predict import find_fine_style
from impasto.two_part_model import DRAFT_PX, LayOut, TwoPartModel

SUBTLE = 0.5
"""The strength at which a fine painting is as subtle as it gets; below, the photo shows through."""

SETTLED = ("style", "quality", "gallery", "engine", "precision")
"""Options that a stylizer was opened with, and keeps."""

AREAS = frozenset({"mask", "subject", "invert_mask", "regions"})
ALL_OPTIONS = frozenset({each.name for each in fields(StylizeOptions)})

T = TypeVar("T")


class _Option(Generic[T]):
    """An option as an attribute, which is checked when it is set."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, stylizer: Stylizer | None, owner: type) -> T:
        if stylizer is None:
            return cast(T, self)  # of the class, for help
        return cast(T, getattr(stylizer.options, self._name))

    def __set__(self, stylizer: Stylizer, value: T) -> None:
        stylizer._change(stylizer.options.changed({self._name: value}), {self._name})


class Stylizer(Closing):
    """Paints pictures in one style, or one mixture of styles; open it once and use it often.

    >>> with Stylizer("great-wave:0.7+udnie:0.3") as stylizer:
    ...     painting = stylizer(photo)  # H x W x 3 uint8 RGB, both

    What it paints may be changed between calls: set its attributes, or ``options`` as a whole. It
    can be pickled, and is opened anew where it is loaded.

    Args:
        style: see `StylizeOptions`; or all options in one object.
        natural_px: under quality ``live``, pictures whose shorter side is longer than this are
            painted from coarse to fine (`impasto.multiscale`), so that strokes grow with them.
        threads: how many the engine may use; all cores if not given.
        steered: let `restyle` change the style; networks without instance normalisation have
            nothing to steer, and paint as ever.
        steered_effect: let ``strength`` change at no cost, as while a slider moves; fine paintings
            take a little longer, and their 8 bits are rounded otherwise.
        keywords: options, of which the attributes are those that may be changed.

    Raises:
        OptionError: an option is unknown or has an impossible value, or it has no effect on the
            style's network.
        StyleError: the style is unknown or does not fit the gallery's trunk.
        InputError: a style's file, a mask or the palette is missing, damaged, or something else.
        EngineError: the engine is missing.
    """

    style: _Option[StyleSource] = _Option()
    quality: _Option[Quality] = _Option()
    gallery: _Option[GallerySource] = _Option()
    precision: _Option[Precision] = _Option()
    strength: _Option[float] = _Option()
    stroke: _Option[float] = _Option()
    detail: _Option[float] = _Option()
    keep_colors: _Option[ColorWay | None] = _Option()
    palette: _Option[PictureSource | None] = _Option()
    seed: _Option[int] = _Option()
    mask: _Option[AreaSource | None] = _Option()
    subject: _Option[str | None] = _Option()
    invert_mask: _Option[bool] = _Option()
    regions: _Option[Sequence[Region | str]] = _Option()
    protect_faces: _Option[float] = _Option()

    def __init__(
        self,
        style: StyleSource | StylizeOptions = DEFAULT_STYLE,
        *,
        natural_px: float = NATURAL_PX,
        threads: int | None = None,
        steered: bool = False,
        steered_effect: bool = False,
        **keywords: Unpack[StylizeKeywords],
    ) -> None:
        options = StylizeOptions.of(style, keywords)
        self._again = partial(
            type(self),
            natural_px=natural_px,
            threads=threads,
            steered=steered,
            steered_effect=steered_effect,
        )
        self._read(options, ALL_OPTIONS)
        self._options = options
        self._model: StyleModel | TwoPartModel | None = _open_model(
            options, natural_px, threads, steered, steered_effect
        )
        try:
            self._check_stroke(options)
        except OptionError:
            self.close()
            raise

    @property
    def options(self) -> StylizeOptions:
        """The options, which may be replaced between calls, but for what the networks depend on.

        Raises:
            OptionError: another style, quality, gallery, engine or precision is asked for, or the
                network has strokes of one size only.
            InputError: a mask or the palette cannot be read.
            EngineError: the stylizer is closed.
        """
        return self._options

    @options.setter
    def options(self, options: StylizeOptions) -> None:
        if not isinstance(options, StylizeOptions):
            raise OptionError(f"options are {options!r:.80}", "give StylizeOptions")
        self._change(options, ALL_OPTIONS)

    def _change(self, options: StylizeOptions, names: Collection[str]) -> None:
        """Take other options, which differ from the former ones by these names at most."""
        before = self._options
        settled = [(name, getattr(options, name), getattr(before, name)) for name in SETTLED]
        settled += [
            ("styles of regions", new, old)
            for new, old in zip_longest(_beside(options), _beside(before))
        ]
        for name, new, old in settled:
            if not is_same(new, old):
                raise OptionError(f"another {name} cannot be set", "open another stylizer")
        self._check_stroke(options)
        self._read(options, names)
        self.model.seed = options.seed
        self._options = options

    def _read(self, options: StylizeOptions, names: Collection[str]) -> None:
        """Read the pictures that options name, as far as these are among ``names``."""
        if not AREAS.isdisjoint(names):
            self._mask, self._regions = options.areas()
        if "palette" in names:
            self._palette = options.palette_pixels()

    def _check_stroke(self, options: StylizeOptions) -> None:
        if options.stroke != 1 and not self.takes_strokes:
            raise OptionError(
                f"stroke is {options.stroke:g}, and {_name(options)} paints pictures of one size",
                "leave --stroke out",
            )

    @property
    def model(self) -> StyleModel | TwoPartModel:
        """The network that paints in one piece.

        Raises:
            EngineError: the stylizer is closed.
        """
        if self._model is None:
            raise EngineError("this stylizer is closed", "open another one")
        return self._model

    @property
    def takes_strokes(self) -> bool:
        """Whether the network paints pictures of any size, and so strokes of any."""
        return isinstance(self.model, TwoPartModel) or not self.model.input_spec.fixed_px

    @property
    def effect(self) -> float:
        """Boldness of a fine painting, from 0 to 1: strength beyond a half makes it so."""
        return min(1.0, max(0.0, self.strength - SUBTLE))

    @property
    def opacity(self) -> float:
        """Share of the painting in what is seen: of a fine one all, from half strength up."""
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

    def __call__(self, photo: PictureSource) -> NDArray[np.uint8]:
        """Paint one picture.

        Args:
            photo: H x W x 3, uint8, RGB, of any size; or what else `impasto.images.as_picture`
                takes.

        Returns:
            the painting, as large: H x W x 3, uint8, RGB.

        Raises:
            InputError: the photo cannot be read, or is of another kind.
            EngineError: the engine fails, or the stylizer is closed.
        """
        painting = self.stylize(photo).pixels
        return painting if self.strength else np.array(painting)  # the photo's own, else

    def paint(
        self,
        photo: NDArray[np.uint8],
        areas: Areas | None = None,
        progress: ProgressListener = ignore_progress,
    ) -> NDArray[np.uint8]:
        """Return what the network makes of a picture, from coarse to fine, at full strength and in
        its own colours.

        Args:
            photo: as in a call.
            areas: where which style goes, if there are several.
            progress: told of the steps of an optimised draft.
        """
        shares_at = areas.shares_at if areas and areas.shares is not None else None
        model = self.model
        if isinstance(model, TwoPartModel):
            model.effect = self.effect
            return model.paint(photo, self.stroke, shares_at, progress)
        height, width = photo.shape[:2]
        painting = photo
        for size in pass_sizes(width, height, self.stroke, model.natural_px):
            reduced = resize(painting, *model.input_spec.fit(*size))
            painting = model.paint(reduced, shares=shares_at(size) if shares_at else None)
        return resize(painting, width, height)

    def stylize(
        self,
        photo: PictureSource,
        full_size: tuple[int, int] | None = None,
        progress: ProgressListener = ignore_progress,
    ) -> Picture:
        """Paint a picture; its depth, profile, transparency and metadata are carried over.

        Args:
            photo: as of a call.
            full_size: its width and height before it was reduced, in whose pixels a subject's box
                is.
            progress: told of the steps of an optimised draft.

        Raises:
            as a call.
        """
        picture = as_picture(photo)
        if self.strength == 0:
            return picture  # exactly, whatever the engine's precision
        pixels = visible_pixels(picture)
        areas = self.find_areas(pixels, full_size or (picture.width, picture.height))
        painting = self.paint(pixels, areas, progress)
        if self.detail:
            radius = detail_radius_px(picture.width, picture.height)
            painting = restore_detail(pixels, painting, self.detail, radius)
        return self.finish(picture, painting, cover=areas.full_cover(picture.width, picture.height))

    def find_areas(self, photo: NDArray[np.uint8], size: tuple[int, int]) -> Areas:
        """Return where to paint, and in which style.

        Args:
            photo: H x W x 3, uint8, RGB; a reduced copy will do.
            size: its full width and height.

        Raises:
            OptionError: there is no subject.
            MissingExtraError: the detector of faces is not installed.
        """
        return find_areas(photo, size, self._mask, self._regions, self.protect_faces)

    def finish(
        self,
        picture: Picture,
        painting: NDArray[np.uint8],
        colors: ColorMap | None = None,
        cover: NDArray[np.float32] | None = None,
    ) -> Picture:
        """Do what comes after painting: colours and strength; of a whole picture, or some of its
        rows.

        Args:
            picture: the photo.
            painting: as large, at full strength: H x W x 3, uint8, RGB.
            colors: what `color_map` gave for the whole picture, if these are rows.
            cover: H x W, 0-1: where the painting is; everywhere if not given.
        """
        if self.keep_colors == "luminance":
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
        """Return the change of colours that was asked for, if it depends on the whole picture.

        Args:
            painting: H x W x 3, uint8, RGB, at full strength; may be reduced.
            photo: the same, of the photo.
        """
        if self._palette is not None:
            return match_linearly(painting, self._palette)
        if self.keep_colors == "histogram":
            return match_histograms(painting, photo)
        return match_linearly(painting, photo) if self.keep_colors == "linear" else None

    def close(self) -> None:
        """Let the engine's memory go; nothing can be painted after that."""
        model, self._model = self._model, None
        if model:
            model.close()

    def __reduce__(self) -> tuple[object, ...]:
        return self._again, (self.options,)


def stylize(
    photo: PictureSource,
    style: StyleSource | StylizeOptions = DEFAULT_STYLE,
    **keywords: Unpack[StylizeKeywords],
) -> Picture:
    """Paint one photo.

    For many, open a `Stylizer` once: opening takes longer than painting.

    Args:
        photo: a file, an array, an image of Pillow's: whatever `impasto.images.as_picture` takes.
        style: a style's name, a mixture (``"great-wave:0.7+udnie:0.3"``), or another style that
            `StylizeOptions` takes; or these themselves.
        keywords: options, as `StylizeOptions` has them.

    Returns:
        the painting; ``.save(path)`` writes it, ``.pixels`` is the array.

    Raises:
        InputError: the photo, or another picture, cannot be read.
        OptionError: an option is unknown or has an impossible value.
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
    """
    picture = as_picture(photo)
    with Stylizer(style, **keywords) as stylizer:
        return stylizer.stylize(picture)


def _open_model(
    options: StylizeOptions,
    natural_px: float,
    threads: int | None,
    steered: bool,
    steered_effect: bool,
) -> StyleModel | TwoPartModel:
    gallery = open_gallery(options.gallery)
    style, placed = options.placed_styles()
    beside = [each for _, each in placed]
    live = options.quality == "live" or steered
    if not live and (fine := _fine_styles([*beside, style], gallery)):
        trunk, styles = fine
        return TwoPartModel(
            [(trunk.adapted(each.kernels), each.vector) for each in styles],
            lay_out=[_optimising(each) for each in styles] if options.quality == "best" else (),
            seed=options.seed,
            steered=steered_effect,
            engine=options.engine,
            precision=options.precision,
            threads=threads,
        )
    if options.quality in ("fine", "best"):
        known = ", ".join(gallery.fine.names) if gallery.fine else "none"
        raise OptionError(
            f"no fine network paints {_name(options)}",
            f"they paint {known}; leave quality out for the others",
        )
    return StyleModel(
        style,
        gallery,
        beside=beside,
        seed=options.seed,
        natural_px=natural_px,
        engine=options.engine,
        precision=options.precision,
        threads=threads,
        steered=steered,
    )


def _name(options: StylizeOptions) -> str:
    style = options.placed_styles()[0]
    return style.name if isinstance(style, Style) else style


def _beside(options: StylizeOptions) -> list[str | Style]:
    return [style for _, style in options.placed_styles()[1]]


def _fine_styles(
    styles: Sequence[str | Style], gallery: Gallery
) -> tuple[Trunk, list[Style]] | None:
    """Return the trunk in two parts that paints in all of these styles, and the styles for it; None
    where one of them has no fine network.
    """
    found = [fine for style in styles if (fine := find_fine_style(style, gallery))]
    if len(found) < len(styles) or len({style.trunk for style in found}) > 1:
        return None
    assert gallery.fine
    return gallery.fine.trunk_of(found[0]), found


def _optimising(style: Style) -> LayOut:
    """Return what optimises drafts like a style's painting.

    Raises:
        OptionError: the style holds no painting that is large enough.
        MissingExtraError: torch or the weights of VGG-19 are not installed.
    """
    painting = read_image(style.thumbnail) if style.thumbnail else None
    if painting is None or min(painting.width, painting.height) < DRAFT_PX:
        raise OptionError(
            f"the style {style.name} holds no painting of {DRAFT_PX} px or more",
            "leave quality best out; impasto paint optimises for any painting",
        )
    try:
        from impasto.gatys.optimize import optimise_draft
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtraError("quality best", "learn") from None
    return partial(optimise_draft, painting)
