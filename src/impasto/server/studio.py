"""The page, with Gradio: photos, any painting, the best quality, videos, the webcam, and jobs.

Jobs are shown by `jobs.js`, which asks the API as any other client does.
"""

from __future__ import annotations

import base64
import inspect
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.parse import quote

import numpy as np
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from numpy.typing import NDArray
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.errors import ImpastoError
from impasto.images import Picture, encode_image, read_image, write_image
from impasto.options import MAX_STRENGTH, StylizeOptions
from impasto.photos import paint_photo
from impasto.server.fields import Form, check_style
from impasto.server.painters import BusyError
from impasto.server.service import EXAMPLE, Painting, Service
from impasto.stylizer import Stylizer

os.environ["GRADIO_ANALYTICS_ENABLED"] = os.environ["GRADIO_RUN_HISTORY"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_OFFLINE"] = "1"

_file_of = inspect.getfile


def _not_gradios(of: Any) -> str:
    """Gradio reads each component's source anew, to write a .pyi file beside it; it leaves out what
    is in no file.
    """
    if str(getattr(of, "__module__", "")).startswith("gradio."):
        raise OSError
    return _file_of(of)


@contextmanager
def _hurried() -> Iterator[None]:
    """Leave out of Gradio's import what takes most of the time, and is of no use to the page: .pyi
    files, a compiled template for each event's help, and pandas, which its components import again
    when they need it.
    """
    has_pandas = "pandas" in sys.modules
    sys.modules.setdefault("pandas", ModuleType("pandas"))
    try:
        with mock.patch("inspect.getfile", _not_gradios), mock.patch("jinja2.Template"):
            yield
    finally:
        if not has_pandas:
            del sys.modules["pandas"]


# It reads the variables above: it would tell its makers, and keep what is painted.
with _hurried():
    import gradio as gr

HERE = Path(__file__).parent
SCREEN_PX, SMALL_PX, LIVE_PX = 1024, 224, 480
SPARED = 0.7  # of faces, as the command line has it
NO_STYLE = "none"
LIVE_EVERY_S, RATE_OVER_S = 0.05, 2.0
AWAITED_S = 0.05
PREVIEW_S, KEPT_S = 3, 86_400
FONTS = ["system-ui", "sans-serif"]  # no font is fetched from elsewhere
HIDDEN: dict[str, Any] = {"api_visibility": "private"}  # the API is `impasto.server.api`
# At once, in the browser: an answer of the server might come late, and hide the file after next.
HIDE = "() => ({ __type__: 'update', visible: false })"
QUIET: dict[str, Any] = {**HIDDEN, "show_progress": "minimal"}

Pixels = NDArray[np.uint8]
Shown = tuple[list[float], StylizeOptions | None]
"""When the last frames of a camera were painted, and how the last one was."""


def add_page(app: FastAPI, painted: Path) -> None:
    """Mount the page at ``/`` of `impasto.server.api.create_app`'s application.

    Args:
        app: the application.
        painted: the example's painting, which the page opens with.
    """
    service: Service = app.state.service
    folder = service.page_folder
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    gr.set_static_paths([EXAMPLE, painted])  # copies would be gone with all that is a day old
    page = _Page(service, painted)
    gr.mount_gradio_app(
        app,
        page.blocks(),
        "/",
        max_file_size=service.settings.limits.request_bytes,
        allowed_paths=[str(folder)],
        theme=gr.themes.Soft(font=FONTS, font_mono=["monospace"]),
        css_paths=HERE / "page.css",
        head=f"<script>{(HERE / 'jobs.js').read_text('utf-8')}</script>",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
    )
    app.add_middleware(_Opening, address=f"{gr.route_utils.API_PREFIX}/file={quote(str(painted))}")


class _Opening:
    """Shows the example's painting while the page's scripts load; then `page.css` hides it.

    Args:
        app: answers requests.
        address: of the painting.
    """

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app = app
        style = "display: block; margin: 10vh auto 0; max-width: min(48rem, 90vw)"
        self._shown = f'<img id="opening" src="{address}" alt="A painting" style="{style}">'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put the painting into the page."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("GET", "/"):
            await self._app(scope, receive, send)
            return
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        start: Message = {}
        page = b""

        async def hold(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start":
                start = message
            if message["type"] != "http.response.body":
                return
            page += message.get("body", b"")
            if not message.get("more_body"):
                page = page.replace(b"<gradio-app", self._shown.encode() + b"<gradio-app", 1)
                MutableHeaders(scope=start)["content-length"] = str(len(page))
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, hold)


@contextmanager
def _sentences() -> Iterator[None]:
    """Let errors be sentences on the page."""
    try:
        yield
    except (ImpastoError, BusyError) as error:
        raise gr.Error(str(error), print_exception=False) from error


@contextmanager
def _form(files: dict[str, str | None], **texts: object) -> Iterator[Form]:
    """What the API would be sent; texts and files that are none are left out."""
    said = {name: [str(text)] for name, text in texts.items() if text is not None}
    with ExitStack() as opened:
        uploads = {
            name: UploadFile(opened.enter_context(Path(path).open("rb")), filename=Path(path).name)
            for name, path in files.items()
            if path is not None
        }
        yield Form(said, uploads)


class _Page:
    """Handlers and layout of the page.

    Args:
        service: does the work.
        painted: the example's painting.
    """

    def __init__(self, service: Service, painted: Path) -> None:
        self._service, self._painted = service, painted

    def paint(
        self, files: dict[str, str | None], texts: dict[str, object], *, slides: bool = False
    ) -> Painting:
        """Paint a photo in the painters' line; while a slider moves, so that it costs least."""
        service, left = self._service, threading.Event()
        with _sentences(), service.painters.place(), _form(files, **texts) as form:
            work = partial(service.paint, form, left, steered_effect=slides)
            return service.painters.start(work).result()

    def _file(self, name: str) -> Path:
        """Return a file that the page may show, for a day."""
        folder = self._service.page_folder
        for old in folder.iterdir():
            if old.stat().st_mtime < time.time() - KEPT_S:
                shutil.rmtree(old, ignore_errors=True)
        folder /= f"{time.time_ns():x}"
        folder.mkdir()
        return folder / name

    def _written(self, painting: Painting, name: str) -> str:
        path = self._file(f"{name}.{painting.file_format}")
        path.write_bytes(painting.content)
        return str(path)

    def shrink(self, photo: str | None) -> str | None:
        """Make a copy of a photo, as large as a screen."""
        if photo is None:
            return None
        with _sentences(), _form({"photo": photo}) as form:
            content, _ = self._service.picture(form.files["photo"])
            path = self._file("screen.jpg")
            write_image(path, read_image(content).shrunk(SCREEN_PX).without_metadata())
        return str(path)

    def preview(self, screen: str | None, *look: Any) -> Any:
        """Paint a photo at the screen's size, beside what it was."""
        if screen is None:
            return None
        files, texts = _look(*look)
        painting = self.paint({"photo": screen, **files}, texts, slides=True)
        return screen, self._written(painting, "painting")

    def full_size(self, photo: str | None, *look: Any) -> Any:
        """Paint a photo as it is, with all that its file holds."""
        files, texts = _look(*look)
        painting = self.paint({"photo": photo, **files}, texts)
        return gr.File(self._written(painting, Path(str(photo)).stem[:80]), visible=True)

    def try_all(self, screen: str | None) -> Iterator[list[tuple[str, str]]]:
        """Paint a photo in each style, small, one after the other."""
        shown: list[tuple[str, str]] = []
        for name in self._service.gallery.names if screen else ():
            while self._service.painters.line.taken:  # who waits for a picture goes first
                time.sleep(AWAITED_S)
            shown.append((self._tried(Path(str(screen)), name), name))
            yield shown

    def _tried(self, screen: Path, name: str) -> str:
        """Paint a photo in one style, small, on a network that is not kept: all would not fit."""
        painters, path = self._service.painters, self._file(f"{name}.jpg")
        options = StylizeOptions(name, quality="live", gallery=self._service.gallery)

        def work() -> None:
            with Stylizer(options) as stylizer:
                paint_photo(stylizer, screen, path, longer_px=SMALL_PX)

        with _sentences(), painters.place():
            painters.start(work).result()
        return str(path)

    def known_styles(self) -> list[Any]:
        """Offer the styles that there are by now, those that were learned among them."""
        names = list(self._service.gallery.names)
        one = gr.Dropdown(choices=names)
        return [one, gr.Dropdown(choices=[NO_STYLE, *names]), one, one]

    def predict(self, photo: str | None, painting: str | None) -> Any:
        """Paint a photo like any painting, whose style is predicted."""
        if photo is None or painting is None:
            return None
        files = {"photo": self.shrink(photo), "painting": painting}
        return files["photo"], self._written(self.paint(files, {}), "painting")

    def predict_full_size(self, photo: str | None, painting: str | None) -> Any:
        """Do so with the photo as it is."""
        painted = self.paint({"photo": photo, "painting": painting}, {})
        return gr.File(self._written(painted, Path(str(photo)).stem[:80]), visible=True)

    async def add_job(self, kind: str, files: dict[str, str | None], **texts: object) -> None:
        """Take a job on, and say so."""
        with _sentences(), _form(files, kind=kind, **texts) as form:
            await run_in_threadpool(self._service.add_job, kind, form)
        await self._service.runner.wake()
        gr.Info("It is under way: see the jobs below.")

    async def learn(self, painting: str | None, name: str, minutes: float) -> None:
        """Learn a style in the background."""
        await self.add_job("learn", {"painting": painting}, name=name, minutes=minutes)

    async def best(
        self, photo: str | None, painting: str | None, effect: str, size: float, keep: bool
    ) -> None:
        """Optimise a painting in the background."""
        texts = {"effect": effect, "size_px": int(size), "keep_colors": str(keep).lower()}
        await self.add_job("best", {"photo": photo, "painting": painting}, **texts)

    async def video(
        self, video: str | None, style: str, strength: float, stability: float, **part: float
    ) -> None:
        """Paint a video, or a part of it, in the background."""
        texts = {"style": style, "strength": strength, "stability": stability, **part}
        await self.add_job("video", {"video": video}, **texts)

    async def video_preview(
        self, video: str | None, style: str, strength: float, stability: float
    ) -> None:
        """Paint its first seconds."""
        await self.video(video, style, strength, stability, end_s=PREVIEW_S)

    def live(
        self, frame: Pixels | None, style: str, strength: float, shown: Shown
    ) -> tuple[str, Shown]:
        """Paint a frame of the browser's camera, and say how many came lately; as the last one was
        painted until another style's network is open.
        """
        times, last = shown
        if frame is None:
            return "", ([], None)
        painters, gallery = self._service.painters, self._service.gallery
        with _sentences():
            check_style(style, gallery)
            look = StylizeOptions(style, strength=strength, gallery=gallery).for_frames()
            if not painters.prepare(look) and last:
                look = last
            photo = Picture(np.ascontiguousarray(frame)).shrunk(LIVE_PX).pixels

            def work() -> bytes:
                with painters.lend(look) as stylizer:
                    return encode_image(Picture(stylizer(photo)), "jpg")

            with painters.place():
                content = base64.b64encode(painters.start(work).result()).decode()
        now = time.monotonic()
        times = [each for each in (*times, now) if now - each < RATE_OVER_S]
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
        # In the text: as files, frames would fill the disk.
        image = f'<img src="data:image/jpeg;base64,{content}" alt="The painting">'
        return f"{image}<p>{rate:.1f} frames a second</p>", (times, look)

    def blocks(self) -> Any:
        """Lay the page out."""
        with gr.Blocks(title="impasto", analytics_enabled=False) as page:
            gr.Markdown("# impasto\nYour photos, videos and webcam as paintings.")
            with gr.Tab("Photo"):
                photo, shrunk, style, second = self._photo_tab(page)
            with gr.Tab("Any painting"):
                any_photo = self._any_painting_tab()
            with gr.Tab("Best quality"):
                best_photo = self._best_tab()
            with gr.Tab("Video"):
                video_style = self._video_tab()
            with gr.Tab("Webcam"):
                live_style = self._webcam_tab()
            gr.Markdown("## Jobs")
            gr.HTML('<p role="status"></p><div id="jobs"></div>')
            again = gr.Button("Look for new styles", visible="hidden", elem_id="new-style")
            chosen = [style, second, video_style, live_style]
            gr.on([page.load, again.click], self.known_styles, None, chosen, **HIDDEN)
            shrunk.success(lambda path: (path, path), photo, [any_photo, best_photo], **HIDDEN)
        return page

    def _styles(self, label: str = "Style") -> Any:
        service = self._service
        return gr.Dropdown(list(service.gallery.names), value=service.first_style, label=label)

    def _photo_tab(self, page: Any) -> tuple[Any, Any, Any, Any]:
        names = list(self._service.gallery.names)
        with gr.Row():
            with gr.Column(scale=2):
                photo = _picture("Photo", webcam=True, value=str(EXAMPLE))
                with gr.Group():
                    style = self._styles()
                    second = gr.Dropdown([NO_STYLE, *names], value=NO_STYLE, label="Mix with")
                    share = gr.Slider(
                        0.05, 0.95, 0.5, step=0.05, label="Share of the second", visible=False
                    )
                    bold = _strength()
                    stroke = gr.Slider(0.5, 2, 1.0, step=0.05, label="Size of the strokes")
                    keep = gr.Checkbox(label="Keep the photo's colours")
                with gr.Accordion("Paint a part of it", open=False):
                    subject = gr.Checkbox(label="Paint the subject only")
                    faces = gr.Checkbox(label="Spare faces")
                    mask = _picture("Mask: paint where it is white")
            with gr.Column(scale=3):
                result, full, file = _result((str(EXAMPLE), str(self._painted)))
        gr.Markdown("### The photo in all styles: click one")
        thumbnails = gr.Gallery(
            label="Styles",
            show_label=False,
            columns=6,
            allow_preview=False,
            buttons=[],
            elem_id="styles",
        )
        screen = gr.State(str(EXAMPLE))
        look = [style, second, share, bold, stroke, keep, subject, faces, mask]
        # One that is asked for while another is under way must not be forgotten.
        again: dict[str, Any] = {"trigger_mode": "always_last", **QUIET}
        shrunk = photo.change(self.shrink, photo, screen, **again)
        shown = shrunk.then(self.preview, [screen, *look], result, **again)
        # Gradio forgets what waits for one that is cancelled, so these do not wait.
        anyway: dict[str, Any] = {"trigger_mode": "multiple", **QUIET}
        tried = [
            begin(self.try_all, screen, thumbnails, **anyway) for begin in (page.load, shown.then)
        ]
        photo.change(None, cancels=tried, **HIDDEN)
        second.change(lambda name: gr.Slider(visible=name != NO_STYLE), second, share, **HIDDEN)
        changes = [each.change for each in look]
        gr.on(changes, self.preview, [screen, *look], result, **again)
        gr.on([photo.change, *changes], None, None, file, js=HIDE, **HIDDEN)
        thumbnails.select(_chosen, None, style, **HIDDEN)
        full.click(self.full_size, [photo, *look], file, **HIDDEN)
        return photo, shrunk, style, second

    def _any_painting_tab(self) -> Any:
        with gr.Row():
            with gr.Column(scale=2):
                photo = _picture("Photo", value=str(EXAMPLE))
                painting = _picture("Painting")
            with gr.Column(scale=3):
                result, full, file = _result()
        gr.Markdown("Learning the painting takes minutes, comes closer, and adds it to the styles.")
        with gr.Row(equal_height=True):
            name = gr.Textbox(label="Name of the style", placeholder="yellow-cow")
            minutes = gr.Slider(1, 60, 10, step=1, label="Minutes")
            learn = gr.Button("Learn it")
        changes, again = [photo.change, painting.change], {"trigger_mode": "always_last", **QUIET}
        gr.on(changes, self.predict, [photo, painting], result, **again)
        gr.on(changes, None, None, file, js=HIDE, **HIDDEN)
        full.click(self.predict_full_size, [photo, painting], file, **HIDDEN)
        learn.click(self.learn, [painting, name, minutes], None, **HIDDEN)
        return photo

    def _best_tab(self) -> Any:
        gr.Markdown("The closest to a painting, by hundreds of small steps: some minutes.")
        with gr.Row():
            photo, painting = _picture("Photo", value=str(EXAMPLE)), _picture("Painting")
        with gr.Row(equal_height=True):
            effect = gr.Radio(["subtle", "balanced", "bold"], value="balanced", label="Effect")
            size = gr.Slider(128, 2048, 1024, step=64, label="Longer side, pixels")
            keep = gr.Checkbox(label="Keep the photo's colours")
        paint = gr.Button("Paint it", variant="primary")
        paint.click(self.best, [photo, painting, effect, size, keep], None, **HIDDEN)
        return photo

    def _video_tab(self) -> Any:
        with gr.Row():
            with gr.Column(scale=3):
                video = gr.Video(label="Video", sources=["upload"])
            with gr.Column(scale=2):
                style, calm = self._styles(), gr.Slider(0, 1, 0.4, label="Calm strokes")
                given = [video, style, _strength(), calm]
                preview = gr.Button("Try three seconds")
                paint = gr.Button("Paint all of it", variant="primary")
        preview.click(self.video_preview, given, None, **HIDDEN)
        paint.click(self.video, given, None, **HIDDEN)
        return style

    def _webcam_tab(self) -> Any:
        with gr.Row():
            camera = gr.Image(label="Camera", sources=["webcam"], streaming=True)
            painting = gr.HTML(
                "<p>The painting appears here when the camera runs.</p>", elem_id="painting-live"
            )
        with gr.Row():
            style, bold = self._styles(), _strength()
        shown = gr.State(([], None))
        camera.stream(
            self.live,
            [camera, style, bold, shown],
            [painting, shown],
            stream_every=LIVE_EVERY_S,
            time_limit=None,
            show_progress="hidden",
            **HIDDEN,
        )
        return style


def _picture(label: str, *, webcam: bool = False, value: str | None = None) -> Any:
    sources = ["upload", "clipboard", *(["webcam"] if webcam else [])]
    image = gr.Image(value, label=label, sources=sources, height=280)
    # As it came: Gradio would try to read it, knows fewer formats, and shows what fails as it is.
    image.preprocess = lambda sent: sent and sent.path
    return image


def _result(shown: tuple[str, str] | None = None) -> tuple[Any, Any, Any]:
    return (
        gr.ImageSlider(shown, label="Before and after", type="filepath", max_height=640),
        gr.Button("Paint at full size", variant="primary"),
        gr.File(label="Painting", interactive=False, visible=False),
    )


def _strength() -> Any:
    return gr.Slider(0, MAX_STRENGTH, 1.0, step=0.05, label="Strength")


def _chosen(event: gr.SelectData) -> str:
    return str(event.value["caption"])


def _look(
    style: str,
    second: str,
    share: float,
    strength: float,
    stroke: float,
    keep: bool,
    subject: bool,
    faces: bool,
    mask: str | None,
) -> tuple[dict[str, str | None], dict[str, object]]:
    """What the sliders say, as uploads and texts of a form."""
    mixed = f"{style}:{1 - share:.2f}+{second}:{share:.2f}"
    return {"mask": mask}, {
        "style": style if second == NO_STYLE else mixed,
        "strength": strength,
        "stroke": stroke if stroke != 1 else None,
        "keep_colors": "luminance" if keep else None,
        "subject": "found" if subject else None,
        "protect_faces": SPARED if faces else None,
    }
