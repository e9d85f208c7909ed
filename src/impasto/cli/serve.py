"""``impasto serve`` and ``impasto studio``: for other programs, and for the browser."""

from __future__ import annotations

import importlib.util
import webbrowser
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import typer

from impasto.cli.console import console
from impasto.cli.options import option, painting_option, takes
from impasto.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from impasto.server.settings import ServerSettings

ACCESS, LIMITS = "Who may call", "How much"
SERVER_PACKAGES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """The options of ``impasto serve``."""

    host: str = option("127.0.0.1", "Another lets others in, and needs --token.", panel=ACCESS)
    port: int = option(8000, "0 takes any that is free.")
    token: str = option(
        "",
        "Every request must show it: Authorization: Bearer TOKEN.",
        panel=ACCESS,
        variable="IMPASTO_TOKEN",
    )
    allow_host: list[str] | None = option(
        None,
        "A name that this server goes by; repeat for more. Addresses in numbers and "
        "localhost always do.",
        metavar="NAME",
        panel=ACCESS,
    )
    allow_origin: list[str] | None = option(
        None,
        "A page that may call from a browser: https://example.org; repeat for more.",
        metavar="ORIGIN",
        panel=ACCESS,
    )
    allow_uploads: bool = option(
        False,
        "Take style files and networks (.style, .t7, .pth, .onnx) from requests.",
        "--allow-uploads",
        panel=ACCESS,
    )
    folder: Path | None = option(
        None, "Of jobs and their results. Default: in your data folder.", metavar="FOLDER"
    )
    gallery: str | None = painting_option("gallery")
    painters: int = option(2, "Photos that are painted at once.", panel=LIMITS)
    queue: int = option(32, "Photos that may wait; more are told to come back.", panel=LIMITS)
    jobs: int = option(1, "That run at once.", panel=LIMITS)
    keep_hours: float = option(72, "How long finished jobs stay.", panel=LIMITS)
    max_mb: int = option(64, "Of a photo's request.", panel=LIMITS)
    max_megapixels: float = option(50, "Of a photo, and of a video's frame.", panel=LIMITS)
    max_frames: int = option(36_000, "Of a video.", panel=LIMITS)
    max_seconds: float = option(1200, "Of a video.", panel=LIMITS)


@dataclass(frozen=True, kw_only=True)
class StudioOptions(ServeOptions):
    """The options of ``impasto studio``."""

    no_browser: bool = option(False, "Only say where the page is.", "--no-browser")


@takes(ServeOptions)
def serve_command(_: typer.Context, said: ServeOptions) -> None:
    """Answer other programs over HTTP: photos at once; videos, learning and the best quality as
    jobs, which go on after a restart.
    """
    _require("impasto serve", "server", *SERVER_PACKAGES)
    from impasto.server.api import create_app
    from impasto.server.listening import address_of, listen, run

    settings = _settings(said)
    with listen(said.host, said.port) as listening:
        app = create_app(settings)
        console.note(f"the API is at {address_of(listening)}/v1; docs/server.md describes it")
        run(app, listening, verbose=console.verbose)


@takes(StudioOptions)
def studio_command(_: typer.Context, said: StudioOptions) -> None:
    """Open a page in the browser, on which all of it is painted; the API is there, too."""
    _require("impasto studio", "studio", *SERVER_PACKAGES, "gradio")
    from impasto.server.api import create_app
    from impasto.server.listening import address_of, listen, run

    settings = _settings(said)
    with listen(said.host, said.port) as listening:
        app = create_app(settings)
        address = address_of(listening)
        if not said.no_browser:  # it starts, and waits for an answer, while Gradio is imported
            shown = f"{address}/?{urlencode({'token': said.token})}" if said.token else address
            webbrowser.open(shown)
        painted = app.state.service.paint_example()  # while Gradio is imported, too
        from impasto.server.studio import add_page

        add_page(app, painted.result())
        console.note(f"the studio is at {address} (Ctrl-C ends it)")
        run(app, listening, verbose=console.verbose)


def _require(feature: str, extra: str, *packages: str) -> None:
    if any(importlib.util.find_spec(package) is None for package in packages):
        raise MissingExtraError(feature, extra)


def _settings(said: ServeOptions) -> ServerSettings:
    from impasto.server.settings import Limits, ServerSettings

    if said.queue < 0:
        raise OptionError(f"queue is {said.queue}", "give 0 or more")
    limits = Limits(
        photo_bytes=said.max_mb << 20,
        pixels=round(said.max_megapixels * 1e6),
        frames=said.max_frames,
        seconds=said.max_seconds,
        waiting=said.queue,
    )
    settings = ServerSettings(
        host=said.host,
        token=said.token,
        hosts=tuple(said.allow_host or ()),
        origins=tuple(said.allow_origin or ()),
        gallery_folder=said.gallery,
        painters=said.painters,
        jobs=said.jobs,
        keep_hours=said.keep_hours,
        uploads=said.allow_uploads,
        limits=limits,
    )
    return replace(settings, folder=said.folder) if said.folder else settings
