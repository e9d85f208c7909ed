"""Pictures painted in tiles, from disk to disk, in little memory.

Each pass from coarse to fine (`impasto.multiscale`) that is small enough is painted in one piece.
In larger ones, instance normalisation would see another mean in every tile, and the tiles would
drift apart; so the whole picture's statistics are measured first
(`impasto.networks.norm_statistics`), and frozen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.images import resize
from impasto.images.spool import PixelRows, Spool
from impasto.images.tiles import cut
from impasto.images.windows import enlarged_rows, shrink_rows
from impasto.large.memory_plan import MemoryPlan
from impasto.masks.areas import Areas
from impasto.multiscale import pass_sizes
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.style_model import StyleModel
from impasto.stylizer import Stylizer
from impasto.two_part_model import TwoPartModel, revision_sizes

EVERYWHERE = Areas()


def paint_tiled(
    stylizer: Stylizer,
    photo: PixelRows,
    plan: MemoryPlan,
    folder: Path,
    *,
    areas: Areas = EVERYWHERE,
    progress: ProgressListener = ignore_progress,
) -> PixelRows:
    """Paint a picture within a plan's memory.

    Args:
        photo: in memory or on disk.
        areas: where which style goes, as `Stylizer.find_areas` gives them.

    Returns:
        the painting at full strength, as large as the photo; on disk, unless the plan says whole.
        It is the caller's to close.

    Raises:
        OutputError: the disk is full.
        EngineError: the engine fails.
    """
    tiled = _TiledRevisions if isinstance(stylizer.model, TwoPartModel) else _TiledPasses
    return tiled(stylizer, plan, folder, areas, progress).paint(photo)


class _Tiled(ABC):
    """Base of both ways of painting in tiles."""

    def __init__(
        self,
        stylizer: Stylizer,
        plan: MemoryPlan,
        folder: Path,
        areas: Areas,
        progress: ProgressListener,
    ) -> None:
        self._stylizer = stylizer
        self._plan = plan
        self._folder = folder
        self._areas = areas
        self._progress = progress

    @abstractmethod
    def paint(self, photo: PixelRows) -> PixelRows:
        """Paint the picture; see `paint_tiled`."""

    def _fit(self, source: PixelRows, size: tuple[int, int]) -> PixelRows:
        """Return a picture made smaller."""
        small = size[0] * size[1] <= self._plan.whole_px
        if source.size[0] * source.size[1] <= self._plan.whole_px:
            return PixelRows(resize(source.rows(0, source.size[1]), *size))
        strips = shrink_rows(source.strips(), source.size, size)
        if small:
            return PixelRows(np.concatenate(list(strips)))
        spool = Spool(size, self._folder)
        for strip in strips:
            spool.append(strip)
        return spool

    def _in_tiles(
        self,
        size: tuple[int, int],
        multiple: int,
        see: Callable[[int, int], Sequence[Pixels]],
        paint: Callable[..., Pixels],
    ) -> Spool:
        """Paint a picture tile by tile, onto disk.

        Args:
            size: its width and height.
            multiple: windows begin at multiples of this.
            see: gives what there is to see of the rows from one to another.
            paint: paints a window of each of these, given ``left``, ``top`` and ``shares``.
        """
        plan, (width, height) = self._plan, size
        rows = cut(height, plan.tile_px, plan.margin_px, multiple)
        columns = cut(width, plan.tile_px, plan.margin_px, multiple)
        spool, done = Spool(size, self._folder), 0
        try:
            for row in rows:
                strip = np.empty((row.stop - row.start, width, 3), dtype=np.uint8)
                seen = see(row.window_start, row.window_stop)
                shares = self._shares(size, row.window_start, row.window_stop)
                for column in columns:
                    window = slice(column.window_start, column.window_stop)
                    painted = paint(
                        *(each[:, window] for each in seen),
                        left=column.window_start,
                        top=row.window_start,
                        shares=None if shares is None else shares[:, :, window],
                    )
                    strip[:, column.start : column.stop] = painted[row.core, column.core]
                    done += 1
                    self._progress(Progress(_task(size), done, len(rows) * len(columns)))
                spool.append(strip)
        except BaseException:
            spool.close()
            raise
        return spool

    def _shares(self, size: tuple[int, int], top: int, bottom: int) -> Floats | None:
        return None if self._areas.shares is None else self._areas.share_rows(size, top, bottom)


class _TiledRevisions(_Tiled):
    """A draft in one piece; revisions, which see no further than a margin, in tiles."""

    def paint(self, photo: PixelRows) -> PixelRows:
        model = self._stylizer.model
        assert isinstance(model, TwoPartModel)
        model.effect = self._stylizer.effect
        first, sizes = revision_sizes(*photo.size, self._stylizer.stroke)
        with self._fit(photo, first) as small:
            shares = self._shares(first, 0, first[1])
            painting = PixelRows(model.draft(small.rows(0, first[1]), shares, self._progress))
        for size in sizes:
            with painting, ExitStack() as stack:
                seen = photo if size == photo.size else stack.enter_context(self._fit(photo, size))
                painting = self._revised(model, seen, painting, size)
        return painting

    def _revised(
        self, model: TwoPartModel, photo: PixelRows, painting: PixelRows, size: tuple[int, int]
    ) -> PixelRows:
        def see(top: int, bottom: int) -> tuple[Pixels, Pixels]:
            return photo.rows(top, bottom), enlarged_rows(painting, size, top, bottom)

        if size[0] * size[1] > self._plan.whole_px:
            return self._in_tiles(size, model.spec.input_spec.multiple, see, model.revise)
        revised = model.revise(*see(0, size[1]), shares=self._shares(size, 0, size[1]))
        self._progress(Progress(_task(size), 1, 1))
        return PixelRows(revised)


class _TiledPasses(_Tiled):
    """One network, from coarse to fine; it normalises by statistics of the whole picture."""

    def paint(self, photo: PixelRows) -> PixelRows:
        model = self._stylizer.model
        assert isinstance(model, StyleModel)
        current = photo
        sizes = pass_sizes(*photo.size, self._stylizer.stroke, model.natural_px)
        for size in [*sizes, photo.size]:
            if size == photo.size and size == current.size and current is not photo:
                break
            painted = (
                self._pass(model, current, size) if size in sizes else self._fit(current, size)
            )
            if current is not photo:
                current.close()
            current = painted
        return current

    def _pass(self, model: StyleModel, source: PixelRows, size: tuple[int, int]) -> PixelRows:
        if size[0] < source.size[0]:
            with self._fit(source, size) as smaller:
                return self._pass(model, smaller, size)
        if size[0] * size[1] <= self._plan.whole_px:
            pixels = resize(source.rows(0, source.size[1]), *size)
            painted = model.paint(pixels, shares=self._shares(size, 0, size[1]))
            self._progress(Progress(_task(size), 1, 1))
            return PixelRows(painted)
        statistics = model.measure_by_layers(
            source,
            size,
            self._folder,
            self._plan.strip_bytes,
            self._progress,
            f"measuring at {size[0]} x {size[1]} px",
        )
        with model.frozen_engine(statistics, regions=self._areas.shares is not None) as engine:
            return self._in_tiles(
                size,
                model.input_spec.multiple,
                lambda top, bottom: [enlarged_rows(source, size, top, bottom)],
                partial(model.paint_frozen, engine),
            )


def _task(size: tuple[int, int]) -> str:
    return f"painting at {size[0]} x {size[1]} px"
