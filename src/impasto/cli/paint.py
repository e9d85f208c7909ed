"""``impasto paint PHOTO PAINTING...``: Gatys' optimisation."""

from __future__ import annotations

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
)
from impasto.errors import OptionError, OutputError
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.gatys.optimize import Iterate
    from impasto.perceptual.hardware import Precision

__all__ = ["paint_command"]

OBJECTIVE, SEARCH = "What to paint", "How to search"


def paint_command(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo.")],
    paintings: Annotated[
        list[Path], typer.Argument(metavar="PAINTING...", help="One painting, or several.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="Default: PHOTO-PAINTING beside the photo.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a painting that exists already.")
    ] = False,
    size: Annotated[
        int | None,
        typer.Option(
            metavar="PX",
            show_default=False,
            help="The painting's longer side; the photo's own, 1024 at most, if not given.",
        ),
    ] = None,
    keep_colors: Annotated[
        bool, typer.Option("--keep-colors", help="Keep the photo's colours.")
    ] = False,
    effect: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="How much of the painting: subtle, balanced or bold. Weights that are given win.",
        ),
    ] = "balanced",
    content_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of the photo.", rich_help_panel=OBJECTIVE, show_default=False
        ),
    ] = None,
    self_similarity_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of the layout, and lets colours and forms change.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    style_weight: Annotated[
        float | None,
        typer.Option(
            help="More takes more of the painting.", rich_help_panel=OBJECTIVE, show_default=False
        ),
    ] = None,
    tv_weight: Annotated[
        float | None,
        typer.Option(
            help="Total variation: more is smoother.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    face_weight: Annotated[
        float | None,
        typer.Option(
            help="More keeps more of faces (found with the extra faces).",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    painting_weight: Annotated[
        list[float] | None,
        typer.Option(
            help="How much each painting counts; once for each.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    painting_scale: Annotated[
        float, typer.Option(help="More makes larger strokes.", rich_help_panel=OBJECTIVE)
    ] = 1.0,
    content_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="VGG-19 layer for the content; repeat for more. Default: relu4_2.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    style_layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER[:WEIGHT]",
            help="VGG-19 layer for the style; repeat for more. Default: relu1_1 to relu5_1.",
            rich_help_panel=OBJECTIVE,
            show_default=False,
        ),
    ] = None,
    losses: Annotated[
        str,
        typer.Option(help="scale-free, or paper (Gatys et al. 2016).", rich_help_panel=OBJECTIVE),
    ] = "scale-free",
    pooling: Annotated[
        str, typer.Option(help="max or average.", rich_help_panel=OBJECTIVE)
    ] = "average",
    mask: MaskOption = None,
    subject: Annotated[
        str,
        typer.Option(
            metavar="X,Y,W,H",
            help="A box around the subject, for masks and regions that speak of it.",
            rich_help_panel=WHERE,
            show_default=False,
        ),
    ] = "",
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE:PAINTING",
            help="A painting for a place: MASK.png:wave.jpg, subject:wave.jpg, "
            "background:wave.jpg; repeat for more.",
            rich_help_panel=WHERE,
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int,
        typer.Option(help="At the coarsest scale; finer ones get fewer.", rich_help_panel=SEARCH),
    ] = 200,
    start: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="content, noise, or a picture's file.", rich_help_panel=SEARCH
        ),
    ] = "content",
    coarsest: Annotated[
        int,
        typer.Option(
            metavar="PX", help="Shorter side of the coarsest scale.", rich_help_panel=SEARCH
        ),
    ] = 64,
    seed: Annotated[
        int, typer.Option(help="Of the noise and of samples.", rich_help_panel=SEARCH)
    ] = 0,
    tile: Annotated[
        int,
        typer.Option(
            metavar="PX",
            help="Larger pictures are computed in tiles of this size: smaller takes less memory.",
            rich_help_panel=SEARCH,
        ),
    ] = 832,
    device: DeviceOption = "auto",
    precision: TorchPrecisionOption = "auto",
    save_every: Annotated[
        int,
        typer.Option(
            metavar="STEPS",
            help="Save the picture on its way; 0 for never.",
            rich_help_panel=SEARCH,
        ),
    ] = 0,
) -> None:
    """Paint one photo like one painting, in minutes: the best quality (Gatys et al. 2016)."""
    require_torch("impasto paint")
    target = output or photo.with_name(f"{photo.stem}-{paintings[0].stem}{_suffix(photo)}")

    from impasto.images import check_format, read_image
    from impasto.masks.parse import as_area, split_regions

    check_format(target)
    rest, placed = split_regions(region or [])
    if rest:
        raise OptionError(f"the rest is {paintings[0]}'s already", "leave that region out")
    check_target(target, [photo, *paintings, *(Path(each) for _, each in placed)], overwrite)
    if save_every and not overwrite:
        for step in target.parent.glob(f"{escape(target.stem)}-[0-9][0-9][0-9][0-9]*"):
            raise OutputError(f"{step} exists already", "give --overwrite, or another -o")

    # Torch takes seconds to load: not before it is known that the result has a place.
    from impasto.gatys.optimize import PaintOptions
    from impasto.gatys.optimize import paint as paint_photo
    from impasto.perceptual.hardware import choose_hardware, keep_freed_memory

    defaults = PaintOptions()
    options = PaintOptions(
        effect=effect,  # type: ignore[arg-type]
        content_weight=content_weight,
        self_similarity_weight=self_similarity_weight,
        style_weight=style_weight,
        tv_weight=tv_weight,
        face_weight=face_weight,
        content_layers=_layers(content_layer, "--content-layer") or defaults.content_layers,
        style_layers=_layers(style_layer, "--style-layer") or defaults.style_layers,
        losses=losses,  # type: ignore[arg-type]
        pooling=pooling,  # type: ignore[arg-type]
        steps=steps,
        start=start if start in ("content", "noise") else read_image(start),  # type: ignore[arg-type]
        size_px=size,
        coarsest_px=coarsest,
        painting_scale=painting_scale,
        keep_colors=keep_colors,
        seed=seed,
        tile_px=tile,
    )
    area = as_area(mask, subject) if mask else None
    areas = [(as_area(place, subject), painting) for place, painting in placed]
    hardware = choose_hardware(device, cast("Precision", precision))
    keep_freed_memory()
    console.detail(f"hardware: {hardware}")
    latest: list[Iterate] = []
    with console.progress() as progress:

        def on_iterate(iterate: Iterate) -> None:
            latest[:] = [iterate]
            if save_every and iterate.step % save_every == 0:
                step = target.with_name(f"{target.stem}-{iterate.step:04d}{target.suffix}")
                iterate.picture().save(step, overwrite=overwrite)
            task = f"painting at {iterate.width} x {iterate.height} px"
            progress(Progress(task, iterate.step, iterate.steps, iterate.losses))

        try:
            painting = paint_photo(
                photo,
                paintings,
                options,
                painting_weights=painting_weight,
                regions=areas,
                mask=area,
                hardware=hardware,
                on_iterate=on_iterate,
            )
        except KeyboardInterrupt:
            if latest:
                latest[0].picture().save(target, overwrite=overwrite)
                console.note(f"{target} has the painting after {latest[0].step} steps")
            raise
    painting.save(target, overwrite=overwrite)
    console.note(f"{photo} -> {target}")


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
