"""``impasto styles``: what there is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import GalleryOption, choose_gallery

__all__ = ["styles_command"]


def styles_command(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    gallery: GalleryOption = None,
) -> None:
    """List the styles."""
    chosen = choose_gallery(gallery)
    styles = [chosen.load_style(name) for name in chosen.names]
    if as_json:
        rows = [{"name": style.name, **asdict(style.card)} for style in styles]
        console.result(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    console.table(
        ("style", "painting", "artist", "year", "licence"),
        [
            (style.name, style.card.title, style.card.artist, style.card.year, style.card.licence)
            for style in styles
        ],
        left=5,
    )
