"""``impasto paint PHOTO PAINTING...``: Gatys' optimisation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    WHERE,
    argument,
    check_target,
    device_option,
    option,
    painting_option,
    require_torch,
    takes,
    torch_precision_option,
)
from impasto.errors import OptionError, OutputError
from impasto.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.gatys.optimize import Iterate
    from impasto.gatys.options import PaintOptions
    from impasto.masks.parse import AreaSource
    from impasto.perceptual.hardware import Precision

OBJECTIVE, SEARCH = "What to paint", "How to search"


@dataclass(frozen=True)
class PaintCommandOptions:
    """The options of ``impasto paint``."""

    photo: Path = argument("PHOTO", "The photo.")
    paintings: list[Path] = argument("PAINTING...", "One painting, or several.")
    output: Path | None = option(
        None, "Default: PHOTO-PAINTING beside the photo.", "--output", "-o", metavar="FILE"
    )
    overwrite: bool = option(False, "Replace a painting that exists already.", "--overwrite")
    size_px: int | None = option(
        None,
        "The painting's longer side; the photo's own, 1024 at most, if not given.",
        "--size",
        metavar="PX",
    )
    keep_colors: bool = option(False, "Keep the photo's colours.", "--keep-colors")
    effect: str = option(
        "balanced",
        "How much of the painting: subtle, balanced or bold. Weights that are given win.",
        metavar="HOW",
    )
    content_weight: float | None = option(None, "More keeps more of the photo.", panel=OBJECTIVE)
    self_similarity_weight: float | None = option(
        None, "More keeps more of the layout, and lets colours and forms change.", panel=OBJECTIVE
    )
    style_weight: float | None = option(None, "More takes more of the painting.", panel=OBJECTIVE)
    tv_weight: float | None = option(None, "Total variation: more is smoother.", panel=OBJECTIVE)
    face_weight: float | None = option(
        None, "More keeps more of faces (found with the extra faces).", panel=OBJECTIVE
    )
    painting_weight: list[float] | None = option(
        None, "How much each painting counts; once for each.", panel=OBJECTIVE
    )
    painting_scale: float = option(1.0, "More makes larger strokes.", panel=OBJECTIVE)
    content_layers: list[str] | None = option(
        None,
        "VGG-19 layer for the content; repeat for more. Default: relu4_2.",
        "--content-layer",
        metavar="LAYER[:WEIGHT]",
        panel=OBJECTIVE,
    )
    style_layers: list[str] | None = option(
        None,
        "VGG-19 layer for the style; repeat for more. Default: relu1_1 to relu5_1.",
        "--style-layer",
        metavar="LAYER[:WEIGHT]",
        panel=OBJECTIVE,
    )
    losses: str = option("scale-free", "scale-free, or paper (Gatys et al. 2016).", panel=OBJECTIVE)
    pooling: str = option("average", "max or average.", panel=OBJECTIVE)
    mask: str | None = painting_option("mask")
    subject: str = option(
        "",
        "A box around the subject, for masks and regions that speak of it.",
        metavar="X,Y,W,H",
        panel=WHERE,
    )
    region: list[str] | None = option(
        None,
        "A painting for a place: MASK.png:wave.jpg, subject:wave.jpg, background:wave.jpg; repeat "
        "for more.",
        metavar="PLACE:PAINTING",
        panel=WHERE,
    )
    steps: int = option(200, "At the coarsest scale; finer ones get fewer.", panel=SEARCH)
    start: str = option(
        "content", "content, noise, or a picture's file.", metavar="WHAT", panel=SEARCH
    )
    coarsest_px: int = option(
        64, "Shorter side of the coarsest scale.", "--coarsest", metavar="PX", panel=SEARCH
    )
    seed: int = option(0, "Of the noise and of samples.", panel=SEARCH)
    tile_px: int = option(
        832,
        "Larger pictures are computed in tiles of this size: smaller takes less memory.",
        "--tile",
        metavar="PX",
        panel=SEARCH,
    )
    device: str = device_option()
    precision: str = torch_precision_option()
    save_every: int = option(
        0, "Save the picture on its way; 0 for never.", metavar="STEPS", panel=SEARCH
    )


@takes(PaintCommandOptions)
def paint_command(_: typer.Context, said: PaintCommandOptions) -> None:
    """Paint one photo like one painting, in minutes: the best quality (Gatys et al. 2016)."""
    require_torch("impasto paint")
    from impasto.images import FORMATS, check_format
    from impasto.masks.parse import split_regions

    photo, paintings = said.photo, said.paintings
    suffix = photo.suffix if photo.suffix.lower().removeprefix(".") in FORMATS else ".png"
    target = said.output or photo.with_name(f"{photo.stem}-{paintings[0].stem}{suffix}")
    check_format(target)
    rest, placed = split_regions(said.region or [])
    if rest:
        raise OptionError(f"the rest is {paintings[0]}'s already", "leave that region out")
    check_target(target, [photo, *paintings, *(Path(each) for _, each in placed)], said.overwrite)
    if said.save_every and not said.overwrite:
        for step in target.parent.glob(f"{escape(target.stem)}-[0-9][0-9][0-9][0-9]*"):
            raise OutputError(f"{step} exists already", "give --overwrite, or another -o")
    _paint(said, target, placed)
    console.note(f"{photo} -> {target}")


def _paint(
    said: PaintCommandOptions, target: Path, placed: Sequence[tuple[AreaSource, str]]
) -> None:
    # Torch takes seconds to load: not before it is known that the result has a place.
    from impasto.gatys.optimize import paint
    from impasto.masks.parse import as_area
    from impasto.perceptual.hardware import choose_hardware, keep_freed_memory

    options = _options(said)
    hardware = choose_hardware(said.device, cast("Precision", said.precision))
    keep_freed_memory()
    console.detail(f"hardware: {hardware}")
    latest: list[Iterate] = []
    with console.progress() as progress:

        def on_iterate(iterate: Iterate) -> None:
            latest[:] = [iterate]
            if said.save_every and iterate.step % said.save_every == 0:
                step = target.with_name(f"{target.stem}-{iterate.step:04d}{target.suffix}")
                iterate.picture().save(step, overwrite=said.overwrite)
            task = f"painting at {iterate.width} x {iterate.height} px"
            progress(Progress(task, iterate.step, iterate.steps, iterate.losses))

        try:
            painting = paint(
                said.photo,
                said.paintings,
                options,
                painting_weights=said.painting_weight,
                regions=[(as_area(place, said.subject), each) for place, each in placed],
                mask=as_area(said.mask, said.subject) if said.mask else None,
                hardware=hardware,
                on_iterate=on_iterate,
            )
        except KeyboardInterrupt:
            if latest:
                latest[0].picture().save(target, overwrite=said.overwrite)
                console.note(f"{target} has the painting after {latest[0].step} steps")
            raise
    painting.save(target, overwrite=said.overwrite)


def _options(said: PaintCommandOptions) -> PaintOptions:
    from impasto.gatys.options import PaintOptions
    from impasto.images import read_image

    names = {each.name for each in fields(PaintOptions)}
    given = {name: value for name, value in vars(said).items() if name in names}
    if said.start not in ("content", "noise"):
        given["start"] = read_image(said.start)
    for name, called in (("content_layers", "--content-layer"), ("style_layers", "--style-layer")):
        if texts := given.pop(name):
            given[name] = _layers(texts, called)
    return PaintOptions(**given)


def _layers(texts: list[str], option: str) -> dict[str, float]:
    layers = {}
    for text in texts:
        name, colon, number = text.partition(":")
        try:
            layers[name.strip()] = float(number) if colon else 1.0
        except ValueError as error:
            raise OptionError(f"{option} {text!r} has no number", "write relu4_2:0.5") from error
    return layers
