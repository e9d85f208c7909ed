"""``impasto learn PAINTING``: a style of one's own, in minutes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    DeviceOption,
    GalleryOption,
    TorchPrecisionOption,
    check_target,
    choose_gallery,
    require_torch,
)
from impasto.cli.train import interrupt_between_steps
from impasto.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.perceptual.hardware import Hardware, Precision
    from impasto.styles import Gallery, Style

__all__ = ["learn_command"]


def learn_command(
    painting: Annotated[
        Path, typer.Argument(metavar="PAINTING", help="A picture of it, 64 px or more.")
    ],
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Photographs to practise on. Default: five free ones.",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[float, typer.Option(help="About how long it may take.")] = 5.0,
    name: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of the style. Default: after the file.", show_default=False
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the style there, too, for others to impasto styles add.",
            show_default=False,
        ),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            help="Tune the whole network, not only a vector and the last layer: closer to the "
            "painting, the more so in an hour. The style, of 1.2 MB, mixes with no other.",
        ),
    ] = False,
    fine: Annotated[
        bool,
        typer.Option(
            "--fine",
            help="Learn it for the two networks that paint large forms into photos, too, best in "
            "some 10 minutes. Videos get it as predicted.",
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with it for so many minutes more.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Learn anew what was learned before.")
    ] = False,
    gallery: GalleryOption = None,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
) -> None:
    """Learn a style from one painting (Dumoulin et al. 2017, section 3.3).

    The style is at once known by its name: impasto PHOTO --style NAME. Ctrl-C keeps what is learned
    by then; --resume goes on.
    """
    require_torch("impasto learn")
    from impasto.perceptual.hardware import choose_hardware, keep_freed_memory
    from impasto.styles import learning_folder
    from impasto.styles.style import STYLE_SUFFIX, check_name
    from impasto.training.checkpoint import read_checkpoint
    from impasto.training.learn import free_photos, learn, learned_style
    from impasto.training.run import RunFiles

    name = check_name(name or painting.stem)
    chosen = choose_gallery(gallery)
    if name in chosen.shipped:
        raise OptionError(f"there is a style {name!r} already", "give another --name")
    if output:
        if output.suffix != STYLE_SUFFIX:
            raise OptionError(f"{output} is no style file", f"let it end in {STYLE_SUFFIX}")
        check_target(output, [painting], overwrite)
    if fine and (deep or not (chosen.fine and chosen.open_pack.has_encoder)):
        raise OptionError("--fine is for the shipped gallery, without --deep", "leave one out")
    files = RunFiles(learning_folder(name) / "fine" if fine else learning_folder(name))
    begun = RunFiles(files.folder / "draft") if fine else files
    if begun.checkpoint.exists() and overwrite and not resume:
        shutil.rmtree(files.folder)
    if begun.checkpoint.exists() and not resume:
        raise OptionError(
            f"{name} was learned before", "give --resume to go on, --overwrite to begin anew"
        )
    hardware = choose_hardware(device, cast("Precision", precision))
    keep_freed_memory()
    console.note(f"learning {name} on {hardware}; previews in {files.folder}")
    if fine:
        style = _learn_fine(
            painting, photos or free_photos(), name, minutes, files.folder, chosen, resume, hardware
        )
        _keep(style, output, chosen)
        return
    with console.progress() as progress, interrupt_between_steps(progress) as on_progress:
        try:
            style = learn(
                painting,
                photos=photos,
                name=name,
                minutes=minutes,
                folder=files.folder,
                resume=resume,
                gallery=chosen,
                deep=deep,
                hardware=hardware,
                progress=on_progress,
                on_skip=console.error,
            )
        except KeyboardInterrupt:
            if files.checkpoint.exists():
                checkpoint = read_checkpoint(files.checkpoint)
                _keep(learned_style(checkpoint, painting, chosen), output, chosen)
            raise
    _keep(style, output, chosen)


def _learn_fine(
    painting: Path,
    photos: Path | Sequence[Path],
    name: str,
    minutes: float,
    folder: Path,
    gallery: Gallery,
    resume: bool,
    hardware: Hardware,
) -> Style:
    """Learn a style for the gallery in two parts; for its other networks it is predicted."""
    from impasto.styles import add_style
    from impasto.styles.predict import predict_style
    from impasto.training.train_fine import learn_fine

    assert gallery.fine
    with console.progress() as progress, interrupt_between_steps(progress) as on_progress:
        style = learn_fine(
            painting,
            photos=photos,
            name=name,
            minutes=minutes,
            folder=folder,
            gallery=gallery.fine,
            resume=resume,
            hardware=hardware,
            progress=on_progress,
            on_skip=console.error,
        )
    if name not in gallery.names:
        add_style(predict_style(painting, gallery=gallery), gallery, name)
    return style


def _keep(style: Style, output: Path | None, gallery: Gallery) -> None:
    from impasto.styles import add_style, write_style

    if output:
        write_style(output, style)
        console.note(f"{style.name} -> {output}")
    if gallery.own:
        add_style(style, gallery)
        console.note(f"learned: impasto PHOTO --style {style.name}")
