"""Keys, and the settings that they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from impasto.defaults import ColorWay
from impasto.styles import Gallery, StyleRef
from impasto.styles.predict import find_style

HELP = (
    ("n p", "next, previous style"),
    ("0-9", "style by its number: 1 and 7 are 17"),
    ("m", "mix with the next style of its pack"),
    ("+ -", "strength"),
    ("[ ]", "finer, larger strokes"),
    ("k", "keep colours"),
    ("c", "compare"),
    ("s", "save a photo"),
    ("r", "record, stop"),
    ("f", "full screen"),
    ("h", "this help"),
    ("q", "quit"),
)

STRENGTH_STEP, MAX_STRENGTH = 0.1, 1.5
STROKES = (0.5, 0.7, 1.0, 1.4, 2.0)


@dataclass(frozen=True)
class LiveSettings:
    """Settings of what is shown, and how.

    Attributes:
        packs: names to choose from, those together that mix with each other; what mixes with
            nothing is a pack by itself.
        index: of the style that is on, counted over all packs.
        mixed: half of it, and half of the next one of its pack.
        strength: 0 to 1.5.
        stroke: 0.5 to 2.
        keep_colors: the camera's colours.
        compare: the left half is the camera's picture.
        help: the keys are shown.
    """

    packs: Sequence[Sequence[str]]
    index: int = 0
    mixed: bool = False
    strength: float = 1.0
    stroke: float = 1.0
    keep_colors: ColorWay | None = None
    compare: bool = False
    help: bool = False

    @property
    def styles(self) -> tuple[str, ...]:
        """All names, pack by pack."""
        return tuple(name for pack in self.packs for name in pack)

    @property
    def style(self) -> str:
        """A name or mixture, as `impasto.Stylizer` takes it."""
        name, following = self.styles[self.index], self.following
        return _half_and_half(name, following) if self.mixed and following else name

    @property
    def following(self) -> str | None:
        """The next style of the same pack, around its end; none if there is no other."""
        name = self.styles[self.index]
        pack = next(pack for pack in self.packs if name in pack)
        return pack[(pack.index(name) + 1) % len(pack)] if len(pack) > 1 else None


def _half_and_half(first: str, second: str) -> str:
    """Mix half of each, of which either may be a mixture itself."""
    if not set("+:") & set(first + second):
        return f"{first}+{second}"
    parts = [*StyleRef.parse(first).parts, *StyleRef.parse(second).parts]
    return "+".join(f"{name}:{weight:.3g}" for name, weight in parts)


def packs_from(first: str, gallery: Gallery) -> tuple[list[list[str]], int]:
    """List a gallery's styles for `LiveSettings`, and find the index of the wanted one.

    A style of the gallery keeps its place, so that its number is always the same. What is none
    comes in front.

    Args:
        first: a name; a mixture, painting or style's file, which is one more in its pack; or the
            file of a network, which is a pack by itself.

    Raises:
        OptionError: the mixture cannot be read.
        StyleError: a style is unknown or damaged, or those of the mixture are of different packs.
    """
    packs: dict[str, list[str]] = {pack.trunk.fingerprint: [] for pack in gallery.packs}
    for name in gallery.names:
        packs[gallery.load_style(name).trunk].append(name)
    ref = StyleRef.parse(first)
    if ref.is_network:
        return [[first], *filter(None, packs.values())], 0
    style = find_style(ref, gallery)
    if not ref.is_file and style.name in gallery.names:
        names = [name for pack in packs.values() for name in pack]
        return list(filter(None, packs.values())), names.index(style.name)
    mates = packs.pop(style.trunk, [])  # none of a style with a trunk of its own
    front = first if ref.is_file else style.name
    return [[front, *mates], *filter(None, packs.values())], 0


def choose(settings: LiveSettings, number: int) -> LiveSettings:
    """Return the settings with the style of a number, from 1."""
    return replace(settings, index=number - 1)


def press(settings: LiveSettings, key: str) -> LiveSettings:
    """Return the settings after a key; those of other keys stay as they are."""
    count = len(settings.styles)
    if key in ("n", "p"):
        step = 1 if key == "n" else -1
        return replace(settings, index=(settings.index + step) % count)
    if key in ("+", "=", "-"):
        change = -STRENGTH_STEP if key == "-" else STRENGTH_STEP
        strength = round(min(MAX_STRENGTH, max(0.0, settings.strength + change)), 2)
        return replace(settings, strength=strength)
    if key == "[":
        finer = [stroke for stroke in STROKES if stroke < settings.stroke]
        return replace(settings, stroke=max(finer, default=settings.stroke))
    if key == "]":
        larger = [stroke for stroke in STROKES if stroke > settings.stroke]
        return replace(settings, stroke=min(larger, default=settings.stroke))
    if key == "m":
        return replace(settings, mixed=not settings.mixed)
    if key == "k":
        return replace(settings, keep_colors=None if settings.keep_colors else "luminance")
    if key == "c":
        return replace(settings, compare=not settings.compare)
    if key == "h":
        return replace(settings, help=not settings.help)
    return settings
