"""Films of a batch: cut where scenes begin, painted in pieces, and joined with their sound.

Where a scene begins, nothing that was painted is carried over to the next frame. So a piece that
begins there is painted as if its film were painted in one go, and there is no seam.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto._util.atomic_files import write_atomically
from impasto.cluster.photos import foreseen
from impasto.cluster.places import Place, fetched
from impasto.errors import ImpastoError, InputError
from impasto.options import StylizeOptions
from impasto.photo_jobs import Job
from impasto.photos import PhotoReport
from impasto.video.encoding import Encoding, choose_encoding
from impasto.video.muxing import join_segments
from impasto.video.options import VideoOptions
from impasto.video.pipeline import needs_exact_colors, paint_segment
from impasto.video.source import VideoSource
from impasto.video.temporal_consistency import begins_scene
from impasto.video.tracks import check_tracks
from impasto.video.video_stylizer import VideoStylizer, options_over_time

LEAST_FRAMES, MOST_FRAMES = 48, 240  # of pieces, with and without stability


@dataclass(frozen=True)
class Film:
    """A film, and where its painting goes.

    Attributes:
        job: its file, or address, and the name of its painting in the target.
        target: the folder of paintings.
        look: how to paint it.
        stability: as `impasto.video.VideoOptions` has it.
    """

    job: Job
    target: Place
    look: StylizeOptions
    stability: float

    @property
    def pieces(self) -> Place:
        """The folder of its painted pieces."""
        folder, _, name = self.job.target.rpartition("/")
        return Place(self.target.join(f"{folder}/.{name}.pieces".lstrip("/")))

    def cut(self) -> Iterator[Piece]:
        """Yield all pieces in order, each as soon as its end is known.

        Scenes that are short stay together. Without stability no frame depends on another one, and
        long scenes are cut, too.

        Raises:
            InputError: the film cannot be read.
            OptionError, OutputError: it cannot be painted so.
        """
        with self._opened() as (source, encoding):
            check_tracks(source.path, Path(self.job.target), encoding.container)
            number, begin_s, frames = 0, 0.0, 0
            before: NDArray[np.uint8] | None = None
            for frame in source.frames():
                if before is not None and self._may_cut(frames, frame.pixels, before):
                    yield Piece(self, number, begin_s, frame.time_s)
                    number, begin_s, frames = number + 1, frame.time_s, 0
                frames, before = frames + 1, frame.pixels
            yield Piece(self, number, begin_s, None)

    def _may_cut(self, frames: int, pixels: NDArray[np.uint8], before: NDArray[np.uint8]) -> bool:
        if self.stability:
            return frames >= LEAST_FRAMES and begins_scene(pixels, before)
        return frames >= MOST_FRAMES

    def join(self, count: int) -> PhotoReport:
        """Make one film of all its pieces, and of its sound, subtitles and metadata; remove them.

        Raises:
            InputError: a piece is gone.
            OutputError: the film cannot be written.
        """
        with ExitStack() as stack:
            source, encoding = stack.enter_context(self._opened())
            names = [_name(number) for number in range(count)]
            paths = [stack.enter_context(fetched(self.pieces.join(name))) for name in names]
            with VideoSource(paths[-1]) as last:
                last_pts = max(frame.pts for frame in last.frames())
            path = stack.enter_context(self.target.writing(self.job.target))
            with write_atomically(path) as file:
                last_frame_s = source.duration_s(last_pts)
                join_segments(
                    paths, source.path, file, encoding.container, last_frame_s=last_frame_s
                )
            report = PhotoReport(source.info.width, source.info.height)
        self.pieces.remove()
        return report

    @contextmanager
    def _opened(self) -> Iterator[tuple[VideoSource, Encoding]]:
        exact = needs_exact_colors(self.look)
        encoding = choose_encoding(Path(self.job.target), None, VideoOptions.crf)
        with fetched(self.job.source) as path, VideoSource(path, exact_colors=exact) as source:
            yield source, encoding


@dataclass(frozen=True)
class Piece:
    """A part of a film, in seconds; one without an end goes on to the film's.

    Attributes:
        number: from 0 up.
    """

    film: Film
    number: int
    start_s: float
    end_s: float | None

    def paint(self, painter: VideoStylizer) -> int:
        """Paint it, unless that was done before; return the number of frames that were painted.

        Raises:
            InputError: the film cannot be read.
            OutputError: the piece cannot be written.
        """
        pieces, name = self.film.pieces, _name(self.number)
        if pieces.holds(name):
            return 0
        painter.recall(None, self.start_s)
        with (
            self.film._opened() as (source, encoding),
            pieces.writing(name) as path,
            write_atomically(path) as file,
        ):
            part = self.start_s, self.end_s
            frames = paint_segment(source, Path(file.name), painter, encoding, *part)
            if not frames:
                raise InputError(f"{self.film.job.source} has changed meanwhile", "paint it anew")
        return frames


PIECES = pa.schema(
    {
        "film": pa.int32(),
        "number": pa.int32(),
        "start_s": pa.float64(),
        "end_s": pa.float64(),
        "frames": pa.int32(),
        "error": pa.string(),
    }
)
"""Of the table's rows, each a piece of the film of that number; or why there is none."""


@dataclass(frozen=True)
class FilmCutter:
    """Cuts films, whose numbers are in the blocks that it gets, into rows of `PIECES`."""

    films: list[Film]

    def __call__(self, numbers: pa.Table) -> Iterator[pa.Table]:
        """Yield each piece as soon as it is known."""
        for number in numbers["id"].to_pylist():
            try:
                with foreseen():
                    for piece in self.films[number].cut():
                        yield _table(number, piece)
            except ImpastoError as error:
                yield pa.Table.from_pylist([{"film": number, "error": str(error)}], PIECES)


class FilmPainter:
    """Paints pieces of films; the network stays open for the next piece.

    Args:
        films: whose pieces come.
        cpus: how many threads it has.
    """

    def __init__(self, films: list[Film], cpus: int) -> None:
        os.environ.setdefault("OPENCV_FOR_THREADS_NUM", str(cpus))
        self._films, self._cpus = films, cpus
        self._of: tuple[StylizeOptions, float] | None = None
        self._painter: VideoStylizer | None = None

    def __call__(self, pieces: pa.Table) -> pa.Table:
        """Paint rows of `PIECES`, and tell how many frames that were, or why it failed."""
        return pa.Table.from_pylist([self._told(row) for row in pieces.to_pylist()], PIECES)

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["error"]:
            return row
        film = self._films[row["film"]]
        try:
            with foreseen():
                piece = Piece(film, row["number"], row["start_s"], row["end_s"])
                return {**row, "frames": piece.paint(self._painter_of(film))}
        except ImpastoError as error:
            return {**row, "error": str(error)}

    def _painter_of(self, film: Film) -> VideoStylizer:
        wanted = film.look, film.stability
        if self._painter is None or self._of != wanted:
            if self._painter:
                self._painter.close()
            self._painter, self._of = None, wanted
            timeline, look = options_over_time(film.look, {})
            self._painter = VideoStylizer(
                timeline, look, stability=film.stability, threads=self._cpus
            )
        return self._painter


def _table(film: int, piece: Piece) -> pa.Table:
    row = {
        "film": film,
        "number": piece.number,
        "start_s": piece.start_s,
        "end_s": piece.end_s,
    }
    return pa.Table.from_pylist([row], PIECES)


def _name(number: int) -> str:
    return f"{number:05d}.nut"
