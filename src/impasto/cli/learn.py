"""``impasto learn PAINTING``: a style of one's own, in minutes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    argument,
    check_target,
    choose_gallery,
    device_option,
    option,
    painting_option,
    require_torch,
    takes,
    torch_precision_option,
)
from impasto.cli.training import interrupt_between_steps
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.perceptual.hardware import Precision
    from impasto.styles import Gallery, Style
    from impasto.training.run import TrainingRun


@dataclass(frozen=True)
class LearnOptions:
    """The options of ``impasto learn``."""

    painting: Path = argument("PAINTING", "A picture of it, 64 px or more.")
    photos: Path | None = option(
        None, "Photographs to practise on. Default: five free ones.", metavar="FOLDER"
    )
    minutes: float = option(5.0, "About how long it may take.")
    name: str = option("", "Of the style. Default: after the file.", metavar="NAME")
    output: Path | None = option(
        None,
        "Write the style there, too, for others to impasto styles add.",
        "--output",
        "-o",
        metavar="FILE",
    )
    deep: bool = option(
        False,
        "Tune the whole network, not only a vector and the last layer: closer to the "
        "painting, the more so in an hour. The style, of 1.2 MB, mixes with no other.",
        "--deep",
    )
    fine: bool = option(
        False,
        "Learn it for the two networks that paint large forms into photos, too, best in "
        "some 10 minutes. Videos get it as predicted.",
        "--fine",
    )
    resume: bool = option(False, "Go on with it for so many minutes more.", "--resume")
    overwrite: bool = option(False, "Learn anew what was learned before.", "--overwrite")
    gallery: str | None = painting_option("gallery")
    device: str = device_option()
    precision: str = torch_precision_option()


@takes(LearnOptions)
def learn_command(_: typer.Context, said: LearnOptions) -> None:
    """Learn a style from one painting (Dumoulin et al. 2017, section 3.3).

    The style is at once known by its name: impasto PHOTO --style NAME. Ctrl-C keeps what is learned
    by then; --resume goes on.
    """
    require_torch("impasto learn")
    from impasto.perceptual.hardware import choose_hardware, keep_freed_memory
    from impasto.styles.style import check_name
    from impasto.training.checkpoint import CHECKPOINT_FILE
    from impasto.training.learn import learning_run

    name = check_name(said.name or said.painting.stem)
    gallery = choose_gallery(said.gallery)
    _check(said, name, gallery)
    run = replace(
        learning_run(name),
        resume=said.resume,
        hardware=choose_hardware(said.device, cast("Precision", said.precision)),
        on_skip=console.error,
    )
    if said.fine:
        run = replace(run, folder=run.folder / "fine", preview_every_s=60)
    begun = run.folder / "draft" / CHECKPOINT_FILE if said.fine else run.checkpoint
    if begun.exists() and not said.resume:
        if not said.overwrite:
            raise OptionError(
                f"{name} was learned before", "give --resume to go on, --overwrite to begin anew"
            )
        shutil.rmtree(run.folder)
    keep_freed_memory()
    console.note(f"learning {name} on {run.hardware}; previews in {run.folder}")
    with console.progress() as progress, interrupt_between_steps(progress) as listener:
        learn = _learn_fine if said.fine else _learn
        style = learn(said, name, gallery, replace(run, progress=listener))
    _keep(style, said.output, gallery)


def _learn(said: LearnOptions, name: str, gallery: Gallery, run: TrainingRun) -> Style:
    from impasto.training.checkpoint import read_checkpoint
    from impasto.training.learn import learn, learned_style

    try:
        return learn(
            said.painting,
            photos=said.photos,
            name=name,
            minutes=said.minutes,
            gallery=gallery,
            deep=said.deep,
            run=run,
        )
    except KeyboardInterrupt:
        if run.checkpoint.exists():
            checkpoint = read_checkpoint(run.checkpoint)
            _keep(learned_style(checkpoint, said.painting, gallery), said.output, gallery)
        raise


def _learn_fine(said: LearnOptions, name: str, gallery: Gallery, run: TrainingRun) -> Style:
    """Learn a style for the gallery in two parts; for its other networks it is predicted."""
    from impasto.styles import StyleCard, add_style
    from impasto.styles.predict import predict_style
    from impasto.training.learn import free_photos
    from impasto.training.paintings import Painting
    from impasto.training.train_fine import learn_fine

    assert gallery.fine
    card = StyleCard(title=said.painting.stem, painting=said.painting.name)
    style = learn_fine(
        Painting(said.painting, card),
        photos=said.photos or free_photos(),
        name=name,
        minutes=said.minutes,
        run=run,
        gallery=gallery.fine,
    )
    if name not in gallery.names:
        add_style(predict_style(said.painting, gallery=gallery), gallery, name)
    return style


def _check(said: LearnOptions, name: str, gallery: Gallery) -> None:
    """Find out before the work that its result has no place.

    Raises:
        OptionError, OutputError: it has none.
    """
    from impasto.styles.style import STYLE_SUFFIX

    if name in gallery.shipped:
        raise OptionError(f"there is a style {name!r} already", "give another --name")
    if said.output:
        if said.output.suffix != STYLE_SUFFIX:
            raise OptionError(f"{said.output} is no style file", f"let it end in {STYLE_SUFFIX}")
        check_target(said.output, [said.painting], said.overwrite)
    if said.fine and (said.deep or not (gallery.fine and gallery.open_pack.has_encoder)):
        raise OptionError("--fine is for the shipped gallery, without --deep", "leave one out")


def _keep(style: Style, output: Path | None, gallery: Gallery) -> None:
    from impasto.styles import add_style, write_style

    if output:
        write_style(output, style)
        console.note(f"{style.name} -> {output}")
    if gallery.own:
        add_style(style, gallery)
        console.note(f"learned: impasto PHOTO --style {style.name}")
