"""What the server does, whoever asks for it: the API (`impasto.server.api`) or the page."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from starlette.datastructures import UploadFile

from impasto._util.closeable import Closing
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import InputError, MissingExtraError, OptionError, StyleError
from impasto.large.memory_plan import default_bytes
from impasto.networks.network_files import NETWORK_SUFFIXES
from impasto.options import StylizeOptions
from impasto.photos import paint_photo
from impasto.progress import Progress
from impasto.server.fields import (
    BEST,
    FILE,
    LEARN,
    PAINT,
    PICTURES,
    VIDEO,
    Form,
    paint_options,
    read_options,
    video_options,
)
from impasto.server.jobs import Job, Jobs, Runner
from impasto.server.limits import check_photo, check_video
from impasto.server.painters import Line, Painters
from impasto.server.settings import ServerSettings
from impasto.styles import STYLE_SUFFIX, read_style
from impasto.styles.style import check_name
from impasto.stylizer import Stylizer

EXAMPLE = Path(__file__).with_name("example.jpg")
"""Coffee, by Rachel Michetti, CC0: examples/CREDITS.md."""

UPLOADS = 4  # of jobs, at a time: each may fill the disk with as much as a request may hold
STYLE_FILES = {STYLE_SUFFIX, *NETWORK_SUFFIXES}
KINDS = {"video": ("video",), "learn": ("painting",), "best": ("photo", "painting")}
"""Of jobs, each with its uploads."""


class _LeftError(Exception):
    """Nobody waits for the painting any more."""


@dataclass(frozen=True)
class Painting:
    """A painted photo.

    Attributes:
        content: of its file.
        file_format: a key of `impasto.images.FORMATS`.
    """

    content: bytes
    file_format: str


class Service(Closing):
    """Painters and jobs of one server.

    Args:
        settings: see `ServerSettings`.

    Attributes:
        uploads: of jobs, under way.
        page_folder: of what the page shows, until the next start.

    Raises:
        OutputError: another server works in the folder, or it cannot be written.
        StyleError: there is no gallery.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings, self.gallery = settings, settings.gallery
        limits = settings.limits
        self.jobs = Jobs(settings.folder, limits.waiting_jobs)
        self._temporary = settings.folder / "temporary"
        shutil.rmtree(self._temporary, ignore_errors=True)  # of a server that was killed
        self.page_folder = self._temporary / "page"
        self.page_folder.mkdir(parents=True)
        self.painters = Painters(settings.painters, settings.kept, limits.waiting)
        self.uploads = Line(UPLOADS)
        self.runner = Runner(self.jobs, settings.jobs, settings.keep_hours)

    @property
    def first_style(self) -> str:
        """The style that a new page paints in."""
        names = self.gallery.names
        return StylizeOptions.style if StylizeOptions.style in names else names[0]

    def paint_example(self) -> Future[Path]:
        """Begin to paint what a new page shows, which opens the network that it paints with."""
        path = self._temporary / "painting.jpg"
        options = StylizeOptions(self.first_style, gallery=self.gallery)

        def work() -> Path:
            with self.painters.lend(options, steered_effect=True) as stylizer:
                paint_photo(stylizer, EXAMPLE, path)
            return path

        return self.painters.start(work)

    def paint(self, form: Form, left: threading.Event, *, steered_effect: bool = False) -> Painting:
        """Paint a photo; for a thread of the painters.

        Args:
            form: the photo as ``photo``, and options.
            left: set when nobody waits any more.
            steered_effect: as `Stylizer` has it.

        Raises:
            ImpastoError: a field, an upload or an option is impossible.
        """
        uploads = ("photo", "painting", "style_file", *PICTURES)
        form.check([*PAINT, *FILE], uploads, "photo")
        photo, own_format = self.picture(form.files["photo"])
        pictures = {
            name: self.picture(form.files[name])[0] for name in form.files if name in PICTURES
        }
        file = read_options(form, FILE)
        options = paint_options(form, self.gallery, pictures)
        styles = [
            name
            for name in ("style", "painting", "style_file")
            if name in {**form.texts, **form.files}
        ]
        if len(styles) > 1:
            raise OptionError(f"{' and '.join(styles)} exclude each other", "give one of them")
        if "painting" in form.files:
            content, _ = self.picture(form.files["painting"])
            options = options.changed({"style": self.painters.predict(content, self.gallery)})

        def listen(_: Progress) -> None:
            if left.is_set():
                raise _LeftError

        file_format = file.get("format") or own_format
        with self.temporary() as folder:
            target = folder / f"painting.{file_format}"
            if "style_file" in form.files:
                style = self._style_file(form.files["style_file"], folder)
                lent: AbstractContextManager[Stylizer] = Stylizer(options.changed({"style": style}))
            else:
                lent = self.painters.lend(options, steered_effect=steered_effect)
            with lent as stylizer:
                listen(Progress("", 0, 1))
                paint_photo(
                    stylizer,
                    photo,
                    target,
                    quality=file.get("file_quality", DEFAULT_FILE_QUALITY),
                    longer_px=file.get("longer_px"),
                    memory_bytes=default_bytes() // self.settings.painters,
                    progress=listen,
                )
            return Painting(target.read_bytes(), file_format)

    def add_job(self, kind: str, form: Form) -> Job:
        """Take a job on; the runner is to be woken after that.

        Args:
            kind: one of `KINDS`.
            form: uploads and options.

        Raises:
            ImpastoError: a field, an upload or an option is impossible.
            BusyError: too many jobs wait.
        """
        if kind not in KINDS:
            raise OptionError(f"kind is {kind[:80]!r}", f"give one of {', '.join(KINDS)}")
        if kind != "video" and find_spec("torch") is None:
            raise MissingExtraError(f"a job of kind {kind}", "learn")
        options = {"video": VIDEO, "learn": LEARN, "best": BEST}[kind]
        texts = [*options, "kind", *({"video": ["format"], "best": [*FILE]}.get(kind, []))]
        for name in KINDS[kind]:
            form.check(texts, KINDS[kind], name)
        settings, limits = self.settings, self.settings.limits
        request: dict[str, Any] = {
            "gallery": settings.gallery_folder,
            "server": str(settings.folder.absolute()),
            "frames": limits.frames,
        }
        with self.temporary() as folder:
            own_format = "jpg"
            if kind != "video":
                for name in reversed(KINDS[kind]):
                    content, own_format = self.picture(form.files[name])
                    (folder / name).write_bytes(content)
            else:
                with (folder / "video").open("wb") as file:
                    shutil.copyfileobj(form.files["video"].file, file)
                check_video(folder / "video", limits)
            if kind == "video":
                result = f"painting.{form.texts.get('format', ['mp4'])[0]}"
                if PurePath(result).name != result:
                    raise OptionError("format is no video format", "give mp4, say")
                request["options"] = video_options(form, self.gallery, Path(result))
                request["result"] = result
            elif kind == "learn":
                values = read_options(form, LEARN)
                request |= {"minutes": min(values.get("minutes", 10), limits.minutes)}
                request["name"] = self._new_name(values.get("name", ""))
                request["result"] = request["name"] + STYLE_SUFFIX
            else:
                request["options"] = read_options(form, BEST)
                file_options = read_options(form, FILE)
                request["result"] = f"painting.{file_options.get('format') or own_format}"
            files = {name: folder / name for name in KINDS[kind]}
            return self.jobs.add(kind, request, files)

    def without_paths(self, text: str) -> str:
        """Return an error's text without the folders that files were in for a moment."""
        return re.sub(rf"{re.escape(str(self._temporary))}/\w+/", "", text)

    def _new_name(self, text: str) -> str:
        """Return the name of a style to be learned, which no style has."""
        name = check_name(text)
        if self.gallery.has(name) or (self.gallery.fine and self.gallery.fine.has(name)):
            raise StyleError(f"there is a style {name!r} already", "give it another name")
        return name

    def picture(self, upload: UploadFile) -> tuple[bytes, str]:
        """Return an upload's content and format, once it is known to be within the limits.

        Raises:
            InputError: it is no picture, or too large.
        """
        limits = self.settings.limits
        upload.file.seek(0)
        content = upload.file.read(limits.photo_bytes + 1)
        if len(content) > limits.photo_bytes:
            raise InputError(f"a picture has more than {limits.photo_bytes:,} bytes", "send less")
        return content, check_photo(content, limits)

    def _style_file(self, upload: UploadFile, folder: Path) -> Any:
        """Return the style that was uploaded, or the file of a network."""
        if not self.settings.uploads:
            raise OptionError("this server takes no style files", "start it with --allow-uploads")
        suffix = PurePath(upload.filename or "").suffix.lower()
        if suffix not in STYLE_FILES:
            raise OptionError(
                "style_file is of no known kind", f"end it in {', '.join(STYLE_FILES)}"
            )
        path = folder / f"style{suffix}"
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        return read_style(path) if suffix == STYLE_SUFFIX else path

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """Make a folder for as long as the block lasts."""
        with tempfile.TemporaryDirectory(dir=self._temporary) as folder:
            yield Path(folder)

    def close(self) -> None:
        """Let the painters end, and others work in the folder."""
        self.painters.close()
        self.jobs.close()
