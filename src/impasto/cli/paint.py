"""``impasto paint PHOTO PAINTING...``: Gatys' optimisation."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    WHERE,
    DeviceOption,
    MaskOption,
    TorchPrecisionOption,
    check_target,
    require_torch,
    takes,
)
from impasto.errors import OptionError, OutputError
from impasto.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.gatys.optimize import Iterate, PaintOptions
    from impasto.masks.parse import AreaSource
    from impasto.perceptual.hardware import Precision

__all__ = ["paint_command"]

OBJECTIVE, SEARCH = "What to paint", "How to search"


@dataclass(frozen=True)
class PaintCommandOptions:
    """The options of ``impasto paint``."""

    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo.")]
    paintings: Annotated[
        list[Path], typer.Argument(metavar="PAINTING...", help="One painting, or several.")
    ]
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="Default: PHOTO-PAINTING beside the photo.",
        ),
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a painting that exists already.")
    ] = False
    size: Annotated[
        int | None,
        typer.Option(
            metavar="PX",
            show_default=False,
            help="The painting's longer side; the photo's own, 1024 at most, if not given.",
        ),
    ] = None
    keep_colors: Annotated[
        bool, typer.Option("--keep-colors", help="Keep the photo's colours.")
    ] = False
    effect: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="How much of the painting: subtle, balanced or bold. Weights that are given win.",
        ),
    ] = "balanced"
    content_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of the photo.", rich_help_panel=OBJECTIVE, show_default=False
        ),
    ] = None
    self_similarity_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of the layout, and lets colours and forms change.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    style_weight: Annotated[
        float | None,
        typer.Option(
            help="More takes more of the painting.", rich_help_panel=OBJECTIVE, show_default=False
        ),
    ] = None
    tv_weight: Annotated[
        float | None,
        typer.Option(
            help="Total variation: more is smoother.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    face_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of faces (found with the extra faces).",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    painting_weight: Annotated[
        list[float] | None,
        typer.Option(
            help="How much each painting counts; once for each.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    painting_scale: Annotated[
        float, typer.Option(help="More makes larger strokes.", rich_help_panel=OBJECTIVE)
    ] = 1.0
    content_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="VGG-19 layer for the content; repeat for more. Default: relu4_2.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    style_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="VGG-19 layer for the style; repeat for more. Default: relu1_1 to relu5_1.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None
    losses: Annotated[
        str,
        typer.Option(help="scale-free, or paper (Gatys et al. 2016).", rich_help_panel=OBJECTIVE),
    ] = "scale-free"
    pooling: Annotated[str, typer.Option(help="max or average.", rich_help_panel=OBJECTIVE)] = (
        "average"
    )
    mask: MaskOption = None
    subject: Annotated[
        str,
        typer.Option(
            metavar="X,Y,W,H",
            help="A box around the subject, for masks and regions that speak of it.",
            rich_help_panel=WHERE,
            show_default=False,
        ),
    ] = ""
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE:PAINTING",
            help="A painting for a place: MASK.png:wave.jpg, subject:wave.jpg, "
            "background:wave.jpg; repeat for more.",
            rich_help_panel=WHERE,
            show_default=False,
        ),
    ] = None
    steps: Annotated[
        int,
        typer.Option(help="At the coarsest scale; finer ones get fewer.", rich_help_panel=SEARCH),
    ] = 200
    start: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="content, noise, or a picture's file.", rich_help_panel=SEARCH
        ),
    ] = "content"
    coarsest: Annotated[
        int,
        typer.Option(
            metavar="PX", help="Shorter side of the coarsest scale.", rich_help_panel=SEARCH
        ),
    ] = 64
    seed: Annotated[
        int, typer.Option(help="Of the noise and of samples.", rich_help_panel=SEARCH)
    ] = 0
    tile: Annotated[
        int,
        typer.Option(
            metavar="PX",
            help="Larger pictures are computed in tiles of this size: smaller takes less memory.",
            rich_help_panel=SEARCH,
        ),
    ] = 832
    device: DeviceOption = "auto"
    precision: TorchPrecisionOption = "auto"
    save_every: Annotated[
        int,
        typer.Option(
            metavar="STEPS",
            help="Save the picture on its way; 0 for never.",
            rich_help_panel=SEARCH,
        ),
    ] = 0


@takes(PaintCommandOptions)
def paint_command(_: typer.Context, said: PaintCommandOptions) -> None:
    """Paint one photo like one painting, in minutes: the best quality (Gatys et al. 2016)."""
    require_torch("impasto paint")
    from impasto.images import check_format
    from impasto.masks.parse import split_regions

    photo, paintings = said.photo, said.paintings
    target = said.output or photo.with_name(f"{photo.stem}-{paintings[0].stem}{_suffix(photo)}")
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
    from impasto.gatys.optimize import PaintOptions
    from impasto.images import read_image

    defaults = PaintOptions()
    return PaintOptions(
        effect=said.effect,  # type: ignore[arg-type]
        content_weight=said.content_weight,
        self_similarity_weight=said.self_similarity_weight,
        style_weight=said.style_weight,
        tv_weight=said.tv_weight,
        face_weight=said.face_weight,
        content_layers=_layers(said.content_layer, "--content-layer") or defaults.content_layers,
        style_layers=_layers(said.style_layer, "--style-layer") or defaults.style_layers,
        losses=said.losses,  # type: ignore[arg-type]
        pooling=said.pooling,  # type: ignore[arg-type]
        steps=said.steps,
        start=said.start if said.start in ("content", "noise") else read_image(said.start),  # type: ignore[arg-type]
        size_px=said.size,
        coarsest_px=said.coarsest,
        painting_scale=said.painting_scale,
        keep_colors=said.keep_colors,
        seed=said.seed,
        tile_px=said.tile,
    )


def _layers(texts: list[str] | None, option: str) -> dict[str, float]:
    layers = {}
    for text in texts or ():
        name, colon, number = text.partition(":")
        try:
            layers[name.strip()] = float(number) if colon else 1.0
        except ValueError as error:
            raise OptionError(f"{option} {text!r} has no number", "write relu4_2:0.5") from error
    return layers


def _suffix(photo: Path) -> str:
    from impasto.images import FORMATS

    return photo.suffix if photo.suffix.lower().removeprefix(".") in FORMATS else ".png"
