"""``impasto styles``: what there is, as a list or on a photo of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import GalleryOption, check_target, choose_gallery, write_json
from impasto.errors import OptionError
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.styles import Gallery

__all__ = ["styles_app"]

SHEET = "Contact sheet"
TILE_PX = 480


styles_app = typer.Typer(
    rich_markup_mode="rich",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@styles_app.callback()
def styles_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="PHOTO",
            help="Paint this photo in every style, all in one picture.",
            rich_help_panel=SHEET,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Default: PHOTO-styles.jpg beside the photo.",
            rich_help_panel=SHEET,
            show_default=False,
        ),
    ] = None,
    columns: Annotated[int, typer.Option(rich_help_panel=SHEET)] = 3,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a sheet that exists.", rich_help_panel=SHEET),
    ] = False,
    gallery: GalleryOption = None,
) -> None:
    """List the styles; with --sheet, show them all on a photo. Styles of one pack can be mixed."""
    if context.invoked_subcommand:
        return
    chosen = choose_gallery(gallery)
    if sheet:
        target = output or sheet.with_name(f"{sheet.stem}-styles.jpg")
        _write_sheet(sheet, target, chosen, columns, overwrite)
        return
    if output:
        raise OptionError("-o is for --sheet", "give --sheet PHOTO, too")
    _list(chosen, as_json)


def _list(gallery: Gallery, as_json: bool) -> None:
    from impasto.converters import installed_networks

    styles = [(gallery.pack_of(style), style) for style in map(gallery.load_style, gallery.names)]
    fine = gallery.fine.names if gallery.fine else ()
    if as_json:
        rows = [
            {
                "name": style.name,
                "pack": pack.name,
                "fine": style.name in fine,
                **asdict(style.card),
            }
            for pack, style in styles
        ]
        rows += [{"name": name, "installed_by": "impasto convert"} for name in installed_networks()]
        write_json("-", json.dumps(rows, indent=2, ensure_ascii=False))
        return
    console.table(
        ("style", "pack", "photos", "painting", "artist", "year", "licence"),
        [
            (
                style.name,
                pack.name,
                "fine" if style.name in fine else "",
                style.card.title,
                style.card.artist,
                style.card.year,
                style.card.licence,
            )
            for pack, style in styles
        ],
        left=7,
    )
    for name in installed_networks():
        console.result(f"{name}, as impasto convert installed it")


@styles_app.command("add", short_help="Keep a style file, to be known by its name.")
def add_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="NAME.style, of impasto learn.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Instead of its own.", show_default=False)
    ] = "",
    gallery: GalleryOption = None,
) -> None:
    """Keep a copy of a style file; from then on, the style is known by its name."""
    from impasto.styles import add_style

    style = add_style(file, choose_gallery(gallery), name)
    console.note(f"added: impasto PHOTO --style {style.name}")


@styles_app.command("show", short_help="Show a style's card.")
def show_command(
    style: Annotated[str, typer.Argument(metavar="NAME", help="A style's name, or its file.")],
    gallery: GalleryOption = None,
) -> None:
    """Show what a style or style file was learned from, and which trunk it is for."""
    from impasto.styles import STYLE_SUFFIX, read_style

    chosen = choose_gallery(gallery)
    is_file = Path(style).suffix == STYLE_SUFFIX
    found = read_style(Path(style)) if is_file else chosen.load_style(style)
    fine = chosen.fine.packs if chosen.fine else ()
    fitting = [pack.name for pack in chosen.packs if pack.fits(found)]
    fitting += ["fine" for pack in fine if pack.fits(found)]
    fits = f"pack {fitting[0]}" if fitting else "does not fit this gallery"
    if found.own_trunk:
        fits = "carries its own trunk"
    rows = {
        "name": found.name,
        **asdict(found.card),
        "trunk": f"{found.trunk} ({fits})",
        "numbers": str(found.vector.size),
    }
    for key, value in rows.items():
        if value:
            console.result(f"{key:8}  {value}")


@styles_app.command("remove", short_help="Forget a style that was added or learned.")
def remove_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the style.")],
) -> None:
    """Delete a style that was added or learned, and the run that learned it; those that ship with
    impasto stay.
    """
    from impasto.styles import remove_style

    console.note(f"removed {remove_style(name)}")


def _write_sheet(
    photo: Path, target: Path, gallery: Gallery, columns: int, overwrite: bool
) -> None:
    from impasto.images import Picture, check_format, contact_sheet, read_image, write_image
    from impasto.stylizer import Stylizer

    if columns < 1:
        raise OptionError(f"--columns is {columns}", "give 1 or more")
    check_format(target)
    check_target(target, [photo], overwrite)
    pixels = read_image(photo).pixels
    tiles = [("the photo", pixels)]
    with console.progress() as progress:
        for number, name in enumerate(gallery.names, 1):
            with Stylizer(name, gallery=gallery) as stylizer:
                tiles.append((name, stylizer(pixels)))
            progress(Progress("painting", number, len(gallery.names)))
    contact = Picture(contact_sheet(tiles, columns=columns, tile_px=TILE_PX))
    write_image(target, contact, overwrite=overwrite)
    console.note(f"{photo} -> {target}")
