"""Recipes: all that decides how a painting looks, as options name it; and presets, their files.

A preset is a TOML file whose keys are a `Recipe`'s attributes; those left out have their defaults::

    style = "great-wave:0.7+udnie:0.3"
    strength = 0.8
    keep_colors = "luminance"
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

from impasto._util.atomic_files import make_folder, read_toml, user_data_folder, write_atomically
from impasto.defaults import DEFAULT_STYLE
from impasto.engines import EngineName, Precision
from impasto.errors import InputError, OptionError
from impasto.images import ColorWay, read_image
from impasto.masks.areas import Area, Region
from impasto.masks.parse import BACKGROUND, SUBJECT, area_called, split_regions
from impasto.styles import Gallery
from impasto.stylizer import Stylizer

__all__ = ["Recipe", "read_preset", "write_preset"]

PRESET_SUFFIX = ".toml"
NAME = re.compile(r"[\w-][\w. -]*")


@dataclass(frozen=True)
class Recipe:
    """How to paint; `impasto.Stylizer` says what most of it means.

    Attributes:
        style: a style, a mixture, or a network's file.
        strength, stroke, detail, protect_faces, seed: as `Stylizer` takes them.
        keep_colors: empty, or a way of `impasto.images.COLOR_WAYS`.
        palette: the file of a picture whose colours to take; may be empty.
        mask: where to paint: a picture's file (white for the painting), ``subject`` or
            ``background``; empty for everywhere.
        invert_mask: paint where the mask is not.
        subject: ``X,Y,WIDTH,HEIGHT`` around the subject in pixels; ``found`` or empty if it is to
            be found. Unless a mask or region speaks of it, the subject alone is painted.
        regions: ``PLACE:STYLE`` each, where the place is a picture's file, ``subject``,
            ``background`` or ``rest``.
    """

    style: str = DEFAULT_STYLE
    strength: float = 1.0
    stroke: float = 1.0
    keep_colors: str = ""
    palette: str = ""
    mask: str = ""
    invert_mask: bool = False
    subject: str = ""
    regions: tuple[str, ...] = ()
    protect_faces: float = 0.0
    detail: float = 0.0
    seed: int = 0

    def open(
        self,
        *,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        gallery: Gallery | None = None,
    ) -> Stylizer:
        """A stylizer that paints so; its masks and its palette are read.

        Raises:
            OptionError: something makes no sense.
            InputError: a mask or the palette cannot be read.
            StyleError, EngineError, MissingExtraError: as `Stylizer`.
        """
        rest, placed = self.placed_styles()
        return Stylizer(
            rest,
            strength=self.strength,
            stroke=self.stroke,
            keep_colors=cast(ColorWay, self.keep_colors) if self.keep_colors else False,
            palette=read_image(self.palette).pixels if self.palette else None,
            mask=self._mask(),
            regions=[Region(area_called(place, self.subject), style) for place, style in placed],
            protect_faces=self.protect_faces,
            detail=self.detail,
            seed=self.seed,
            engine=engine,
            precision=precision,
            gallery=gallery,
        )

    def placed_styles(self) -> tuple[str, list[tuple[str, str]]]:
        """The rest's style, and the others with their places.

        Raises:
            OptionError: a region is not ``PLACE:STYLE``, or there are two rests.
        """
        rest, placed = split_regions(self.regions)
        return rest or self.style, placed

    def _mask(self) -> Area | None:
        places = {place for place, _ in self.placed_styles()[1]}
        if self.mask:
            return area_called(self.mask, self.subject, self.invert_mask)
        if self.subject and not places & {SUBJECT, BACKGROUND}:
            return area_called(SUBJECT, self.subject, self.invert_mask)
        if self.invert_mask:
            raise OptionError("there is no mask to invert", "give --mask or --subject")
        return None


def read_preset(name: str | Path) -> Recipe:
    """A recipe that was saved.

    Args:
        name: as it was given to `write_preset`, or a file that ends in .toml.

    Raises:
        InputError: there is none, or it is not TOML.
        OptionError: it has a key that no recipe has, or a value of another kind.
    """
    path = preset_path(name)
    try:
        content = read_toml(path, "a preset")
    except InputError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        known = ", ".join(preset_names()) or "none yet"
        raise InputError(
            f"there is no preset {name}", f"there are: {known}; --save-preset makes one"
        ) from error
    return replace(Recipe(), **{key: _checked(path, key, each) for key, each in content.items()})


def _checked(path: Path, key: str, value: Any) -> Any:
    """A preset's value in the type of the recipe's attribute."""
    defaults = asdict(Recipe())
    if key not in defaults:
        raise OptionError(f"{path} has an unknown key {key!r}", f"known are {', '.join(defaults)}")
    kind = type(defaults[key])
    if kind is tuple and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        wanted = {tuple: "a list of texts", str: "a text", float: "a number", int: "a whole number"}
        raise OptionError(
            f"{path}: {key} is {value!r}", f"give {wanted.get(kind, 'true or false')}"
        )
    return value


def write_preset(name: str | Path, recipe: Recipe) -> Path:
    """Save a recipe, in the user's data folder unless the name is a file's; what was there under
    that name is replaced. Files that it names are named by their full paths; the rest's style
    becomes the style.

    Returns:
        the file.

    Raises:
        OptionError: the name cannot be one.
        OutputError: it cannot be written.
    """
    path = preset_path(name)
    lines = []
    for field in fields(Recipe):
        value = getattr(_with_full_paths(recipe), field.name)
        if value != field.default or field.name == "style":
            # What JSON writes of texts, numbers, truth values and lists is TOML, too.
            lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}\n")
    make_folder(path.parent)
    with write_atomically(path) as file:
        file.write("".join(lines).encode())
    return path


def _with_full_paths(recipe: Recipe) -> Recipe:
    def full(place: str) -> str:
        return str(Path(place).resolve()) if place not in ("", SUBJECT, BACKGROUND) else place

    rest, placed = recipe.placed_styles()
    regions = [f"{full(place)}:{style}" for place, style in placed]
    return replace(
        recipe,
        style=rest,
        palette=full(recipe.palette),
        mask=full(recipe.mask),
        regions=tuple(regions),
    )


def preset_path(name: str | Path) -> Path:
    """Where a preset is, or would be.

    Raises:
        OptionError: the name cannot be one.
    """
    if Path(name).suffix == PRESET_SUFFIX:
        return Path(name)
    if not NAME.fullmatch(str(name)):
        raise OptionError(
            f"preset {str(name)!r} is no name", "use letters, digits and dashes, or FILE.toml"
        )
    return user_data_folder() / "presets" / f"{name}{PRESET_SUFFIX}"


def preset_names() -> list[str]:
    """Those in the user's data folder."""
    return sorted(path.stem for path in (user_data_folder() / "presets").glob(f"*{PRESET_SUFFIX}"))
