"""Photos from file to file: stills of any size, animations, documents of many pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from impasto._util.arrays import Pixels
from impasto._util.atomic_files import write_atomically
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import OptionError, OutputError
from impasto.images import (
    MAX_PIXELS,
    ColorMap,
    Frame,
    PhotoFile,
    Picture,
    check_format,
    detail_radius_px,
    fit_within,
    holds_several,
    restore_detail,
    side_by_side,
    write_image,
    write_sequence,
)
from impasto.images.photo_file import Source
from impasto.images.rows import Layout
from impasto.images.spool import PixelRows, Spool
from impasto.images.streams import RowTarget, streams
from impasto.images.windows import reduced
from impasto.large.memory_plan import MemoryPlan, default_bytes, plan_memory
from impasto.large.tiled import paint_tiled
from impasto.masks.areas import Areas
from impasto.networks.norm_statistics import waiting_bytes_per_px
from impasto.progress import ProgressListener, ignore_progress
from impasto.styles import visible_pixels
from impasto.stylizer import Stylizer

PIXEL_BYTES = 3
# Of a picture that is written whole, and of one that is read whole, too; beside the photo.
WRITTEN_BYTES_PER_PX, WHOLE_BYTES_PER_PX = 8, 11
COMPARED_BYTES_PER_PX = 26  # more, of photo and painting side by side


@dataclass(frozen=True)
class PhotoReport:
    """Report of what was painted.

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
    quality: int = DEFAULT_FILE_QUALITY,
    strip: bool = False,
    overwrite: bool = True,
    longer_px: int | None = None,
    compare: bool = False,
    memory_bytes: int | None = None,
    progress: ProgressListener = ignore_progress,
) -> PhotoReport:
    """Paint what is in one file into another.

    Animations and files of many pages are painted whole where the target's format holds several
    pictures; where it does not, their first picture is.

    What does not fit into memory is painted in tiles (`impasto.large.tiled`); PNG and TIFF
    (upright) are then read and written row by row, so that there is no limit to their size. Pixels
    that wait go to a temporary file in the target's folder.

    Args:
        source: a path, a file's content, or a file that is open for reading bytes.
        target: ends in one of `impasto.images.FORMATS`.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        strip: leave out EXIF (camera, place, time), XMP and resolution; the colour profile stays.
        overwrite: replace a target that exists, once the painting is complete.
        longer_px: larger photos are reduced to a longer side of so many pixels, and then painted.
        compare: write the photo and the painting side by side.
        memory_bytes: how much resident memory there may be, all included; if not given, three
            quarters of what is free (`impasto.large.memory_plan.default_bytes`).
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
    with PhotoFile(source) as photo:
        return _Job(
            stylizer,
            photo,
            target,
            file_format,
            quality,
            strip,
            overwrite,
            longer_px,
            compare,
            default_bytes() if memory_bytes is None else memory_bytes,
            progress,
        ).paint()


def plan_photo(
    stylizer: Stylizer,
    source: Source,
    target: str | os.PathLike[str],
    *,
    longer_px: int | None = None,
    compare: bool = False,
    memory_bytes: int | None = None,
) -> PhotoReport:
    """Return the size at which `paint_photo` would paint, and how it would fit that into memory;
    the photo's header tells it, where it can.

    Args and errors: as `paint_photo`.
    """
    target = Path(target)
    file_format = check_format(target)
    with PhotoFile(source) as photo:
        job = _Job(
            stylizer,
            photo,
            target,
            file_format,
            longer_px=longer_px,
            compare=compare,
            memory_bytes=default_bytes() if memory_bytes is None else memory_bytes,
        )
        size = photo.size
        if not size:
            picture = photo.read()
            size = picture.width, picture.height
        streamed = photo.layout is not None and not job.fits(size)
    plan = job.plan(size, streamed=streamed)
    return PhotoReport(*fit_within(*size, longer_px), plan=plan)


def _beside(photo: Picture, painting: Picture, height: int) -> Picture:
    """Join both into one picture; or some rows of both, which are ``height`` in all."""
    both = side_by_side(photo, painting)
    return replace(both, metadata=both.metadata.sized(both.width, height))


@dataclass(frozen=True)
class _Job:
    """One photo with all that was asked for."""

    stylizer: Stylizer
    photo: PhotoFile
    target: Path
    file_format: str
    quality: int = DEFAULT_FILE_QUALITY
    strip: bool = False
    overwrite: bool = True
    longer_px: int | None = None
    compare: bool = False
    memory_bytes: int = 0
    progress: ProgressListener = ignore_progress

    def paint(self) -> PhotoReport:
        """Paint what the photo's file has and the target's format can hold."""
        size, layout = self.photo.size, self.photo.layout
        if size and layout and not self.fits(size):
            return self.paint_streamed(layout)
        if size:
            self.plan(size)  # or refuse, before anything is decoded
        count = self.photo.count
        if count > 1 and holds_several(self.file_format):
            return self.paint_frames()
        picture = self.photo.read()
        self.photo.close()
        report = self.paint_picture(picture.without_metadata() if self.strip else picture)
        return replace(report, left_out=count - 1)

    def plan(
        self, full_size: tuple[int, int], photo_bytes: int | None = None, *, streamed: bool = False
    ) -> MemoryPlan:
        """Fit the painting into the memory.

        Args:
            full_size: width and height of the photo, in pixels, before it is reduced.
            photo_bytes: of each pixel, decoded; as the file's header has it if not given.
            streamed: the photo comes row by row, and is reduced at once.
        """
        size = fit_within(*full_size, self.longer_px)
        if photo_bytes is None:
            layout = self.photo.layout
            photo_bytes = PIXEL_BYTES  # as it is shown and, if that is more, as it is stored
            if layout:
                photo_bytes += layout.pixel_bytes if layout.sample_bytes > 1 else layout.alpha
        reduced_px = 0 if streamed or size == full_size else full_size[0] * full_size[1]
        if not streamed:
            written = WHOLE_BYTES_PER_PX + (COMPARED_BYTES_PER_PX if self.compare else 0)
        else:
            written = 0 if streams(self.file_format) else WRITTEN_BYTES_PER_PX * self.pictures
        return plan_memory(
            size,
            self.memory_bytes,
            self.stylizer.engine,
            self.stylizer.model.spec,
            held_bytes=self.photo.held_bytes + reduced_px * photo_bytes,
            read_bytes=reduced_px * WHOLE_BYTES_PER_PX,
            photo_bytes_per_px=photo_bytes,
            written_bytes_per_px=written,
            streamed=streamed,
            styles=1 + len(self.stylizer.regions),
        )

    @property
    def pictures(self) -> int:
        """Number of pictures in the painting, side by side."""
        return 2 if self.compare else 1

    def fits(self, size: tuple[int, int]) -> bool:
        """Tell whether it can be read whole, which Pillow has to do, and painted in one piece."""
        try:
            plan = self.plan(size)
        except OptionError:
            return False
        return plan.whole and size[0] * size[1] <= MAX_PIXELS

    def paint_frames(self) -> PhotoReport:
        """Paint all pictures of the file."""
        clipped: list[int] = []
        paintings = self._paintings(clipped)
        first = next(paintings)
        write_sequence(
            self.target,
            chain([first], paintings),
            loop=self.photo.loop,
            quality=self.quality,
            overwrite=self.overwrite,
        )
        size = first.picture.width, first.picture.height
        return PhotoReport(*size, self.photo.count, clipped_px=sum(clipped))

    def _paintings(self, clipped: list[int]) -> Iterator[Frame]:
        """Paint one by one; how many pixels were clipped in each is added to the list."""
        for frame in self.photo.frames():
            clipped.append(frame.picture.as_original().clipped_px)
            picture = frame.picture.without_metadata() if self.strip else frame.picture
            photo = picture.shrunk(self.longer_px)
            painting = self.stylizer.stylize(photo, (picture.width, picture.height))
            if self.compare:
                painting = _beside(photo, painting, photo.height)
            yield Frame(painting, frame.duration_ms)

    def paint_picture(self, photo: Picture) -> PhotoReport:
        """Paint a photo in memory, in one piece or in tiles."""
        full_size, original = (photo.width, photo.height), photo.as_original()
        clipped = original.clipped_px
        stored_bytes = original.samples.nbytes // (photo.width * photo.height)
        plan = self.plan(full_size, PIXEL_BYTES + (stored_bytes if photo.original else 0))
        photo = photo.shrunk(self.longer_px)
        if plan.whole or self.stylizer.strength == 0:
            painted = self.stylizer.stylize(photo, full_size, self.progress)
        else:
            self._check_room(photo.width, photo.height, 3 + self._waiting_bytes(plan))
            rows, size = PixelRows(visible_pixels(photo)), (photo.width, photo.height)
            areas = self.stylizer.find_areas(reduced(rows), full_size)
            with self._tiled(rows, plan, areas) as painting:
                whole = self._detailed(rows, painting, 0, photo.height)
                painted = self.stylizer.finish(photo, whole, cover=areas.full_cover(*size))
        if self.compare:
            painted = _beside(photo, painted, photo.height)
        write_image(self.target, painted, quality=self.quality, overwrite=self.overwrite)
        return PhotoReport(photo.width, photo.height, clipped_px=clipped, plan=plan)

    def paint_streamed(self, layout: Layout) -> PhotoReport:
        """Paint a photo that comes row by row, and goes so where the target's format lets it."""
        full_size = layout.width, layout.height
        width, height = size = fit_within(*full_size, self.longer_px)
        plan = self.plan(full_size, streamed=True)
        self._check_room(width, height, 6 + 3 * self.pictures + self._waiting_bytes(plan))
        with ExitStack() as stack:
            painting: PixelRows | None = None
            colors: ColorMap | None = None
            areas = Areas()
            spool = stack.enter_context(Spool(size, self.target.parent))
            if self.stylizer.strength > 0:
                for picture in self._strips():
                    spool.append(visible_pixels(picture))
                small = reduced(spool)
                areas = self.stylizer.find_areas(small, full_size)
                painting = stack.enter_context(self._tiled(spool, plan, areas))
                colors = self.stylizer.color_map(reduced(painting), small)
            file = stack.enter_context(write_atomically(self.target, overwrite=self.overwrite))
            target = RowTarget(file, self.file_format, self.pictures * width, height, self.quality)
            top = clipped = 0
            for picture in self._strips():
                bottom = top + picture.height
                clipped += picture.as_original().clipped_px
                painted = picture
                if painting:
                    rows = self._detailed(spool, painting, top, bottom)
                    cover = areas.cover_rows(size, top, bottom)
                    painted = self.stylizer.finish(picture, rows, colors, cover)
                if self.compare:
                    painted = _beside(picture, painted, height)
                target.write(painted)
                top = bottom
            target.finish()
        return PhotoReport(width, height, clipped_px=clipped, plan=plan)

    def _strips(self) -> Iterator[Picture]:
        return self.photo.strips(strip=self.strip, longer_px=self.longer_px)

    def _tiled(self, photo: PixelRows, plan: MemoryPlan, areas: Areas) -> PixelRows:
        folder = self.target.parent
        return paint_tiled(self.stylizer, photo, plan, folder, areas=areas, progress=self.progress)

    def _detailed(self, photo: PixelRows, painting: PixelRows, top: int, bottom: int) -> Pixels:
        """Return some rows of the painting, with as much of the photo's edges as was asked for."""
        if not self.stylizer.detail:
            return painting.rows(top, bottom)
        height = photo.size[1]
        radius = detail_radius_px(*photo.size)
        first, last = max(0, top - 2 * radius), min(height, bottom + 2 * radius)
        seen = photo.rows(first, last), painting.rows(first, last)
        restored = restore_detail(*seen, self.stylizer.detail, radius)
        return restored[top - first : bottom - first]

    def _waiting_bytes(self, plan: MemoryPlan) -> int:
        """Return how much waits on disk for each pixel while statistics are measured."""
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
