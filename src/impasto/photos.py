"""Photos from file to file: stills of any size, animations, documents of many pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.atomic_files import write_atomically
from impasto.errors import OutputError
from impasto.images import (
    ColorMap,
    Frame,
    Picture,
    PictureSequence,
    bleed,
    check_format,
    detail_radius_px,
    encode_image,
    encode_sequence,
    holds_several,
    open_sequence,
    restore_detail,
    write_image,
    write_sequence,
)
from impasto.images.reading import Source, read_content
from impasto.images.rows import RowReader
from impasto.images.spool import PixelRows, Spool, reduced
from impasto.images.streams import PictureRows, RowTarget, open_header, streams
from impasto.large.memory_plan import DEFAULT_BYTES, MemoryPlan, plan_memory
from impasto.large.tiled import paint_tiled
from impasto.masks.areas import Areas
from impasto.networks.norm_statistics import waiting_bytes_per_px
from impasto.progress import ProgressListener, ignore_progress
from impasto.stylizer import Stylizer

__all__ = ["PhotoReport", "encode_painting", "paint_photo"]

Pixels = NDArray[np.uint8]

# Of a picture that is written whole, and of one that is read whole, too: decoded, and as pixels.
WRITTEN_BYTES_PER_PX, WHOLE_BYTES_PER_PX = 8, 14


@dataclass(frozen=True)
class PhotoReport:
    """What was painted.

    Attributes:
        width, height: of the painting (the first, if there are several), in pixels.
        pictures: how many there are in the painted file: frames of an animation, pages.
        left_out: how many more the photo's file has that the painted one cannot hold.
        clipped_px: how many pixels of a photo in floats are beyond black or white, and were painted
            as these.
        plan: how it was fitted into memory.
    """

    width: int
    height: int
    pictures: int = 1
    left_out: int = 0
    clipped_px: int = 0
    plan: MemoryPlan | None = None


def paint_photo(
    stylizer: Stylizer,
    source: Source,
    target: str | os.PathLike[str],
    *,
    quality: int = 95,
    strip: bool = False,
    overwrite: bool = True,
    memory_bytes: int = DEFAULT_BYTES,
    progress: ProgressListener = ignore_progress,
) -> PhotoReport:
    """Paint what is in one file into another.

    Animations and files of many pages are painted whole where the target's format holds several
    pictures; where it does not, their first picture is.

    What does not fit into memory is painted in tiles (`impasto.large.tiled`); PNG and TIFF
    (upright) are then read and written row by row, so that there is no limit to their size. Pixels
    that wait go to a temporary file in the target's folder.

    Args:
        stylizer: paints.
        source: a path, a file's content, or a file that is open for reading bytes.
        target: ends in one of `impasto.images.FORMATS`.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        strip: leave out EXIF (camera, place, time), XMP and resolution; the colour profile stays.
        overwrite: replace a target that exists, once the painting is complete.
        memory_bytes: how much resident memory there may be, all included.
        progress: told of passes and tiles, where a picture is painted in tiles.

    Raises:
        InputError: the photo cannot be read.
        OptionError: the format is unknown, the quality out of its range, or the memory too little.
        OutputError: the painting cannot be written, or the target exists, if only since a moment
            ago, and shall not be replaced.
        EngineError: the engine fails.
    """
    target = Path(target)
    file_format = check_format(target)
    if not isinstance(source, str | os.PathLike):
        source = read_content(source)
    job = _Job(stylizer, target, file_format, quality, strip, overwrite, memory_bytes, progress)
    with open_header(source) as header:
        if header.reader and header.size and not job.fits(*header.size):
            return job.paint_streamed(header.reader, header.name)
        if header.size:
            job.plan(*header.size, WHOLE_BYTES_PER_PX)  # or refuse, before anything is decoded
    with open_sequence(source) as sequence:
        if sequence.count > 1 and holds_several(file_format):
            clipped: list[int] = []
            paintings = _painted(stylizer, sequence, strip, clipped)
            first = next(paintings)
            write_sequence(
                target,
                chain([first], paintings),
                loop=sequence.loop,
                quality=quality,
                overwrite=overwrite,
            )
            size = first.picture.width, first.picture.height
            return PhotoReport(*size, sequence.count, clipped_px=sum(clipped))
        photo = next(sequence.frames).picture
    report = job.paint_picture(photo.without_metadata() if strip else photo)
    return replace(report, left_out=sequence.count - 1)


def encode_painting(
    stylizer: Stylizer,
    source: Source,
    file_format: str,
    *,
    quality: int = 95,
    strip: bool = False,
) -> tuple[bytes, PhotoReport]:
    """Paint what is in one file, each picture in one piece, as the bytes of another.

    Args and errors: as `paint_photo`; ``file_format`` is a key of `impasto.images.FORMATS`.
    """
    with open_sequence(source) as sequence:
        clipped: list[int] = []
        paintings = _painted(stylizer, sequence, strip, clipped)
        first = next(paintings)
        size = first.picture.width, first.picture.height
        if sequence.count > 1 and holds_several(file_format):
            frames = chain([first], paintings)
            content = encode_sequence(frames, file_format, loop=sequence.loop, quality=quality)
            return content, PhotoReport(*size, sequence.count, clipped_px=sum(clipped))
        content = encode_image(first.picture, file_format, quality=quality)
        return content, PhotoReport(*size, 1, sequence.count - 1, sum(clipped))


def _painted(
    stylizer: Stylizer, sequence: PictureSequence, strip: bool, clipped: list[int]
) -> Iterator[Frame]:
    """The paintings; how many pixels were clipped in each is added to the list."""
    for frame in sequence.frames:
        clipped.append(frame.picture.as_original().clipped_px)
        photo: Picture = frame.picture.without_metadata() if strip else frame.picture
        yield Frame(stylizer.stylize(photo), frame.duration_ms)


@dataclass(frozen=True)
class _Job:
    """One photo with all that was asked for."""

    stylizer: Stylizer
    target: Path
    file_format: str
    quality: int
    strip: bool
    overwrite: bool
    memory_bytes: int
    progress: ProgressListener

    def plan(self, width: int, height: int, held: int) -> MemoryPlan:
        """Within the memory; ``held`` bytes a pixel are taken whatever the plan."""
        return plan_memory(
            width,
            height,
            self.memory_bytes,
            self.stylizer.engine.name,
            self.stylizer.model.spec,
            held_bytes_per_px=held,
            styles=1 + len(self.stylizer.regions),
        )

    def fits(self, width: int, height: int) -> bool:
        """In one piece."""
        return self.plan(width, height, 0).whole

    def paint_picture(self, photo: Picture) -> PhotoReport:
        """A photo in memory, in one piece or in tiles."""
        plan = self.plan(photo.width, photo.height, WHOLE_BYTES_PER_PX)
        if plan.whole or self.stylizer.strength == 0:
            painted = self.stylizer.stylize(photo)
        else:
            self._check_room(photo.width, photo.height, 3 + self._waiting_bytes(plan))
            pixels = photo.pixels if photo.alpha is None else bleed(photo.pixels, photo.alpha)
            rows, size = PixelRows(pixels), (photo.width, photo.height)
            areas = self.stylizer.find_areas(reduced(rows), size)
            with self._tiled(rows, plan, areas) as painting:
                whole = self._detailed(rows, painting, 0, photo.height)
                painted = self.stylizer.finish(photo, whole, cover=areas.full_cover(*size))
        write_image(self.target, painted, quality=self.quality, overwrite=self.overwrite)
        clipped = photo.as_original().clipped_px
        return PhotoReport(photo.width, photo.height, clipped_px=clipped, plan=plan)

    def paint_streamed(self, reader: RowReader, name: str) -> PhotoReport:
        """A photo that comes row by row, and goes so where the target's format lets it."""
        width, height = reader.layout.width, reader.layout.height
        held = 0 if streams(self.file_format) else WRITTEN_BYTES_PER_PX
        plan = self.plan(width, height, held)
        self._check_room(width, height, 9 + self._waiting_bytes(plan))
        photo = PictureRows(reader, name, strip=self.strip)
        with ExitStack() as stack:
            painting: PixelRows | None = None
            colors: ColorMap | None = None
            areas = Areas()
            spool = stack.enter_context(Spool((width, height), self.target.parent))
            if self.stylizer.strength > 0:
                for picture in photo.strips():
                    shown = picture.pixels
                    spool.append(shown if picture.alpha is None else bleed(shown, picture.alpha))
                small = reduced(spool)
                areas = self.stylizer.find_areas(small, (width, height))
                painting = stack.enter_context(self._tiled(spool, plan, areas))
                colors = self.stylizer.color_map(reduced(painting), small)
            file = stack.enter_context(write_atomically(self.target, overwrite=self.overwrite))
            target = RowTarget(file, self.file_format, width, height, self.quality)
            top = clipped = 0
            for picture in photo.strips():
                bottom = top + picture.height
                clipped += picture.as_original().clipped_px
                if painting:
                    rows = self._detailed(spool, painting, top, bottom)
                    cover = (
                        None if areas.cover is None else areas.cover_rows(photo.size, top, bottom)
                    )
                    picture = self.stylizer.finish(picture, rows, colors, cover)
                target.write(picture)
                top = bottom
            target.finish()
        return PhotoReport(width, height, clipped_px=clipped, plan=plan)

    def _tiled(self, photo: PixelRows, plan: MemoryPlan, areas: Areas) -> PixelRows:
        folder = self.target.parent
        return paint_tiled(self.stylizer, photo, plan, folder, areas=areas, progress=self.progress)

    def _detailed(self, photo: PixelRows, painting: PixelRows, top: int, bottom: int) -> Pixels:
        """Some rows of the painting, with the photo's edges as far as they were asked for."""
        if not self.stylizer.detail:
            return painting.rows(top, bottom)
        height = photo.size[1]
        radius = detail_radius_px(*photo.size)
        first, last = max(0, top - 2 * radius), min(height, bottom + 2 * radius)
        seen = photo.rows(first, last), painting.rows(first, last)
        restored = restore_detail(*seen, self.stylizer.detail, radius)
        return restored[top - first : bottom - first]

    def _waiting_bytes(self, plan: MemoryPlan) -> int:
        """What waits on disk for each pixel while statistics are measured."""
        spec = self.stylizer.model.spec
        if plan.whole or spec is None or spec.revises:
            return 0
        return waiting_bytes_per_px(spec)

    def _check_room(self, width: int, height: int, bytes_per_px: int) -> None:
        needed = width * height * bytes_per_px
        try:
            free = shutil.disk_usage(self.target.parent).free
        except OSError:
            return
        if free < needed:
            raise OutputError(
                f"{self.target.parent} has {free / 1e9:.1f} GB free, "
                f"the painting of {width} x {height} px needs {needed / 1e9:.1f} GB on its way",
                "make room, or write to another disk",
            )
