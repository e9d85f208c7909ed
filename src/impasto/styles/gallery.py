"""The shipped gallery: one trunk, and the styles that were trained with it."""

from __future__ import annotations

import difflib
from functools import cache, cached_property
from pathlib import Path

from impasto.errors import StyleError
from impasto.files import user_data_folder
from impasto.network.trunk import Trunk, read_trunk
from impasto.styles.style import STYLE_SUFFIX, Style, read_style

__all__ = ["TRUNK_FILE", "Gallery", "open_gallery", "own_folder"]

SHIPPED = Path(__file__).parent / "shipped"
TRUNK_FILE = "trunk.safetensors"


def own_folder() -> Path:
    """Where a user's styles are kept; it need not exist."""
    return user_data_folder() / "styles"


class Gallery:
    """A folder with a trunk and the styles that belong to it; files are read when asked for.

    Args:
        folder: holds ``trunk.safetensors`` and ``NAME.style`` files, as `impasto train` makes them.
        own: a folder with more styles of the same trunk; it need not exist.

    Raises:
        StyleError: the folder holds no trunk.
    """

    def __init__(self, folder: Path = SHIPPED, own: Path | None = None) -> None:
        self.folder = folder
        self.own = own
        if not (folder / TRUNK_FILE).is_file():
            raise StyleError(
                f"{folder} holds no {TRUNK_FILE}", "give a folder that impasto train made"
            )

    @cached_property
    def shipped(self) -> tuple[str, ...]:
        """The styles that came with the trunk, in alphabetical order."""
        return tuple(sorted(path.stem for path in self.folder.glob(f"*{STYLE_SUFFIX}")))

    @property
    def names(self) -> tuple[str, ...]:
        """The styles there are, those in `own` that fit the trunk among them, in alphabetical
        order.
        """
        fitting = (path.stem for path in self._own_files() if self._fits(path))
        return tuple(sorted({*self.shipped, *fitting}))

    def _own_files(self) -> list[Path]:
        return list(self.own.glob(f"*{STYLE_SUFFIX}")) if self.own else []

    def _fits(self, path: Path) -> bool:
        try:
            self.check(read_style(path), path.stem)
        except StyleError:
            return False
        return True

    @cached_property
    def trunk(self) -> Trunk:
        """The trunk that all styles share."""
        return read_trunk(self.folder / TRUNK_FILE)

    def load_style(self, name: str) -> Style:
        """The style of that name; case, spaces and underscores are forgiven.

        Raises:
            StyleError: there is none, with the nearest names; or its file does not fit the trunk.
        """
        plain = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
        files = {path.stem: path for path in self._own_files()}
        files |= {each: self.folder / f"{each}{STYLE_SUFFIX}" for each in self.shipped}
        if plain not in files:
            raise StyleError(f"no style {name!r}", self._suggestion(plain))
        path = files[plain]
        style = read_style(path)
        self.check(style, str(path))
        return style

    def check(self, style: Style, name: str) -> None:
        """A style belongs to this gallery's trunk.

        Raises:
            StyleError: it belongs to another.
        """
        if style.trunk != self.trunk.fingerprint or style.vector.size != self.trunk.spec.style_size:
            raise StyleError(
                f"{name} belongs to trunk {style.trunk}, not to {self.trunk.fingerprint}",
                "use it with the trunk that it was trained with, or learn it anew",
            )

    def _suggestion(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.names, n=3, cutoff=0.5)
        near += [each for each in self.names if name and name in each and each not in near]
        if near:
            return f"did you mean {' or '.join(near)}?"
        return f"there are {', '.join(self.names)}" if self.names else "the gallery is empty"


def open_gallery(folder: Path | None = None) -> Gallery:
    """The gallery in a folder; without one, the shipped gallery, which is read once, with the
    user's own styles (`impasto.styles.own`).
    """
    return Gallery(folder) if folder else _shipped()


@cache
def _shipped() -> Gallery:
    return Gallery(own=own_folder())
