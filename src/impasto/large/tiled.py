"""Pictures painted in tiles, from disk to disk, in little memory.

Each pass from coarse to fine (`impasto.multiscale`) that is small enough is painted in one piece.
In larger ones, instance normalisation would see another mean in every tile, and the tiles would
drift apart; so the whole picture's statistics are measured first
(`impasto.networks.norm_statistics`), and frozen.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.images import resize
from impasto.images.spool import PixelRows, Spool
from impasto.images.windows import enlarged_rows, shrink_rows
from impasto.large.memory_plan import MemoryPlan
from impasto.large.tiles import cut
from impasto.masks.areas import Areas
from impasto.multiscale import pass_sizes
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.stylizer import Stylizer

__all__ = ["paint_tiled"]

Pixels = NDArray[np.uint8]
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
        stylizer: paints.
        photo: in memory or on disk.
        plan: how.
        folder: for temporary files.
        areas: where which style goes, as `Stylizer.find_areas` gives them.
        progress: told after each tile.

    Returns:
        the painting at full strength, as large as the photo; on disk, unless the plan says whole.
        It is the caller's to close.

    Raises:
        OutputError: the disk is full.
        EngineError: the engine fails.
    """
    return _TiledPainting(stylizer, plan, folder, areas, progress).paint(photo)


class _TiledPainting:
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

    def paint(self, photo: PixelRows) -> PixelRows:
        current = photo
        sizes = pass_sizes(
            *photo.size, self._stylizer.stroke, self._stylizer.style_model.natural_px
        )
        for size in [*sizes, photo.size]:
            if size == photo.size and size == current.size and current is not photo:
                break
            painted = self._pass(current, size) if size in sizes else self._fit(current, size)
            if current is not photo:
                current.close()
            current = painted
        return current

    def _pass(self, source: PixelRows, size: tuple[int, int]) -> PixelRows:
        with ExitStack() as stack:
            if size[0] < source.size[0]:
                source = stack.enter_context(self._fit(source, size))
            if size[0] * size[1] > self._plan.whole_px:
                return self._in_tiles(source, size)
            pixels = resize(source.rows(0, source.size[1]), *size)
            shares = self._shares(size, 0, size[1])
            painted = self._stylizer.style_model.paint(pixels, shares=shares)
            self._progress(Progress(_task(size), 1, 1))
            return PixelRows(painted)

    def _fit(self, source: PixelRows, size: tuple[int, int]) -> PixelRows:
        """A picture made smaller."""
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

    def _in_tiles(self, source: PixelRows, size: tuple[int, int]) -> Spool:
        plan, style_model = self._plan, self._stylizer.style_model
        multiple = style_model.input_spec.multiple
        statistics = style_model.measure_by_layers(
            source,
            size,
            self._folder,
            plan.strip_bytes,
            self._progress,
            f"measuring at {size[0]} x {size[1]} px",
        )
        width, height = size
        rows = cut(height, plan.tile_px, plan.margin_px, multiple)
        columns = cut(width, plan.tile_px, plan.margin_px, multiple)
        spool = Spool(size, self._folder)
        try:
            regions = self._areas.shares is not None
            with style_model.frozen_engine(statistics, regions=regions) as engine:
                done = 0
                for row in rows:
                    strip = np.empty((row.stop - row.start, width, 3), dtype=np.uint8)
                    seen = enlarged_rows(source, size, row.window_start, row.window_stop)
                    shares = self._shares(size, row.window_start, row.window_stop)
                    for column in columns:
                        window = slice(column.window_start, column.window_stop)
                        painted = style_model.paint_frozen(
                            engine,
                            seen[:, window],
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

    def _shares(self, size: tuple[int, int], top: int, bottom: int) -> NDArray[np.float32] | None:
        return None if self._areas.shares is None else self._areas.share_rows(size, top, bottom)


def _task(size: tuple[int, int]) -> str:
    return f"painting at {size[0]} x {size[1]} px"
