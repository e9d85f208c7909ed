"""A pack: one trunk, and the styles that were trained with it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from impasto._util.atomic_files import exists
from impasto.errors import StyleError
from impasto.networks.encoder import Encoder, read_encoder
from impasto.networks.trunk import Trunk, read_trunk
from impasto.styles.style import STYLE_SUFFIX, Style, read_style

TRUNK_FILE = "trunk.safetensors"
ENCODER_FILE = "encoder.safetensors"


class Pack:
    """A folder with a trunk and the styles that belong to it; files are read when asked for.

    Args:
        folder: holds ``trunk.safetensors`` and ``NAME.style`` files, as `impasto train` makes them,
            and perhaps ``encoder.safetensors``, of `impasto train-encoder`.
        name: by which people call the pack.

    Raises:
        StyleError: the folder holds no trunk.
    """

    def __init__(self, folder: Path, name: str = "main") -> None:
        self.folder = folder
        self.name = name
        if not exists(folder / TRUNK_FILE):
            raise StyleError(
                f"{folder} holds no {TRUNK_FILE}", "give a folder that impasto train made"
            )

    @property
    def changed_ns(self) -> int:
        """Time at which the trunk's file was last written, in nanoseconds."""
        return (self.folder / TRUNK_FILE).stat().st_mtime_ns

    @property
    def names(self) -> tuple[str, ...]:
        """Its styles, in alphabetical order."""
        return tuple(sorted(path.stem for path in self.folder.glob(f"*{STYLE_SUFFIX}")))

    @cached_property
    def trunk(self) -> Trunk:
        """The trunk that its styles share."""
        return read_trunk(self.folder / TRUNK_FILE)

    @property
    def has_encoder(self) -> bool:
        """Whether styles can be predicted for its trunk."""
        return (self.folder / ENCODER_FILE).is_file()

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that predicts styles for its trunk.

        Raises:
            StyleError: there is none, it is damaged, or it is for another trunk.
        """
        path = self.folder / ENCODER_FILE
        if not self.has_encoder:
            raise StyleError(
                "this gallery has no encoder, which predicts styles from paintings",
                "impasto learn PAINTING makes a style of one, in minutes",
            )
        encoder = read_encoder(path)
        size = self.trunk.spec.style_size
        if encoder.trunk != self.trunk.fingerprint or encoder.spec.style_size != size:
            raise StyleError(
                f"{path} is for trunk {encoder.trunk}, not for {self.trunk.fingerprint}",
                "train it anew with impasto train-encoder",
            )
        return encoder

    def fits(self, style: Style) -> bool:
        """Return whether a style was trained with this trunk."""
        fits = style.trunk == self.trunk.fingerprint
        return fits and self.trunk.fits(style.vector, style.kernels)

    def read(self, name: str) -> Style:
        """Return the style of that name.

        Raises:
            StyleError: its file is missing or damaged, or of another trunk.
        """
        path = self.folder / f"{name}{STYLE_SUFFIX}"
        style = read_style(path)
        if not self.fits(style):
            raise StyleError(
                f"{path} belongs to trunk {style.trunk}, not to {self.trunk.fingerprint}",
                "use it with the trunk that it was trained with, or learn it anew",
            )
        return style


def packs_in(folder: Path) -> tuple[Pack, ...]:
    """Return the packs in a folder's sub-folders, by name; the folder need not exist."""
    return tuple(
        Pack(path.parent, path.parent.name) for path in sorted(folder.glob(f"*/{TRUNK_FILE}"))
    )
