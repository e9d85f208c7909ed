"""What a server is started with: addresses, folders, and how much it takes from strangers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from impasto._util.atomic_files import user_data_folder
from impasto.errors import OptionError
from impasto.styles import Gallery, open_gallery

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Limits:
    """How much a request may ask for; checked before anything is decoded.

    Attributes:
        photo_bytes: of a request to paint one photo.
        request_bytes: of any other request.
        pixels: of a photo, all its frames and pages together; of a video, in each frame.
        frames, seconds: of a video.
        minutes: of learning a style.
        waiting: photos that may wait for a painter; more are told to come back.
        waiting_jobs: the same of jobs.
        idle_s: between two pieces of an upload.
        least_rate: of an upload, in bytes a second, after the first `idle_s`.
    """

    photo_bytes: int = 64 << 20
    request_bytes: int = 1 << 30
    pixels: int = 50_000_000
    frames: int = 36_000
    seconds: float = 1200
    minutes: float = 60
    waiting: int = 32
    waiting_jobs: int = 100
    idle_s: float = 15
    least_rate: float = 20_000


@dataclass(frozen=True)
class ServerSettings:
    """How a server runs.

    Attributes:
        host, port: where it listens.
        token: that every request must show; empty on the loopback, if nobody else shall have one.
        hosts: names beside `LOOPBACK` and addresses in numbers, by which it is called.
        origins: of other pages that may call it.
        folder: of jobs and what waits.
        gallery_folder: as `open_gallery` takes it; the shipped gallery if not given.
        painters: photos that are painted at once.
        kept: networks that stay open; the least recently used goes.
        jobs: that run at once.
        keep_hours: how long finished jobs stay.
        uploads: take style files and networks of other programs from requests.
        limits: see `Limits`.

    Raises:
        OptionError: it would listen to everybody without a token, or a number is too small.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    folder: Path = field(default_factory=lambda: user_data_folder() / "server")
    gallery_folder: str | None = None
    painters: int = 2
    kept: int = 8
    jobs: int = 1
    keep_hours: float = 72
    uploads: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token:
            raise OptionError(
                f"--host {self.host} lets others in", "give --token, too, which they must show"
            )
        for name, least in (("painters", 1), ("kept", 1), ("jobs", 1), ("keep_hours", 0)):
            if not getattr(self, name) >= least:
                option = name.replace("_", "-")
                raise OptionError(f"{option} is {getattr(self, name)}", f"give {least} or more")

    @cached_property
    def gallery(self) -> Gallery:
        """Return where styles come from; those that are learned are added to it."""
        if self.gallery_folder in (None, "turbo"):
            return open_gallery(self.gallery_folder)
        return Gallery(Path(str(self.gallery_folder)), own=self.folder / "styles")
