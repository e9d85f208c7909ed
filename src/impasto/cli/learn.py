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
    from impasto.perceptual.hardware import Precision
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
    from impasto.training.learn import learn, learned_style
    from impasto.training.run import RunFiles

    name = check_name(name or painting.stem)
    chosen = choose_gallery(gallery)
    if name in chosen.shipped:
        raise OptionError(f"there is a style {name!r} already", "give another --name")
    if output:
        if output.suffix != STYLE_SUFFIX:
            raise OptionError(f"{output} is no style file", f"let it end in {STYLE_SUFFIX}")
        check_target(output, [painting], overwrite)
    files = RunFiles(learning_folder(name))
    if files.checkpoint.exists() and overwrite and not resume:
        shutil.rmtree(files.folder)
    if files.checkpoint.exists() and not resume:
        raise OptionError(
            f"{name} was learned before", "give --resume to go on, --overwrite to begin anew"
        )
    hardware = choose_hardware(device, cast("Precision", precision))
    keep_freed_memory()
    console.note(f"learning {name} on {hardware}; previews in {files.folder}")
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


def _keep(style: Style, output: Path | None, gallery: Gallery) -> None:
    from impasto.styles import add_style, write_style

    if output:
        write_style(output, style)
        console.note(f"{style.name} -> {output}")
    if gallery.own:
        add_style(style, gallery)
        console.note(f"learned: impasto PHOTO --style {style.name}")
