"""Presets: options in files.

A preset is a TOML file whose keys are those of `StylizeOptions`, but for where styles come from and
what runs them; those left out have their defaults::

    style = "great-wave:0.7+udnie:0.3"
    strength = 0.8
    keep_colors = "luminance"
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from impasto._util.atomic_files import (
    make_folder,
    read_toml,
    user_data_folder,
    write_atomically,
)
from impasto.errors import InputError, OptionError
from impasto.masks.parse import BACKGROUND, SUBJECT
from impasto.options import OF_NO_PHOTO, StylizeOptions

PRESET_SUFFIX = ".toml"
NO_FILES = SUBJECT, BACKGROUND
NAME = re.compile(r"[\w-][\w. -]*")
DEFAULTS = {
    each.name: each.default for each in fields(StylizeOptions) if each.name not in OF_NO_PHOTO
}


def read_preset(name: str | Path) -> StylizeOptions:
    """Return options that were saved.

    Args:
        name: as it was given to `write_preset`, or a file that ends in .toml.

    Raises:
        InputError: there is none, or it is not TOML.
        OptionError: it has an unknown key, or an impossible value.
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
    for key, value in content.items():
        if key not in DEFAULTS:
            known = ", ".join(DEFAULTS)
            raise OptionError(f"{path} has an unknown key {key!r}", f"known are {known}")
        default = DEFAULTS[key]
        if isinstance(default, str | None) and not isinstance(value, str):
            raise OptionError(f"{path}: {key} is {value!r}", "give a text")
        if isinstance(default, tuple) and not (
            isinstance(value, list) and all(isinstance(each, str) for each in value)
        ):
            raise OptionError(f"{path}: {key} is {value!r}", "give a list of texts")
    try:
        return StylizeOptions(**content)
    except OptionError as error:
        raise OptionError(f"{path}: {error.problem}", error.remedy) from error


def write_preset(name: str | Path, options: StylizeOptions) -> Path:
    """Save options, in the user's data folder unless the name is a file's; what was there under
    that name is replaced. Files that they name are named by their full paths; the rest's style
    becomes the style.

    Returns:
        the file.

    Raises:
        OptionError: the name cannot be one, or an option has a picture instead of a file's name.
        OutputError: it cannot be written.
    """
    path = preset_path(name)
    values = preset_values(options, full_paths=True)
    # What JSON writes of texts, numbers, truth values and lists is TOML, too.
    lines = [f"{key} = {json.dumps(each, ensure_ascii=False)}\n" for key, each in values.items()]
    make_folder(path.parent)
    with write_atomically(path) as file:
        file.write("".join(lines).encode())
    return path


def preset_values(options: StylizeOptions, *, full_paths: bool = False) -> dict[str, Any]:
    """Return the style, and the options that are not as by default: texts, numbers, truth values
    and lists of texts.

    Raises:
        OptionError: one has a picture or a style itself instead of its name.
    """

    def named(each: object) -> str:
        if not isinstance(each, str | os.PathLike):
            kind = type(each).__name__
            raise OptionError(f"a preset holds names, and there is a {kind}", "give a file's name")
        return str(each)

    def located(place: object) -> str:
        name = named(place)
        return str(Path(name).resolve()) if full_paths and name not in NO_FILES else name

    rest, placed = options.placed_styles()
    values: dict[str, Any] = {"style": named(rest)}
    for key, value in options.given().items():
        if key in ("mask", "palette"):
            values[key] = located(value)
        elif key == "regions" and placed:
            values[key] = [f"{located(place)}:{named(style)}" for place, style in placed]
        elif key in DEFAULTS.keys() - {"style", "regions"}:
            values[key] = value
    return values


def preset_path(name: str | Path) -> Path:
    """Return where a preset is, or would be.

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
    """Return the names of presets in the user's data folder."""
    return sorted(path.stem for path in (user_data_folder() / "presets").glob(f"*{PRESET_SUFFIX}"))
