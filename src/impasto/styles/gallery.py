"""The gallery: packs of styles, and the user's own styles among them."""

from __future__ import annotations

import difflib
import os
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

from impasto._util.atomic_files import user_data_folder
from impasto.errors import OptionError, StyleError
from impasto.networks.trunk import Trunk
from impasto.styles.pack import Pack, packs_in
from impasto.styles.style import STYLE_SUFFIX, Style, read_style

SHIPPED = Path(__file__).parent / "shipped"
TURBO = Path(__file__).parent / "turbo"
FINE = Path(__file__).parent / "fine"


def own_folder() -> Path:
    """Return where a user's styles are kept; it need not exist."""
    return user_data_folder() / "styles"


class Gallery:
    """Styles by name, each with the trunk that paints in it.

    One small trunk cannot carry any number of styles well, so styles come in packs of kindred ones,
    with a trunk each. Styles of one pack can be mixed.

    Args:
        folder: the main pack (`impasto.styles.pack.Pack`). Every sub-folder with a trunk is a
            further pack.
        own: a folder with more styles of any of these trunks, and more packs in sub-folders; it
            need not exist.

    Raises:
        StyleError: the folder holds no trunk.
    """

    def __init__(self, folder: Path = SHIPPED, own: Path | None = None) -> None:
        self.folder = folder
        self.own = own
        self.main = Pack(folder)
        self._own_packs: dict[tuple[Path, int], Pack] = {}

    @cached_property
    def shipped_packs(self) -> tuple[Pack, ...]:
        """The packs of the gallery's folder, the main one first."""
        return (self.main, *packs_in(self.folder))

    @property
    def packs(self) -> tuple[Pack, ...]:
        """All packs, the user's own last."""
        own = packs_in(self.own) if self.own else ()
        # Those that were read before stay read, until their trunk is another one.
        return self.shipped_packs + tuple(
            self._own_packs.setdefault((pack.folder, pack.changed_ns), pack) for pack in own
        )

    @cached_property
    def shipped(self) -> tuple[str, ...]:
        """The styles that came with the gallery, in alphabetical order."""
        return tuple(sorted(name for pack in self.shipped_packs for name in pack.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The styles there are, those in `own` that fit a trunk among them, in alphabetical
        order.
        """
        fitting = (path.stem for path in self._own_files() if self._fits(path))
        packed = (name for pack in self.packs for name in pack.names)
        return tuple(sorted({*packed, *fitting}))

    @property
    def trunk(self) -> Trunk:
        """The main pack's trunk."""
        return self.main.trunk

    @cached_property
    def open_pack(self) -> Pack:
        """The pack that new styles are predicted and learned for: the one with an encoder, else the
        main one.
        """
        return next((pack for pack in self.shipped_packs if pack.has_encoder), self.main)

    @cached_property
    def fine(self) -> Gallery | None:
        """The gallery that paints photos in two parts: this one, or the one beside what ships."""
        if self.trunk.revision:
            return self
        if self.folder != SHIPPED:
            return None
        return Gallery(FINE, own=self.own and self.own / FINE.name)

    def has(self, name: str) -> bool:
        """Return whether there is a style of that name, be it spelled a little otherwise."""
        return _plain(name) in self.names

    def load_style(self, name: str) -> Style:
        """Return the style of that name, or in that file.

        Args:
            name: case, spaces and underscores are forgiven; or a file that ends in .style.

        Raises:
            StyleError: there is none, with the nearest names; or its file fits no trunk.
        """
        if Path(name).suffix == STYLE_SUFFIX:
            style = read_style(Path(name))
            self.check(style, name)
            return style
        plain = _plain(name)
        for pack in self.packs:
            if plain in pack.names:
                return pack.read(plain)
        for path in self._own_files():
            if path.stem == plain:
                style = read_style(path)
                self.check(style, str(path))
                return style
        raise StyleError(f"no style {name!r}", self._suggestion(plain))

    def pack_of(self, style: Style) -> Pack:
        """Return the pack whose trunk paints in a style.

        Raises:
            StyleError: none of this gallery's does.
        """
        return self._pack_of(style, style.name)

    def trunk_of(self, style: Style) -> Trunk:
        """Return the trunk that paints in a style: the one that it carries, else a pack's.

        Raises:
            StyleError: it carries none, and none of this gallery's does.
        """
        return style.own_trunk or self.pack_of(style).trunk

    def styles_of(self, trunk: Trunk) -> tuple[Style, ...]:
        """Return all styles that a trunk paints, the user's own among them, by name."""
        styles = (self.load_style(name) for name in self.names)
        return tuple(style for style in styles if style.trunk == trunk.fingerprint)

    def check(self, style: Style, name: str) -> None:
        """Check that a style carries its trunk, or belongs to one of this gallery.

        Raises:
            StyleError: it belongs to another.
        """
        if not style.own_trunk:
            self._pack_of(style, name)

    def _pack_of(self, style: Style, name: str) -> Pack:
        packs = self.packs
        for pack in packs:
            if pack.fits(style):
                return pack
        known = ", ".join(pack.trunk.fingerprint for pack in packs)
        raise StyleError(
            f"{name} belongs to trunk {style.trunk}, which is not here (there is {known})",
            "use it with the trunk that it was trained with, or learn it anew",
        )

    def _own_files(self) -> list[Path]:
        return list(self.own.glob(f"*{STYLE_SUFFIX}")) if self.own else []

    def _fits(self, path: Path) -> bool:
        try:
            self.check(read_style(path), path.stem)
        except StyleError:
            return False
        return True

    def _suggestion(self, name: str) -> str:
        if self.folder == TURBO and name in _shipped(SHIPPED).shipped:
            return "only the larger networks paint it: leave --gallery turbo out"
        near = difflib.get_close_matches(name, self.names, n=3, cutoff=0.5)
        near += [each for each in self.names if name and name in each and each not in near]
        if near:
            return f"did you mean {' or '.join(near)}?"
        return f"there are {', '.join(self.names)}" if self.names else "the gallery is empty"


GallerySource: TypeAlias = "Gallery | str | os.PathLike[str] | None"
"""A gallery, or where `open_gallery` finds one."""


def open_gallery(gallery: GallerySource = None) -> Gallery:
    """Return the gallery in a folder; without one, the shipped gallery.

    Args:
        gallery: a folder; or ``"turbo"``: most of the shipped styles in networks of less than half
            the size (`impasto.networks.spec.TURBO`), for live video. A folder of that name is
            ``"./turbo"``. What ships is read once, and has the user's own styles with it
            (`impasto.styles.own`). A gallery that is open already stays as it is.

    Raises:
        StyleError: the folder holds no trunk.
        OptionError: it is none of these.
    """
    if isinstance(gallery, Gallery):
        return gallery
    if gallery is None:
        return _shipped(SHIPPED)
    if not isinstance(gallery, str | os.PathLike):
        raise OptionError(
            f"gallery is {gallery!r:.80}", "give a folder's name, 'turbo', or a Gallery"
        )
    return _shipped(TURBO) if gallery == TURBO.name else Gallery(Path(gallery))


@cache
def _shipped(folder: Path) -> Gallery:
    return Gallery(folder, own=own_folder())


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())
