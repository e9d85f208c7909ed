"""The API: photos at once, all else as jobs. Every error is a sentence, as JSON."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException as HTTPError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from impasto import __version__
from impasto.errors import ImpastoError, InputError
from impasto.server.fields import BEST, FILE, LEARN, PAINT, VIDEO, Form, schema
from impasto.server.guard import Guard
from impasto.server.jobs import Job
from impasto.server.painters import BusyError
from impasto.server.service import Service
from impasto.server.settings import ServerSettings
from impasto.styles import Gallery

Result = TypeVar("Result")

MOST_FILES, MOST_TEXTS, MOST_TEXT_BYTES = 6, 60, 4096
EVENT_EVERY_S, SIGN_OF_LIFE_S = 0.3, 15.0
UPLOAD_RETRY_S = 10.0
CLIENT_LEFT = 499  # as nginx logs it; nobody reads the answer
MEDIA = {"jpg": "image/jpeg", "tif": "image/tiff"}

PAINT_FORM = schema(
    {**PAINT, **FILE},
    {
        "photo": "The photo.",
        "painting": "A picture whose style is predicted, instead of `style`.",
        "style_file": "A style or network, if the server takes them (--allow-uploads).",
        "mask": "Paint where this is white; the texts `subject` and `background` will do, too.",
        "palette": "Take the colours of this picture.",
    },
    {},
    ["photo"],
)
JOB_FORM = schema(
    {**BEST, **LEARN, **FILE, **VIDEO},
    {
        "video": "Of kind video: the video.",
        "painting": "Of kinds learn and best: the painting.",
        "photo": "Of kind best: the photo.",
    },
    {"kind": "video, learn or best."},
    ["kind"],
)
PICTURE = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}


class _Metrics:
    """What Prometheus is told."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "impasto_http_requests", "Requests.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "impasto_http_seconds", "Until an answer begins.", ["route"], registry=self.registry
        )
        places = Gauge(
            "impasto_paint_places", "Photos that wait or are painted.", registry=self.registry
        )
        places.set_function(lambda: service.painters.line.taken)
        jobs = Gauge("impasto_jobs", "Jobs by state.", ["state"], registry=self.registry)
        for state in ("queued", "running", "done", "failed"):
            jobs.labels(state).set_function(partial(_count, service, state))

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self.answers.labels(route, status).inc()
        self.seconds.labels(route).observe(seconds)


def _count(service: Service, state: str) -> int:
    return sum(job.state == state for job in service.jobs.all())


def create_app(settings: ServerSettings) -> FastAPI:
    """Return the application; its lifespan opens the painters and runs the jobs.

    Args:
        settings: see `ServerSettings`.

    Raises:
        OutputError: another server works in the folder, or it cannot be written.
        StyleError: there is no gallery.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with service.runner.running():
                yield
        finally:
            service.close()

    app = FastAPI(
        title="impasto",
        version=__version__,
        description="Photographs, videos and webcams as paintings.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # these pages fetch scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    metrics = _Metrics(service)
    _handle_errors(app)
    _add_routes(app, service, metrics)
    _add_job_routes(app, service)

    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization"],
        )
    app.add_middleware(Guard, settings=settings, on_answer=metrics.answered)
    return app


def _handle_errors(app: FastAPI) -> None:
    """Make JSON with a sentence of every error."""

    @app.exception_handler(ImpastoError)
    async def own(_: Request, error: ImpastoError) -> Response:
        why = app.state.service.without_paths(str(error))
        return JSONResponse({"error": why}, 400 if isinstance(error, InputError) else 422)

    @app.exception_handler(BusyError)
    async def busy(_: Request, error: BusyError) -> Response:
        retry = {"Retry-After": str(round(error.retry_s))}
        return JSONResponse({"error": str(error)}, 429, retry)

    @app.exception_handler(HTTPError)
    async def http(request: Request, error: HTTPError) -> Response:
        why = error.detail if error.status_code != 404 else f"there is no {request.url.path[:200]}"
        return JSONResponse({"error": why}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return JSONResponse({"error": f"{first['loc'][-1]}: {first['msg']}"}, 422)

    @app.exception_handler(ClientDisconnect)
    async def left(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_LEFT)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        why = f"unexpected {type(error).__name__}: please report it with the server's log"
        return JSONResponse({"error": why}, 500)


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[Form]:
    """Read a form, within limits; its uploads wait on disk until the end of the block."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "send a form: multipart/form-data")
    limits = {"max_files": MOST_FILES, "max_fields": MOST_TEXTS, "max_part_size": MOST_TEXT_BYTES}
    async with request.form(**limits) as sent:
        texts: dict[str, list[str]] = {}
        files: dict[str, UploadFile] = {}
        for name, value in sent.multi_items():
            if isinstance(value, str):
                texts.setdefault(name, []).append(value)
            elif name in files:
                raise HTTPException(422, f"{name[:80]} is given several times")
            else:
                files[name] = value
        yield Form(texts, files)


async def _result(request: Request, work: Future[Result], left: threading.Event) -> Result:
    """Wait for work; if the client leaves, it is dropped, or ends at its next step."""
    leaving: asyncio.Future[None] = asyncio.ensure_future(_leaving(request))
    ended: asyncio.Future[Result] = asyncio.wrap_future(work)
    both: set[asyncio.Future[Any]] = {ended, leaving}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not ended.done():
        left.set()
        if not work.cancel():
            await asyncio.wait({ended})  # its place is free when its thread is
            ended.exception()  # nobody else asks for it
        raise ClientDisconnect
    return ended.result()


