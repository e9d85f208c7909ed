"""Styles of one's own: style files in a folder of the user's, at once known by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from impasto.errors import StyleError
from impasto.files import make_folder
from impasto.styles.gallery import Gallery, own_folder
from impasto.styles.style import STYLE_SUFFIX, Style, check_name, read_style, write_style

__all__ = ["add_style", "remove_style"]


def add_style(style: Style | Path, gallery: Gallery, name: str = "") -> Style:
    """Make a style known by name, wherever styles are asked for.

    Args:
        style: it, or its file.
        gallery: whose trunk it must fit.
        name: instead of its own.

    Raises:
        StyleError: it is damaged or belongs to another trunk, or a style of that name ships with
            the gallery.
        OutputError: it cannot be written.
    """
    if isinstance(style, Path):
        style = read_style(style)
    gallery.check(style, style.name)
    name = check_name(name or style.name)
    if name in gallery.shipped:
        raise StyleError(f"there is a style {name!r} already", "give it another name")
    style = replace(style, name=name)
    make_folder(own_folder())
    write_style(own_folder() / f"{name}{STYLE_SUFFIX}", style)
    return style


def remove_style(name: str) -> Path:
    """Forget a style that was added.

    Raises:
        StyleError: no style of that name was added.
    """
    path = own_folder() / f"{check_name(name)}{STYLE_SUFFIX}"
    if not path.is_file():
        raise StyleError(
            f"no style {name!r} was added", "only those can go; impasto styles lists all"
        )
    path.unlink()
    return path
