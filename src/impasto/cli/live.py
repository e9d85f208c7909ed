"""``impasto live``: the webcam, painted, in a window."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    argument,
    choose_gallery,
    option,
    painting_option,
    painting_values,
    parse_size,
    stability_option,
    takes,
)
from impasto.defaults import DEFAULT_STYLE
from impasto.options import StylizeOptions


@dataclass(frozen=True)
class LiveCommandOptions:
    """The options of ``impasto live``, in the order of its help."""

    camera: str = argument(
        "CAMERA", "A number (0 is the first), rtsp://..., or a video file.", default="0"
    )
    style: str = option(DEFAULT_STYLE, "To begin with.", "--style", "-s", metavar="NAME")
    strength: float = painting_option("strength")
    stroke: float = painting_option("stroke")
    stability: float = stability_option()
    keep_colors: str | None = painting_option("keep_colors")
    fps: float = option(30.0, "Frames a second to hold: frames are painted smaller, if need be.")
    virtual_camera: str | None = option(
        None,
        "Send the picture to other programs, too, at this size (extra: virtualcam).",
        metavar="WIDTHxHEIGHT",
    )
    folder: Path = option(Path(), "For photos and recordings.", metavar="FOLDER")
    gallery: str | None = painting_option("gallery")
    engine: str = painting_option("engine")
    precision: str = painting_option("precision")


@takes(LiveCommandOptions)
def live_command(_: typer.Context, options: LiveCommandOptions) -> None:
    """Paint a webcam in a window.

    Keys: n and p next and previous style, digits a style by its number (1 and 7 are 17; h shows the
    numbers), m mix with the next of its pack, + and - strength, [ and ] finer and larger strokes, k
    keep colours, c compare, s save a photo, r record, f full screen, h help, q or Esc quit.
    """
    from impasto.live import LiveOptions, VirtualCamera, open_camera, open_screen, run_live

    live = LiveOptions(
        StylizeOptions(**painting_values(options)),
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
            virtual = opened.enter_context(closing(VirtualCamera(*size, options.fps)))
        if "://" in options.camera:
            console.note("connecting to the camera")
        source = open_camera(options.camera)
        opened.pop_all()  # run_live closes them
    report = run_live(source, screen, live, on_note=console.note, virtual=virtual)
    console.detail(
        f"{report.frames} frames; in the end {report.rate:.0f} a second, "
        f"{1000 * report.delay_s:.0f} ms late, on {report.engine}"
    )
