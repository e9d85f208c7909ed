"""What the keys do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from impasto.files import names_network

__all__ = ["HELP", "LiveSettings", "press"]

HELP = (
    ("n p", "next, previous style"),
    ("1-9", "that style"),
    ("m", "mix with the next style"),
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
    """What is shown, and how.

    Attributes:
        styles: names to choose from.
        index: of the style that is on.
        mixed: half of it, and half of the next one.
        strength: 0 to 1.5.
        stroke: 0.5 to 2.
        keep_colors: the camera's colours.
        compare: the left half is the camera's picture.
        help: the keys are shown.
    """

    styles: Sequence[str]
    index: int = 0
    mixed: bool = False
    strength: float = 1.0
    stroke: float = 1.0
    keep_colors: bool = False
    compare: bool = False
    help: bool = False

    @property
    def style(self) -> str:
        """A name or mixture, as `impasto.Stylizer` takes it; networks of their own do not mix."""
        name = self.styles[self.index]
        following = self.styles[(self.index + 1) % len(self.styles)]
        mixable = name != following and not names_network(name) and not names_network(following)
        return f"{name}+{following}" if self.mixed and mixable else name


def press(settings: LiveSettings, key: str) -> LiveSettings:
    """The settings after a key; keys that change none of them leave them as they are."""
    count = len(settings.styles)
    if key in ("n", "p"):
        step = 1 if key == "n" else -1
        return replace(settings, index=(settings.index + step) % count)
    if key.isdigit() and 1 <= int(key) <= count:
        return replace(settings, index=int(key) - 1)
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
        return replace(settings, keep_colors=not settings.keep_colors)
    if key == "c":
        return replace(settings, compare=not settings.compare)
    if key == "h":
        return replace(settings, help=not settings.help)
    return settings
