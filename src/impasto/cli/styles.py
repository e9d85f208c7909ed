"""``impasto styles``: what there is, as a list or on a photo of one's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    argument,
    check_target,
    choose_gallery,
    option,
    painting_option,
    takes,
    write_json,
)
from impasto.errors import OptionError
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.styles import Gallery

SHEET = "Contact sheet"
TILE_PX = 480


styles_app = typer.Typer(
    rich_markup_mode="rich",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dataclass(frozen=True)
class StylesOptions:
    """The options of ``impasto styles``."""

    as_json: bool = option(False, "As JSON.", "--json")
    sheet: Path | None = option(
        None, "Paint this photo in every style, all in one picture.", metavar="PHOTO", panel=SHEET
    )
    output: Path | None = option(
        None,
        "Default: PHOTO-styles.jpg beside the photo.",
        "--output",
        "-o",
        metavar="FILE",
        panel=SHEET,
    )
    columns: int = option(3, panel=SHEET)
    overwrite: bool = option(False, "Replace a sheet that exists.", "--overwrite", panel=SHEET)
    gallery: str | None = painting_option("gallery")


@styles_app.callback()
@takes(StylesOptions)
def styles_command(context: typer.Context, said: StylesOptions) -> None:
    """List the styles; with --sheet, show them all on a photo. Styles of one pack can be mixed."""
    if context.invoked_subcommand:
        return
    gallery = choose_gallery(said.gallery)
    if said.sheet:
        _write_sheet(said, said.sheet, gallery)
        return
    if said.output:
        raise OptionError("-o is for --sheet", "give --sheet PHOTO, too")
    _list(gallery, said.as_json)


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
        write_json("-", rows)
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


@dataclass(frozen=True)
class AddOptions:
    """The options of ``impasto styles add``."""

    file: Path = argument("FILE", "NAME.style, of impasto learn.")
    name: str = option("", "Instead of its own.", metavar="NAME")
    gallery: str | None = painting_option("gallery")


@styles_app.command("add", short_help="Keep a style file, to be known by its name.")
@takes(AddOptions)
def add_command(_: typer.Context, said: AddOptions) -> None:
    """Keep a copy of a style file; from then on, the style is known by its name."""
    from impasto.styles import add_style

    style = add_style(said.file, choose_gallery(said.gallery), said.name)
    console.note(f"added: impasto PHOTO --style {style.name}")


@dataclass(frozen=True)
class ShowOptions:
    """The options of ``impasto styles show``."""

    style: str = argument("NAME", "A style's name, or its file.")
    gallery: str | None = painting_option("gallery")


@styles_app.command("show", short_help="Show a style's card.")
@takes(ShowOptions)
def show_command(_: typer.Context, said: ShowOptions) -> None:
    """Show what a style or style file was learned from, and which trunk it is for."""
    from impasto.styles import STYLE_SUFFIX, read_style

    chosen = choose_gallery(said.gallery)
    is_file = Path(said.style).suffix == STYLE_SUFFIX
    found = read_style(Path(said.style)) if is_file else chosen.load_style(said.style)
    fine = chosen.fine.packs if chosen.fine else ()
    fitting = [pack.name for pack in chosen.packs if pack.fits(found)]
    fitting += ["fine" for pack in fine if pack.fits(found)]
    fits = f"pack {fitting[0]}" if fitting else "does not fit this gallery"
    if found.own_trunk:
        fits = "carries its own trunk"
    added = sum(matrix.size for pair in found.kernels.values() for matrix in pair)
    rows = {
        "name": found.name,
        **asdict(found.card),
        "trunk": f"{found.trunk} ({fits})",
        "numbers": str(found.vector.size + added),
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


def _write_sheet(said: StylesOptions, photo: Path, gallery: Gallery) -> None:
    from impasto.images import Picture, check_format, contact_sheet, read_image, write_image
    from impasto.stylizer import Stylizer

    target = said.output or photo.with_name(f"{photo.stem}-styles.jpg")
    if said.columns < 1:
        raise OptionError(f"--columns is {said.columns}", "give 1 or more")
    check_format(target)
    check_target(target, [photo], said.overwrite)
    pixels = read_image(photo).pixels
    tiles = [("the photo", pixels)]
    with console.progress() as progress:
        for number, name in enumerate(gallery.names, 1):
            with Stylizer(name, gallery=gallery) as stylizer:
                tiles.append((name, stylizer(pixels)))
            progress(Progress("painting", number, len(gallery.names)))
    contact = Picture(contact_sheet(tiles, columns=said.columns, tile_px=TILE_PX))
    write_image(target, contact, overwrite=said.overwrite)
    console.note(f"{photo} -> {target}")
