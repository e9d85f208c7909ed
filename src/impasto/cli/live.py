"""``impasto live``: the webcam, painted, in a window."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    EngineOption,
    GalleryOption,
    KeepColorsOption,
    PrecisionOption,
    StabilityOption,
    StrengthOption,
    StrokeOption,
    choose_gallery,
    parse_size,
    takes,
)
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.options import StylizeOptions

__all__ = ["live_command"]


@dataclass(frozen=True)
class LiveCommandOptions:
    """The options of ``impasto live``, in the order of its help."""

    camera: Annotated[
        str,
        typer.Argument(
            metavar="CAMERA", help="A number (0 is the first), rtsp://..., or a video file."
        ),
    ] = "0"
    style: Annotated[str, typer.Option("--style", "-s", metavar="NAME", help="To begin with.")] = (
        DEFAULT_STYLE
    )
    strength: StrengthOption = StylizeOptions.strength
    stroke: StrokeOption = StylizeOptions.stroke
    stability: StabilityOption = DEFAULT_STABILITY
    keep_colors: KeepColorsOption = None
    fps: Annotated[
        float,
        typer.Option(help="Frames a second to hold: frames are painted smaller, if need be."),
    ] = 30.0
    virtual_camera: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Send the picture to other programs, too, at this size (extra: virtualcam).",
            show_default=False,
        ),
    ] = None
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="For photos and recordings.")] = (
        Path()
    )
    gallery: GalleryOption = None
    engine: EngineOption = "auto"
    precision: PrecisionOption = "auto"


@takes(LiveCommandOptions)
def live_command(context: typer.Context, options: LiveCommandOptions) -> None:
    """Paint a webcam in a window.

    Keys: n and p next and previous style, digits a style by its number (1 and 7 are 17; h shows the
    numbers), m mix with the next of its pack, + and - strength, [ and ] finer and larger strokes, k
    keep colours, c compare, s save a photo, r record, f full screen, h help, q or Esc quit.
    """
    from impasto.live import LiveOptions, open_camera, open_screen, open_virtual_camera, run_live

    names = ("style", "strength", "stroke", "keep_colors", "gallery", "engine", "precision")
    live = LiveOptions(
        StylizeOptions().changed({name: getattr(options, name) for name in names}),
        stability=options.stability,
        rate=options.fps,
        folder=options.folder,
    )
    choose_gallery(options.gallery)  # before a camera is opened in vain
    size = options.virtual_camera and parse_size(options.virtual_camera, "--virtual-camera")
    with ExitStack() as opened:
        screen = opened.enter_context(closing(open_screen()))
        virtual = None
        if size:
            virtual = opened.enter_context(closing(open_virtual_camera(*size, options.fps)))
        if "://" in options.camera:
            console.note("connecting to the camera")
        source = open_camera(options.camera)
        opened.pop_all()  # run_live closes them
    report = run_live(source, screen, live, on_note=console.note, virtual=virtual)
    console.detail(
        f"{report.frames} frames; in the end {report.rate:.0f} a second, "
        f"{1000 * report.delay_s:.0f} ms late, on {report.engine}"
    )
