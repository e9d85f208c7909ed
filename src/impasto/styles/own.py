"""Styles of one's own: style files in a folder of the user's, at once known by name."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path

from impasto._util.atomic_files import make_folder, user_cache_folder
from impasto.errors import StyleError
from impasto.networks.trunk import write_trunk
from impasto.styles.gallery import FINE, Gallery, own_folder
from impasto.styles.pack import TRUNK_FILE
from impasto.styles.style import STYLE_SUFFIX, Style, check_name, read_style, write_style


def learning_folder(name: str) -> Path:
    """Return where the run that learns a style is kept, unless it was told where."""
    return user_cache_folder() / "learn" / name


def add_style(style: Style | Path, gallery: Gallery, name: str = "") -> Style:
    """Make a style known by name, wherever styles are asked for; one of that name that was added
    before is replaced.

    Args:
        style: it, or its file.
        gallery: whose trunk it must fit, or that of the gallery in two parts beside it.
        name: instead of its own.

    Raises:
        StyleError: it is damaged, belongs to another trunk and carries none, or a style of that
            name ships with the gallery.
        OutputError: it cannot be written.
    """
    if isinstance(style, Path):
        style = read_style(style)
    fine = gallery.fine
    if fine and style.trunk == fine.trunk.fingerprint:
        gallery = fine
    gallery.check(style, style.name)
    name = check_name(name or style.name)
    if name in gallery.shipped:
        raise StyleError(f"there is a style {name!r} already", "give it another name")
    style = replace(style, name=name)
    folder = gallery.own or own_folder()
    alone, packed = _file(name, folder), folder / name
    if style.own_trunk:
        make_folder(packed)
        write_trunk(packed / TRUNK_FILE, style.own_trunk)
        write_style(packed / f"{name}{STYLE_SUFFIX}", replace(style, own_trunk=None))
        alone.unlink(missing_ok=True)
    else:
        make_folder(folder)
        write_style(alone, style)
        _remove_pack(packed, name)
    return style


def remove_style(name: str) -> Path:
    """Forget a style that was added, for networks of either kind, and the runs that learned it.

    Returns:
        the file that is gone, or the folder of a style with a trunk of its own.

    Raises:
        StyleError: no style of that name was added.
    """
    name = check_name(name)
    removed = []
    for folder in (own_folder(), own_folder() / FINE.name):
        if _file(name, folder).is_file():
            removed.append(_file(name, folder))
            removed[-1].unlink()
        elif _remove_pack(folder / name, name):  # a style with a trunk of its own is a pack of one
            removed.append(folder / name)
    if not removed:
        raise StyleError(
            f"no style {name!r} was added", "only those can go; impasto styles lists all"
        )
    shutil.rmtree(learning_folder(name), ignore_errors=True)
    return removed[0]


def _file(name: str, folder: Path) -> Path:
    return folder / f"{name}{STYLE_SUFFIX}"


def _remove_pack(folder: Path, name: str) -> bool:
    """Remove a style's pack; return whether there was one. Other styles in it, which people put
    there, keep it alive.
    """
    style = folder / f"{name}{STYLE_SUFFIX}"
    if not style.is_file():
        return False
    style.unlink()
    if not any(folder.glob(f"*{STYLE_SUFFIX}")):
        (folder / TRUNK_FILE).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else is in there
            folder.rmdir()
    return True
