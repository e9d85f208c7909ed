"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.errors import MissingExtraError

if TYPE_CHECKING:
    from impasto.styles import Gallery

__all__ = [
    "EngineOption",
    "GalleryOption",
    "PrecisionOption",
    "choose_gallery",
    "require_torch",
]

EngineOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto (the fastest installed), openvino, onnxruntime or opencv.",
        rich_help_panel="Speed",
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto (bf16 where the CPU has it), f32 or bf16.",
        rich_help_panel="Speed",
    ),
]
GalleryOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Styles of your own, as impasto train makes them.",
        show_default=False,
    ),
]


def choose_gallery(folder: Path | None) -> Gallery:
    """The gallery in a folder, or the shipped one."""
    from impasto.styles import open_gallery

    return open_gallery(folder) if folder else open_gallery()


def require_torch(feature: str) -> None:
    """Torch can be imported.

    Raises:
        MissingExtraError: it is not installed, with the line that installs it.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(feature, "learn") from error
