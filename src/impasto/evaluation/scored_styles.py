"""The styles that ``impasto evaluate`` measures, of any kind, each with its painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.styles import Gallery, Style, StyleCard, StyleRef
from impasto.styles.predict import find_style
from impasto.styles.reference import names_painting
from impasto.styles.style import PAINTING_PX
from impasto.training.paintings import find_painting


@dataclass(frozen=True)
class ScoredStyle:
    """A style to measure.

    Attributes:
        name: of the gallery's styles, else as it was given.
        style: as `Stylizer` takes it.
        painting: the file of the painting that it should look like.
        painting_px: the painting's shorter side when the style was learned.
    """

    name: str
    style: str | Style
    painting: Path
    painting_px: int


def find_scored_styles(
    styles: Sequence[str], gallery: Gallery, paintings: Path
) -> list[ScoredStyle]:
    """Return styles with their paintings.

    Args:
        styles: names, mixtures, files of networks or of paintings; what is there twice counts once.
        paintings: a folder, or one painting for all. In a folder, a style of a gallery is found by
            its card; any other by its label (``the_scream.jpg`` for ``nets/the_scream.t7``).

    Raises:
        StyleError: a style is unknown.
        InputError: a painting is missing.
    """

    def painting(card: StyleCard, name: str) -> Path:
        return paintings if paintings.is_file() else find_painting(card, name, paintings)

    def scored(text: str) -> ScoredStyle:
        ref = StyleRef.parse(text)
        if len(ref.parts) != 1:
            return ScoredStyle(text, text, painting(StyleCard(), ref.label), PAINTING_PX)
        if names_painting(text):
            style = find_style(ref, gallery)
            return ScoredStyle(text, style, Path(text), style.painting_px)
        style = gallery.load_style(text)
        # By its name it is painted as photos are, in two parts where it has them.
        return ScoredStyle(style.name, text, painting(style.card, style.name), style.painting_px)

    return list({each.name: each for each in map(scored, styles)}.values())
