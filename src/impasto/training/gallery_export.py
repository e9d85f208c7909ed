"""Galleries of training runs: the averaged network as a trunk, its vectors as style files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from impasto._util.atomic_files import make_folder
from impasto.networks.trunk import Trunk, write_trunk
from impasto.styles import STYLE_SUFFIX, Gallery, Style, StyleCard, write_style
from impasto.styles.pack import TRUNK_FILE
from impasto.training.checkpoint import Checkpoint


def export_gallery(
    checkpoint: Checkpoint,
    cards: Mapping[str, StyleCard],
    folder: Path,
    trunk: Trunk | None = None,
) -> Gallery:
    """Write a run's trunk and styles, in float16.

    Args:
        cards: the paintings' credits by style name; a style without one gets an empty card.
        folder: where to; made if need be. Style files of an earlier export are replaced.
        trunk: that a run of style vectors alone began with. Its own has the same weights but for
            the last bits, and other styles would not fit it.

    Raises:
        OutputError: the folder cannot be written.
    """
    network = checkpoint.averaged_network()
    trunk = trunk or network.trunk()
    sizes = checkpoint.options.sizes_of(len(checkpoint.styles))
    vectors = network.styles.detach().numpy()
    styles = [
        Style(name, vector, trunk.fingerprint, cards.get(name, StyleCard()), painting_px=size_px)
        for name, vector, size_px in zip(checkpoint.styles, vectors, sizes, strict=True)
    ]
    return write_gallery(folder, trunk, styles)


def write_gallery(folder: Path, trunk: Trunk, styles: Iterable[Style]) -> Gallery:
    """Write a trunk and styles of it.

    Args:
        folder: where to; made if need be. Style files of the same names are replaced.

    Raises:
        OutputError: the folder cannot be written.
    """
    make_folder(folder)
    write_trunk(folder / TRUNK_FILE, trunk)
    for style in styles:
        write_style(folder / f"{style.name}{STYLE_SUFFIX}", style)
    return Gallery(folder)
