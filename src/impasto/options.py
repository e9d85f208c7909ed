"""How to paint: every option once, with its default, its range and its help."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, get_args

from impasto.defaults import DEFAULT_STYLE, ColorWay, EngineName, Precision, Quality
from impasto.errors import OptionError
from impasto.multiscale import MAX_STROKE, MIN_STROKE

if TYPE_CHECKING:
    from impasto._util.arrays import Pixels
    from impasto.images import PictureSource
    from impasto.masks.areas import Area, Region
    from impasto.masks.parse import AreaSource
    from impasto.styles import GallerySource, Style

StyleSource: TypeAlias = "str | os.PathLike[str] | Style"
"""A name, a mixture, the file of a painting or of a network, or a style itself."""

MAX_STRENGTH = 1.5
PHOTOS_ONLY = ("detail", "mask", "subject", "invert_mask", "regions", "protect_faces")
"""Options that nobody has looked for in frame after frame."""

OF_NO_PHOTO = ("gallery", "engine", "precision")
"""Where styles come from and what runs them: in no preset, and of no single photo."""


def _option(default: Any, help_: str, **checks: Any) -> Any:
    """Return a field with its help, and what its values are checked by: limits, least, choices."""
    return field(default=default, metadata={"help": help_, **checks})


@dataclass(frozen=True)
class StylizeOptions:
    """The way to paint; the command line, presets, and all functions that paint take these options.

    Attributes:
        style: a name or mixture from the gallery (`impasto.styles.StyleRef`), a painting's
            file, the file of a network of its own (`impasto.converters.convert_network`), or a
            `Style`.
        strength: 0 gives the photo, 1 the painting, up to 1.5 exaggerates. A fine painting becomes
            bolder from 0.5 to 1.5: it takes more of the style and less of the photo's forms.
        stroke: size of the strokes, 0.5 to 2 (`impasto.multiscale`).
        detail: how far the photo's edges are put back, 0 to 1 (`impasto.images.guided`).
        keep_colors: ``luminance`` takes only the painting's light and dark, and the photo's
            colours; ``histogram`` and ``linear`` give the painting the photo's histograms, or its
            mean colour and covariance (`impasto.images.colors`).
        palette: a picture, as `impasto.images.as_picture` takes it, whose mean colour and
            covariance the painting gets.
        seed: of the grain that strokes follow where the photo is flat; from 0 up.
        mask: where to paint: a picture, white for the painting, of any size; ``subject`` or
            ``background``; or a `Subject`, which is found in each photo.
        subject: ``X,Y,WIDTH,HEIGHT`` around the subject in pixels; ``found`` if it is to be found.
            Unless a mask or region speaks of it, the subject alone is painted.
        invert_mask: paint where the mask or subject is not.
        regions: places with styles of their own, all painted in one pass: `Region`, or
            ``PLACE:STYLE``, where the place is a mask's file, ``subject``, ``background`` or
            ``rest``; ``style`` is for the rest, if no region is.
        protect_faces: from 0 (not at all) to 1 (no strokes on faces); needs the extra ``faces``.
        quality: ``fine`` drafts the whole picture and then adds brushwork
            (`impasto.two_part_model`); ``best`` optimises the draft, in some seconds, and needs the
            extra ``learn``; ``live`` runs one small network, fast enough for a camera; ``auto`` is
            fine where the style has it, and live where it does not.
        gallery: where styles come from, as `open_gallery` takes it; the shipped gallery if not
            given.
        engine: ``auto`` takes the fastest that is installed; see `impasto.engines`.
        precision: ``auto`` takes what is fastest on the CPU at a quality next to that of ``f32``
            (`impasto.engines.choose_precision`); or ``f32``, ``bf16``, ``int8``.

    Raises:
        OptionError: an option has an impossible value.
    """

    style: StyleSource = _option(
        DEFAULT_STYLE,
        "A style (impasto styles lists them), any painting: cow.jpg, a mixture: "
        "sea-at-satta:0.7+cow.jpg:0.3, or a file: of a style, harbour.style, or a network, "
        "the_scream.t7, candy.onnx, many.onnx#7, magenta.onnx#painting.jpg.",
    )
    strength: float = _option(
        1.0,
        f"0 is the photo, 1 the painting, up to {MAX_STRENGTH} exaggerates.",
        limits=(0, MAX_STRENGTH),
    )
    stroke: float = _option(
        1.0,
        f"Size of the strokes, from {MIN_STROKE} (fine) to {MAX_STROKE:g} (large).",
        limits=(MIN_STROKE, MAX_STROKE),
    )
    detail: float = _option(0.0, "How far to put the photo's edges back, 0 to 1.", limits=(0, 1))
    keep_colors: ColorWay | None = _option(
        None,
        "Keep the photo's colours: luminance (if nothing is said), histogram or linear.",
        choices=(None, *get_args(ColorWay)),
    )
    palette: PictureSource | None = _option(None, "Take the colours of this picture.")
    seed: int = _option(0, "Other strokes where a photo is flat.", least=0)
    mask: AreaSource | None = _option(
        None, "Paint where this picture is white; or subject, or background."
    )
    subject: str | None = _option(
        None, "Paint the subject only; it is looked for in this box, if one is given."
    )
    invert_mask: bool = _option(False, "Paint all but the mask or subject.", choices=(False, True))
    regions: Sequence[Region | str] = _option(
        (),
        "A style for a place: MASK.png:udnie, subject:udnie, background:udnie, "
        "rest:udnie; repeat for more.",
    )
    protect_faces: float = _option(
        0.0,
        "Paint faces fainter: by 0.7 if nothing is said, 1 keeps them as they are.",
        limits=(0, 1),
    )
    quality: Quality = _option(
        "auto",
        "fine (a draft, then brushwork), best (the draft is optimised, some "
        "seconds), live (fast), or auto: fine where the style has it.",
        choices=get_args(Quality),
    )
    gallery: GallerySource = _option(
        None,
        "Styles of your own, as impasto train makes them; or turbo: most of the "
        "shipped ones in networks of less than half the size.",
    )
    engine: EngineName = _option(
        "auto",
        "auto (the fastest installed), openvino, onnxruntime or opencv.",
        choices=get_args(EngineName),
    )
    precision: Precision = _option(
        "auto",
        "auto (bf16 with AMX, else int8 with VNNI, as the CPU has them), f32, bf16 or int8.",
        choices=get_args(Precision),
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value = _checked(each.name.replace("_", "-"), getattr(self, each.name), each.metadata)
            object.__setattr__(self, each.name, value)
        if isinstance(self.regions, str) or not isinstance(self.regions, Sequence):
            raise OptionError(f"regions is {self.regions!r:.80}", "give a list of regions")
        object.__setattr__(self, "style", _checked_style(self.style))
        object.__setattr__(self, "regions", tuple(self.regions))
        if self.keep_colors and self.palette is not None:
            raise OptionError("keep-colors and palette exclude each other", "give one of them")
        if self._place() is None and self.invert_mask:
            raise OptionError("there is no mask to invert", "give --mask or --subject")

    @classmethod
    def of(cls, style: StyleSource | StylizeOptions, changes: Mapping[str, Any]) -> StylizeOptions:
        """Return the options that a function was called with.

        Args:
            style: that, or all options.
            changes: keywords; see `changed`.
        """
        options = style if isinstance(style, StylizeOptions) else cls(style)
        return options.changed(changes)

    def changed(self, changes: Mapping[str, Any]) -> StylizeOptions:
        """Return the same options, but for those that are named.

        Raises:
            OptionError: there is none of that name, or it has an impossible value.
        """
        names = [each.name for each in fields(self)]
        for name in changes:
            if name not in names:
                raise OptionError(f"there is no option {name!r}", _hint(name, names))
        return replace(self, **changes) if changes else self

    def given(self) -> dict[str, Any]:
        """Return those options that are not as by default."""
        return {
            each.name: value
            for each in fields(self)
            if not is_same(value := getattr(self, each.name), each.default)
        }

    def for_frames(self) -> StylizeOptions:
        """Return the options for frames of videos and cameras, whose quality is ``live`` unless
        another is asked for.

        Raises:
            OptionError: an option is for photos only.
        """
        for name in PHOTOS_ONLY:
            if name in self.given():
                option = name.replace("_", "-")
                raise OptionError(f"{option} is for photos, not for videos", "leave it out")
        if self.quality == "best":
            raise OptionError("quality best takes seconds a picture", "give fine or live")
        return replace(self, quality="live") if self.quality == "auto" else self

    def placed_styles(self) -> tuple[str | Style, list[tuple[AreaSource, str | Style]]]:
        """Return the rest's style, and the others with their places.

        Raises:
            OptionError: a region is not ``PLACE:STYLE``, or there are two rests.
        """
        from impasto.masks.areas import Region
        from impasto.masks.parse import split_regions

        placed: list[tuple[AreaSource, str | Style]] = []
        names = []
        for region in self.regions:
            if isinstance(region, Region):
                placed.append((region.area, _checked_style(region.style)))
            elif isinstance(region, str):
                names.append(region)
            else:
                raise OptionError(f"a region is {region!r:.80}", "give PLACE:STYLE, or a Region")
        rest, named = split_regions(names)
        return rest or _checked_style(self.style), [*placed, *named]

    def areas(self) -> tuple[Area | None, list[Region]]:
        """Return where to paint, and the regions with their styles; masks are read.

        Raises:
            OptionError: a place cannot be understood.
            InputError: a mask cannot be read.
        """
        from impasto.masks.areas import Region
        from impasto.masks.parse import as_area

        box, place = self.subject or "", self._place()
        mask = None if place is None else as_area(place, box, self.invert_mask)
        return mask, [Region(as_area(each, box), style) for each, style in self.placed_styles()[1]]

    def palette_pixels(self) -> Pixels | None:
        """Return the palette's pixels, H x W x 3, uint8, RGB, if there is one.

        Raises:
            InputError: it cannot be read.
        """
        from impasto.images import as_picture

        return None if self.palette is None else as_picture(self.palette).pixels

    def _place(self) -> AreaSource | None:
        """Return where to paint, if not everywhere."""
        from impasto.masks.parse import BACKGROUND, SUBJECT

        placed = [place for place, _ in self.placed_styles()[1] if isinstance(place, str)]
        if self.mask is not None:
            return self.mask
        return SUBJECT if self.subject and not {SUBJECT, BACKGROUND} & {*placed} else None


class StylizeKeywords(TypedDict, total=False):
    """The options but the style, as keywords."""

    strength: float
    stroke: float
    detail: float
    keep_colors: ColorWay | None
    palette: PictureSource | None
    seed: int
    mask: AreaSource | None
    subject: str | None
    invert_mask: bool
    regions: Sequence[Region | str]
    protect_faces: float
    quality: Quality
    gallery: GallerySource
    engine: EngineName
    precision: Precision


def is_same(value: object, other: object) -> bool:
    """Return whether two values of an option are the same; pictures are only to themselves."""
    plain = isinstance(value, str | float | int) and type(value) is type(other)
    return value is other or (plain and value == other)


def _checked(option: str, value: Any, checks: Mapping[str, Any]) -> Any:
    """Return a value, if it is within its option's limits; numbers as Python's own."""
    problem = f"{option} is {value!r:.80}"
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if "limits" in checks:
        low, high = checks["limits"]
        if not (is_number and low <= value <= high):
            raise OptionError(problem, f"give a number from {low:g} to {high:g}")
        return float(value)
    if "least" in checks:
        if not (is_number and isinstance(value, Integral) and value >= checks["least"]):
            raise OptionError(problem, f"give a whole number from {checks['least']} up")
        return int(value)
    if "choices" in checks:
        choices = checks["choices"]
        if not any(type(value) is type(each) and value == each for each in choices):
            known = [str(each) for each in choices if each is not None]
            raise OptionError(problem, _hint(value, known))
    return value


def _checked_style(style: StyleSource) -> str | Style:
    from impasto.styles import Style

    if isinstance(style, Style):
        return style
    if isinstance(style, str | os.PathLike):
        return os.fspath(style)
    raise OptionError(f"style is {style!r:.80}", "give a name, a file, or a Style")


def _hint(given: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(given), known, n=1)
    return f"did you mean {near[0]}?" if near else f"give one of {', '.join(known)}"
