"""The page, with Gradio: photos, any painting, the best quality, videos, the webcam, and jobs."""

from __future__ import annotations

import html
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from numpy.typing import NDArray
from starlette.datastructures import UploadFile

from impasto.errors import ImpastoError
from impasto.images import Picture, as_picture, read_image, write_image
from impasto.options import MAX_STRENGTH, StylizeOptions
from impasto.server.fields import Form, check_style
from impasto.server.jobs import Job
from impasto.server.painters import BusyError
from impasto.server.service import Painting, Service
from impasto.server.work import PREVIEW

os.environ["GRADIO_ANALYTICS_ENABLED"] = os.environ["GRADIO_RUN_HISTORY"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr  # it reads these variables: it would tell its makers, and keep what is painted

__all__ = ["add_page"]

SCREEN_PX, SMALL_PX, LIVE_PX = 1024, 224, 480
SPARED = 0.7  # of faces, as the command line has it
NO_STYLE = "none"
LIVE_EVERY_S, RATE_OVER_S, LOOK_EVERY_S = 0.05, 2.0, 1.0
PREVIEW_S, KEPT_S = 3, 86_400
NO_JOB = "<p>No job is running.</p>"
FONTS = ["system-ui", "sans-serif"]  # no font is fetched from elsewhere

Pixels = NDArray[np.uint8]


def add_page(app: FastAPI) -> None:
    """Mount the page at ``/`` of `impasto.server.api.create_app`'s application."""
    service: Service = app.state.service
    folder = service.page_folder
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    gr.mount_gradio_app(
        app,
        _Page(service).blocks(),
        "/",
        max_file_size=service.settings.limits.request_bytes,
        allowed_paths=[str(folder)],
        theme=gr.themes.Soft(font=FONTS, font_mono=["monospace"]),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
    )


@contextmanager
def _sentences() -> Iterator[None]:
    """Let errors be sentences on the page."""
    try:
        yield
    except (ImpastoError, BusyError) as error:
        raise gr.Error(str(error), print_exception=False) from error


@contextmanager
def _form(files: dict[str, str], **texts: object) -> Iterator[Form]:
    """What the API would be sent; texts that are none, and files, are left out."""
    said = {name: [str(text)] for name, text in texts.items() if text is not None}
    with ExitStack() as opened:
        uploads = {
            name: UploadFile(opened.enter_context(Path(path).open("rb")), filename=Path(path).name)
            for name, path in files.items()
        }
        yield Form(said, uploads)


class _Page:
    """Handlers and layout of the page.

    Args:
        service: does the work.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def paint(self, files: dict[str, str], **texts: object) -> Painting:
        """Paint a photo in the painters' line."""
        service, left = self._service, threading.Event()
        with _sentences(), service.painters.place(), _form(files, **texts) as form:
            return service.painters.start(lambda: service.paint(form, left)).result()

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
            path = self._file("screen.png")
            write_image(path, read_image(content).shrunk(SCREEN_PX).without_metadata())
        return str(path)

    def preview(self, screen: str | None, *look: Any) -> tuple[str, str] | None:
        """Paint a photo at the screen's size, beside what it was."""
        if screen is None:
            return None
        painting = self.paint({"photo": screen}, **_look(*look), format="png")
        return screen, self._written(painting, "painting")

    def full_size(self, photo: str | None, *look: Any) -> str | None:
        """Paint a photo as it is, with all that its file holds."""
        if photo is None:
            return None
        painting = self.paint({"photo": photo}, **_look(*look))
        return self._written(painting, Path(photo).stem[:80])

    def try_all(self, screen: str | None) -> Iterator[list[tuple[Any, str]]]:
        """Paint a photo in each style, small, one after the other."""
        shown = self.thumbnails()
        if screen is None:
            yield shown
            return
        for number, (_, name) in enumerate(list(shown)):
            painting = self.paint(
                {"photo": screen}, style=name, quality="live", longer_px=SMALL_PX, format="jpg"
            )
            shown[number] = (self._written(painting, name), name)
            yield shown

    def thumbnails(self) -> list[tuple[Any, str]]:
        """Return all styles with their paintings."""
        gallery, shown = self._service.gallery, []
        for name in gallery.names:
            content = gallery.load_style(name).thumbnail
            blank = np.full((SMALL_PX, SMALL_PX, 3), 128, np.uint8)
            pixels = as_picture(content).pixels if content else blank
            shown.append((pixels, name))
        return shown

    def known_styles(self) -> list[Any]:
        """Show the styles that there are by now, those that were learned among them."""
        names = list(self._service.gallery.names)
        mixed = gr.Dropdown(choices=[NO_STYLE, *names])
        one = gr.Dropdown(choices=names)
        return [self.thumbnails(), one, mixed, one, one]

    def predict(self, photo: str | None, painting: str | None) -> tuple[str, str] | None:
        """Paint a photo like any painting, whose style is predicted."""
        if photo is None or painting is None:
            return None
        files = {"photo": photo, "painting": painting}
        painted = self.paint(files, longer_px=SCREEN_PX, format="png")
        before = self.shrink(photo)
        return str(before), self._written(painted, "painting")

    async def add_job(self, kind: str, files: dict[str, str | None], **texts: object) -> str:
        """Take a job on, and say so."""
        given = {name: path for name, path in files.items() if path is not None}
        with _sentences(), _form(given, kind=kind, **texts) as form:
            await run_in_threadpool(self._service.add_job, kind, form)
        await self._service.runner.wake()
        return "It is under way: see the jobs below. They go on if you leave this page."

    async def learn(self, painting: str | None, name: str, minutes: float) -> str:
        """Learn a style in the background."""
        return await self.add_job("learn", {"painting": painting}, name=name, minutes=minutes)

    async def best(
        self, photo: str | None, painting: str | None, effect: str, size: float, keep: bool
    ) -> str:
        """Optimise a painting in the background."""
        texts = {"effect": effect, "size_px": int(size), "keep_colors": _truth(keep)}
        return await self.add_job("best", {"photo": photo, "painting": painting}, **texts)

    async def video(self, video: str | None, style: str, strength: float, stability: float) -> str:
        """Paint a video in the background."""
        texts = {"style": style, "strength": strength, "stability": stability}
        return await self.add_job("video", {"video": video}, **texts)

    async def video_preview(
        self, video: str | None, style: str, strength: float, stability: float
    ) -> str:
        """Paint its first seconds."""
        texts = {"style": style, "strength": strength, "stability": stability}
        return await self.add_job("video", {"video": video}, **texts, end_s=PREVIEW_S)

    def live(
        self, frame: Pixels | None, style: str, strength: float, times: list[float]
    ) -> tuple[Pixels | None, str, list[float]]:
        """Paint a frame of the browser's camera, and say how many came lately."""
        if frame is None:
            return None, "", []
        look = StylizeOptions(style, strength=strength, gallery=self._service.gallery)
        photo = Picture(np.ascontiguousarray(frame)).shrunk(LIVE_PX).pixels

        def work() -> Pixels:
            with self._service.painters.lend(look.for_frames()) as stylizer:
                return stylizer(photo)

        with _sentences(), self._service.painters.place():
            check_style(style, self._service.gallery)
            painting = self._service.painters.start(work).result()
        now = time.monotonic()
        times = [each for each in (*times, now) if now - each < RATE_OVER_S]
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
        return painting, f"{rate:.1f} frames a second", times

    def look_at_jobs(self, running: str, ended: str) -> tuple[Any, ...]:
        """Show jobs; what has not changed stays, so that videos play on."""
        jobs = list(reversed(self._service.jobs.all()))
        new_running = "".join(self._running(job) for job in jobs if not job.has_ended)
        new_ended = "".join(_ended(job) for job in jobs if job.has_ended)
        same = (new_running, new_ended) == (running, ended)
        choices = [(f"{job.kind} {job.id[:6]}, {job.state}", job.id) for job in jobs]
        return (
            gr.skip() if new_running == running else new_running or NO_JOB,
            gr.skip() if new_ended == ended else new_ended,
            gr.skip() if same else gr.Dropdown(choices=choices),
            new_running,
            new_ended,
        )

    def _running(self, job: Job) -> str:
        left_s = self._service.runner.seconds_left(job)
        left = "" if left_s is None else f", {left_s:.0f} s left"
        share = job.done / (job.total or 1)
        text = f"{job.kind}: {job.task or job.state}, {share:.0%}{left}"
        shown = ""
        preview = self._service.jobs.folder_of(job) / PREVIEW
        if preview.is_file():
            address = f"/v1/jobs/{job.id}/preview?{preview.stat().st_mtime_ns}"
            shown = f'<br><img src="{address}" alt="the painting so far" style="max-width:100%">'
        return (
            f'<p><progress value="{share:.3f}" max="1"></progress> {html.escape(text)}{shown}</p>'
        )

    async def remove(self, identity: str | None) -> None:
        """Stop a job, and forget it."""
        if identity and (job := self._service.jobs.find(identity)):
            await self._service.runner.remove(job)

    def blocks(self) -> Any:
        """Lay the page out."""
        names = list(self._service.gallery.names)
        first = StylizeOptions.style if StylizeOptions.style in names else names[0]
        hidden: dict[str, Any] = {"api_visibility": "private"}

        def picture(label: str) -> Any:
            return gr.Image(
                label=label, type="filepath", image_mode=None, sources=["upload", "clipboard"]
            )

        def styles(label: str = "Style") -> Any:
            return gr.Dropdown(names, value=first, label=label)

        def strength() -> Any:
            return gr.Slider(0, MAX_STRENGTH, 1.0, step=0.05, label="Strength")

        with gr.Blocks(title="impasto", analytics_enabled=False) as page:
            gr.Markdown("# impasto")
            with gr.Tab("Photo"):
                with gr.Row():
                    with gr.Column():
                        photo = gr.Image(
                            label="Photo",
                            type="filepath",
                            image_mode=None,
                            sources=["upload", "clipboard", "webcam"],
                        )
                        style, second = (
                            styles(),
                            gr.Dropdown([NO_STYLE, *names], value=NO_STYLE, label="Mix with"),
                        )
                        share = gr.Slider(0.05, 0.95, 0.5, step=0.05, label="Share of the second")
                        bold = strength()
                        stroke = gr.Slider(0.5, 2, 1.0, step=0.05, label="Size of the strokes")
                        keep = gr.Checkbox(label="Keep the photo's colours")
                        subject = gr.Checkbox(label="Paint the subject only")
                        faces = gr.Checkbox(label="Spare faces")
                    with gr.Column():
                        result = gr.ImageSlider(label="Before and after", type="filepath")
                        full = gr.Button("Paint at full size", variant="primary")
                        file = gr.File(label="Painting", interactive=False)
                gallery = gr.Gallery(
                    self.thumbnails(), label="Styles", columns=6, allow_preview=False, height="auto"
                )
                screen = gr.State(None)
                look = [style, second, share, bold, stroke, keep, subject, faces]
                photo.change(self.shrink, photo, screen, **hidden).then(
                    self.preview, [screen, *look], result, **hidden
                ).then(self.try_all, screen, gallery, **hidden)
                gr.on(
                    [each.change for each in look],
                    self.preview,
                    [screen, *look],
                    result,
                    trigger_mode="always_last",
                    **hidden,
                )
                gallery.select(_chosen, None, style, **hidden)
                full.click(self.full_size, [photo, *look], file, **hidden)
            with gr.Tab("Any painting"):
                with gr.Row():
                    any_photo, painting = picture("Photo"), picture("Painting")
                    predicted = gr.ImageSlider(label="Before and after", type="filepath")
                gr.on(
                    [any_photo.change, painting.change],
                    self.predict,
                    [any_photo, painting],
                    predicted,
                    trigger_mode="always_last",
                    **hidden,
                )
                name = gr.Textbox(label="Name of the style")
                minutes = gr.Slider(1, 60, 10, step=1, label="Minutes")
                learn, said = gr.Button("Learn it"), gr.Markdown()
                learn.click(self.learn, [painting, name, minutes], said, **hidden)
            with gr.Tab("Best quality"):
                with gr.Row():
                    best_photo, best_painting = picture("Photo"), picture("Painting")
                effect = gr.Radio(["subtle", "balanced", "bold"], value="balanced", label="Effect")
                size = gr.Slider(128, 2048, 1024, step=64, label="Longer side, pixels")
                best_keep = gr.Checkbox(label="Keep the photo's colours")
                best, best_said = gr.Button("Paint"), gr.Markdown()
                given = [best_photo, best_painting, effect, size, best_keep]
                best.click(self.best, given, best_said, **hidden)
            with gr.Tab("Video"):
                video = gr.Video(label="Video", sources=["upload"])
                video_style = styles()
                video_look = [video_style, strength(), gr.Slider(0, 1, 0.4, label="Calm strokes")]
                try_it, paint_all = gr.Button("Try three seconds"), gr.Button("Paint all of it")
                video_said = gr.Markdown()
                given = [video, *video_look]
                try_it.click(self.video_preview, given, video_said, **hidden)
                paint_all.click(self.video, given, video_said, **hidden)
            with gr.Tab("Webcam"):
                live_style = styles()
                live_look = [live_style, strength()]
                with gr.Row():
                    camera = gr.Image(label="Camera", sources=["webcam"], streaming=True)
                    live = gr.Image(label="Painting", streaming=True)
                rate, times = gr.Markdown(), gr.State([])
                camera.stream(
                    self.live,
                    [camera, *live_look, times],
                    [live, rate, times],
                    stream_every=LIVE_EVERY_S,
                    time_limit=None,
                    **hidden,
                )
            gr.Markdown("## Jobs")
            running, ended = gr.HTML(NO_JOB), gr.HTML()
            with gr.Row():
                which = gr.Dropdown([], label="Job")
                stop = gr.Button("Stop and remove it")
            was_running, was_ended = gr.State(""), gr.State("")
            shown = [running, ended, which, was_running, was_ended]
            gr.Timer(LOOK_EVERY_S).tick(
                self.look_at_jobs, [was_running, was_ended], shown, show_progress="hidden", **hidden
            )
            chosen = [style, second, video_style, live_style]
            page.load(self.known_styles, None, [gallery, *chosen], **hidden)
            stop.click(self.remove, which, None, **hidden)
        return page


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
) -> dict[str, object]:
    """What the sliders say, as fields of a form."""
    mixed = f"{style}:{1 - share:.2f}+{second}:{share:.2f}"
    return {
        "style": style if second == NO_STYLE else mixed,
        "strength": strength,
        "stroke": stroke if stroke != 1 else None,
        "keep_colors": "luminance" if keep else None,
        "subject": "found" if subject else None,
        "protect_faces": SPARED if faces else None,
    }


def _ended(job: Job) -> str:
    if job.state == "failed":
        return f"<p>{job.kind} failed: {html.escape(job.error)}</p>"
    address, name = f"/v1/jobs/{job.id}/result", html.escape(job.result)
    shown = ""
    if job.kind == "video":
        shown = f'<br><video controls src="{address}" style="max-width:100%"></video>'
    elif job.kind == "best":
        shown = f'<br><img src="{address}" alt="the painting" style="max-width:100%">'
    return (
        f'<p>{job.kind}: <a href="{address}" download="{quote(job.result)}">{name}</a>{shown}</p>'
    )


def _truth(checked: bool) -> str:
    return "true" if checked else "false"
