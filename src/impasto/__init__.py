"""impasto turns photographs into paintings.

>>> import impasto
>>> impasto.stylize("photo.jpg", style="great-wave").save("painting.jpg")

Importing it loads neither torch nor an engine; they come with the first call that needs them.
Without torch, `paint`, `learn` and `PaintOptions` raise `MissingExtraError` when they are called.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from impasto.errors import (
    BatchError,
    EngineError,
    ImpastoError,
    InputError,
    MissingExtraError,
    OptionError,
    OutputError,
    StyleError,
    TrainingError,
)

if TYPE_CHECKING:
    from impasto.gatys.optimize import paint
    from impasto.gatys.options import PaintOptions
    from impasto.images import Picture, read_image, write_image
    from impasto.masks.areas import Region
    from impasto.masks.subject import Subject
    from impasto.options import StylizeOptions
    from impasto.photos import PhotoReport, paint_photo
    from impasto.presets import read_preset, write_preset
    from impasto.styles import Gallery, Style, open_gallery, read_style, write_style
    from impasto.styles.predict import predict_style
    from impasto.stylizer import Stylizer, stylize
    from impasto.training.learn import learn
    from impasto.video import VideoFrame, VideoReport, read_frames, stylize_frames, stylize_video

__version__ = "0.1.0"

__all__ = [
    "BatchError",
    "EngineError",
    "Gallery",
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "OptionError",
    "OutputError",
    "PaintOptions",
    "PhotoReport",
    "Picture",
    "Region",
    "Style",
    "StyleError",
    "StylizeOptions",
    "Stylizer",
    "Subject",
    "TrainingError",
    "VideoFrame",
    "VideoReport",
    "learn",
    "open_gallery",
    "paint",
    "paint_photo",
    "predict_style",
    "read_frames",
    "read_image",
    "read_preset",
    "read_style",
    "stylize",
    "stylize_frames",
    "stylize_video",
    "write_image",
    "write_preset",
    "write_style",
]

_HOMES = {
    "gatys.optimize": ("paint",),
    "gatys.options": ("PaintOptions",),
    "images": ("Picture", "read_image", "write_image"),
    "masks.areas": ("Region",),
    "masks.subject": ("Subject",),
    "options": ("StylizeOptions",),
    "photos": ("PhotoReport", "paint_photo"),
    "presets": ("read_preset", "write_preset"),
    "styles": ("Gallery", "Style", "open_gallery", "read_style", "write_style"),
    "styles.predict": ("predict_style",),
    "stylizer": ("Stylizer", "stylize"),
    "training.learn": ("learn",),
    "video": ("VideoFrame", "VideoReport", "read_frames", "stylize_frames", "stylize_video"),
}
"""The modules of the names that are loaded when they are needed."""


def __getattr__(name: str) -> object:
    """Load what is named from its module, at its first use (PEP 562)."""
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(f"impasto.{home}"), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        return _missing(name, "learn")
    globals()[name] = value
    return value


def _missing(name: str, extra: str) -> Callable[..., NoReturn]:
    """Return what stands for ``name`` until its extra is installed: help and imports find it."""

    def missing(*_: object, **__: object) -> NoReturn:
        raise MissingExtraError(f"impasto.{name}", extra)

    missing.__name__ = missing.__qualname__ = name
    missing.__doc__ = f"Raise `MissingExtraError`: ``pip install 'impasto[{extra}]'`` first."
    return missing


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