async def _leaving(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _add_routes(app: FastAPI, service: Service, metrics: _Metrics) -> None:
    gallery = service.gallery

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """Say that the server is there."""
        return {"status": "ok", "version": __version__}

    @app.get("/metrics")
    def figures() -> Response:
        """Tell Prometheus how much there is to do."""
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")

    @app.get("/v1/styles")
    def styles() -> dict[str, Any]:
        """List the styles."""
        return {"styles": [_about(name, gallery) for name in gallery.names]}

    @app.get("/v1/styles/{name}/thumbnail", responses={200: {"content": {"image/jpeg": {}}}})
    def thumbnail(name: str) -> Response:
        """Show a style's painting, small."""
        content = gallery.load_style(name).thumbnail if name in gallery.names else b""
        if not content:
            raise HTTPException(404)
        return Response(content, media_type="image/jpeg")

    @app.post("/v1/paint", openapi_extra=PAINT_FORM, responses={200: PICTURE})
    async def paint(request: Request) -> Response:
        """Paint a photo; the answer is the painting."""
        with service.painters.place():
            async with _form(request) as form:
                left = threading.Event()
                work = service.painters.start(lambda: service.paint(form, left))
                painting = await _result(request, work, left)
        form_name = painting.file_format
        return Response(painting.content, media_type=MEDIA.get(form_name, f"image/{form_name}"))


def _add_job_routes(app: FastAPI, service: Service) -> None:
    jobs, runner = service.jobs, service.runner

    @app.post("/v1/jobs", status_code=201, openapi_extra=JOB_FORM)
    async def add(request: Request) -> dict[str, Any]:
        """Take on a job: a video, a style to learn, or a painting of the best quality."""
        with service.uploads.place(UPLOAD_RETRY_S):
            async with _form(request) as form:
                kind = form.texts.get("kind", [""])[0]
                job = await run_in_threadpool(service.add_job, kind, form)
        await runner.wake()
        return _shown(service, job)

    @app.get("/v1/jobs")
    async def all_jobs() -> dict[str, Any]:
        """List the jobs, the oldest first."""
        return {"jobs": [_shown(service, job) for job in jobs.all()]}

    @app.get("/v1/jobs/{identity}")
    async def state(identity: str) -> dict[str, Any]:
        """Say how far a job is."""
        return _shown(service, _found(service, identity))

    @app.get("/v1/jobs/{identity}/events", responses={200: {"content": {"text/event-stream": {}}}})
    async def events(identity: str) -> Response:
        """Send a job's state whenever it changes, until it has ended."""
        _found(service, identity)
        return StreamingResponse(_changes(service, identity), media_type="text/event-stream")

    @app.get("/v1/jobs/{identity}/result", responses={200: PICTURE, 206: PICTURE})
    async def result(identity: str) -> Response:
        """Give a job's result, or the range of it that is asked for."""
        job = _found(service, identity)
        if job.state != "done":
            raise HTTPException(409, job.error or f"the job is {job.state}: come back later")
        return FileResponse(jobs.folder_of(job) / job.result, filename=job.result)

    @app.get("/v1/jobs/{identity}/preview", responses={200: {"content": {"image/jpeg": {}}}})
    async def preview(identity: str) -> Response:
        """Show what a job has painted or learned so far."""
        path = jobs.preview(_found(service, identity))
        try:
            content = path.read_bytes() if path else b""
        except FileNotFoundError:  # the job has just ended
            content = b""
        if not content:
            raise HTTPException(404)
        return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @app.delete("/v1/jobs/{identity}", status_code=204)
    async def remove(identity: str) -> None:
        """Stop a job, and forget it with all its files."""
        await runner.remove(_found(service, identity))


def _found(service: Service, identity: str) -> Job:
    job = service.jobs.find(identity)
    if job is None:
        raise HTTPException(404)
    return job


def _shown(service: Service, job: Job) -> dict[str, Any]:
    address, preview = f"/v1/jobs/{job.id}", service.jobs.preview(job)
    return {
        **job.shown(service.runner.seconds_left(job)),
        "preview": f"{address}/preview?{preview.stem}" if preview else None,
        "result": f"{address}/result" if job.state == "done" else None,
    }


async def _changes(service: Service, identity: str) -> AsyncIterator[str]:
    """Yield a job's state as events whenever it changes, until the job has ended."""
    told, silent_s = None, 0.0
    while job := service.jobs.find(identity):
        told, before = _shown(service, job), told
        if told != before:
            yield f"data: {json.dumps(told)}\n\n"
            silent_s = 0.0
        elif silent_s > SIGN_OF_LIFE_S:
            yield ":\n\n"
            silent_s = 0.0
        if job.has_ended:
            return
        await asyncio.sleep(EVENT_EVERY_S)
        silent_s += EVENT_EVERY_S


def _about(name: str, gallery: Gallery) -> dict[str, Any]:
    style = gallery.load_style(name)
    card = style.card
    return {
        "name": name,
        "title": card.title,
        "artist": card.artist,
        "year": card.year,
        "licence": card.licence,
        "fine": bool(gallery.fine and gallery.fine.has(name)),
        "pack": style.trunk,
        "thumbnail": f"/v1/styles/{name}/thumbnail" if style.thumbnail else None,
    }
