"""Options that several commands share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.console import console
from impasto.errors import MissingExtraError
from impasto.files import check_writable, write_atomically

if TYPE_CHECKING:
    from impasto.styles import Gallery

__all__ = [
    "EngineOption",
    "GalleryOption",
    "JsonOption",
    "PrecisionOption",
    "check_json",
    "choose_gallery",
    "require_torch",
    "write_json",
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


JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="All figures as JSON; - for standard output.",
        show_default=False,
    ),
]


def check_json(file: str | None) -> None:
    """Find out before long work that its figures could not be written.

    Raises:
        OutputError: the file cannot be written.
    """
    if file and file != "-":
        check_writable(Path(file))


def write_json(file: str, text: str) -> bool:
    """Write figures to a file, or to standard output; true if it was the latter."""
    if file == "-":
        console.result(text)
        return True
    with write_atomically(Path(file)) as stream:
        stream.write(text.encode())
    return False


def choose_gallery(folder: Path | None) -> Gallery:
    """The gallery in a folder, or the shipped one."""
    from impasto.styles import open_gallery

    return open_gallery(folder)


def require_torch(feature: str) -> None:
    """Torch is installed.

    Raises:
        MissingExtraError: it is not installed, with the line that installs it.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(feature, "learn")
