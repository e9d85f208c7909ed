"""A picture's statistics for instance normalisation, measured in little memory.

Every layer is computed for the whole picture before the next one begins, as instance normalisation
asks, strip by strip, and its features wait on disk (`impasto.networks.stages`). So a picture of any
size is normalised by just what it would be in one piece. What comes cheaper does not: statistics of
a thumbnail (URST, Chen et al. 2022) or of pieces from all over the picture have the error of a
sample, which every layer passes on and adds to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats
from impasto._util.closeable import Closing
from impasto._util.prefetch import map_ahead
from impasto.engines import Engine, Vectors
from impasto.images import add_grain
from impasto.images.spool import PixelRows, RowFile
from impasto.images.windows import enlarged_rows
from impasto.networks.input_spec import InputSpec
from impasto.networks.spec import NetworkSpec
from impasto.networks.stages import (
    Stage,
    bake_stage,
    cut_stages,
    folded,
    last_readers,
    waiting_per_px,
)
from impasto.networks.trunk import Trunk
from impasto.progress import Progress, ProgressListener, ignore_progress

Vector = Floats
Features = Floats

BYTES_PER_NUMBER = 24
"""Memory for what a stage takes and gives: read ahead, converted, computed, copied, written."""
BYTES_WAITING = 2


class PaddedPhoto:
    """A photo as a network sees it, row by row: enlarged, under grain, mirrored around itself.

    Args:
        photo: in memory or on disk.
        size: width and height that it shall have, neither below its own.

    Attributes:
        width, height: with the borders around it.
    """

    def __init__(
        self, photo: PixelRows, size: tuple[int, int], input_spec: InputSpec, seed: int
    ) -> None:
        self._photo = photo
        self._size = size
        self._input_spec = input_spec
        self._seed = seed
        self._left, self._top, right, bottom = input_spec.padding_px(*size)
        self.width = self._left + size[0] + right
        self.height = self._top + size[1] + bottom

    def rows(self, top: int, bottom: int) -> Features:
        """Return those rows: 3 x n x width, float32, RGB, 0-1."""
        width, height = self._size
        lines = _mirrored(np.arange(top, bottom) - self._top, height)
        columns = _mirrored(np.arange(self.width) - self._left, width)
        first, last = int(lines.min()), int(lines.max()) + 1
        seen = enlarged_rows(self._photo, self._size, first, last)
        grain, coarse = self._input_spec.grain, self._input_spec.coarse_grain
        seen = add_grain(seen, grain, coarse, left=0, top=first, seed=self._seed)
        pixels = seen[lines - first][:, columns].transpose(2, 0, 1)
        padded = np.ascontiguousarray(pixels, dtype=np.float32)
        padded /= 255
        return padded


class _WaitingFeature(Closing):
    """Features on disk, in float16.

    What varies little around a large mean would lose all that it tells, as normalisation magnifies
    it; so the mean of the first rows is taken from every number first, and added again.
    """

    def __init__(self, features: Features, folder: Path) -> None:
        channels, _, self.width = features.shape
        self._around = features.mean(axis=(1, 2))[:, None, None]
        self._file = RowFile(BYTES_WAITING * channels * self.width, folder)

    @property
    def height(self) -> int:
        return self._file.length

    def append(self, features: Features) -> None:
        """Add the next rows: channels x n x width."""
        apart = (features - self._around).transpose(1, 0, 2)
        self._file.append(np.ascontiguousarray(apart, dtype=np.float16))

    def rows(self, top: int, bottom: int) -> Features:
        """Return those rows: channels x n x width, float32."""
        content = np.frombuffer(self._file.rows(top, bottom), dtype=np.float16)
        rows = content.reshape(bottom - top, -1, self.width).transpose(1, 0, 2)
        features = np.ascontiguousarray(rows, dtype=np.float32)
        features += self._around
        return features

    def close(self) -> None:
        """Delete them."""
        self._file.close()


class _Moments:
    """Means and variances of channels, put together from those of strips (Chan et al. 1979)."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.mean = np.zeros(channels)
        self._squares = np.zeros(channels)

    def add(self, count: int, mean: Features, variance: Features) -> None:
        """Add what was measured over ``count`` numbers a channel."""
        total = self.count + count
        apart = mean.ravel() - self.mean
        self._squares += count * variance.ravel() + apart**2 * (self.count * count / total)
        self.mean += apart * (count / total)
        self.count = total

    @property
    def variance(self) -> NDArray[np.float64]:
        return self._squares / self.count


def waiting_bytes_per_px(spec: NetworkSpec) -> int:
    """Return how many bytes wait on disk at most, for each pixel of the picture."""
    return math.ceil(BYTES_WAITING * waiting_per_px(spec))


def measure_by_layers(
    trunk: Trunk,
    vector: Vector,
    photo: PaddedPhoto,
    open_part: Callable[[bytes], Engine],
    folder: Path,
    *,
    strip_bytes: int,
    progress: ProgressListener = ignore_progress,
    task: str = "measuring",
) -> Vector:
    """Return the statistics by which a picture's features are normalised.

    Args:
        trunk: of a network with instance normalisation.
        vector: the style.
        open_part: loads a graph into an engine.
        folder: for temporary files: `waiting_bytes_per_px` of them.
        strip_bytes: about how much memory a strip may take.
        progress, task: told after every strip, of what.

    Returns:
        mean, then variance, of every layer, as `impasto.networks.export.bake` takes them.

    Raises:
        OutputError: the disk is full.
        EngineError: the engine fails.
    """
    spec, weights = trunk.spec, trunk.float32_weights()
    stages = cut_stages(spec)
    last = last_readers(stages)
    strips = list(_strips(stages, photo, strip_bytes))
    slices = {conv.name: places for conv, *places in spec.style_slices()}
    statistics = np.zeros(spec.style_size, dtype=np.float32)
    normalisation: dict[str, tuple[Vector, Vector]] = {}
    done, total = count(1), sum(len(tops) for tops, _ in strips)
    with _Waiting(photo, folder) as waiting:
        for number, (stage, (tops, rows)) in enumerate(zip(stages, strips, strict=True)):
            needed = {name for name, reader in last.items() if reader > number}
            moments = _Moments(stage.conv.outputs)
            see = partial(_seen, spec, stage, waiting, rows)
            keep = partial(waiting.append_from, stage, needed)
            with (
                open_part(bake_stage(spec, weights, stage, normalisation)) as engine,
                map_ahead(see, tops, 1) as seen,
                _behind(keep) as give,
            ):
                for strip in seen:
                    given = engine.run_part(strip)
                    moments.add(given["made"][0, 0].size, given["mean"], given["variance"])
                    give(given)
                    progress(Progress(task, next(done), total))
            waiting.drop_all_but(needed)
            if stage.conv.norm:
                first, second = slices[stage.conv.name]
                measured = moments.mean, moments.variance
                statistics[first], statistics[second] = measured
                normalisation[stage.conv.name] = folded(vector[first], vector[second], *measured)
    return statistics


@contextmanager
def _behind(keep: Callable[[Vectors], None]) -> Iterator[Callable[[Vectors], None]]:
    """Yield what hands features on to be kept in another thread, once those before are; at the end
    of the block, all of them are.
    """
    with ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None

        def give(given: Vectors) -> None:
            nonlocal writing
            if writing:
                writing.result()
            writing = writer.submit(keep, given)

        yield give
        if writing:
            writing.result()


class _Waiting(Closing):
    """The features that wait on disk, and the photo."""

    def __init__(self, photo: PaddedPhoto, folder: Path) -> None:
        self._photo = photo
        self._folder = folder
        self._features: dict[str, _WaitingFeature] = {}

    def __getitem__(self, name: str) -> PaddedPhoto | _WaitingFeature:
        return self._photo if name == "photo" else self._features[name]

    def append_from(self, stage: Stage, needed: Set[str], given: Vectors) -> None:
        """Add the next rows of what a stage gave, as far as they are needed."""
        if stage.conv.name in needed:
            self._append(stage.conv.name, given["made"][0])
        if stage.kept:
            kept = given["kept"][0]
            self._append(stage.kept, kept[:, stage.halo : kept.shape[1] - stage.halo])

    def _append(self, name: str, features: Features) -> None:
        if name not in self._features:
            self._features[name] = _WaitingFeature(features, self._folder)
        self._features[name].append(features)

    def drop_all_but(self, needed: Set[str]) -> None:
        """Let the disk have its room back."""
        for name in self._features.keys() - needed:
            self._features.pop(name).close()

    def close(self) -> None:
        """Delete all that waits."""
        self.drop_all_but(set())


def _strips(
    stages: Sequence[Stage], photo: PaddedPhoto, strip_bytes: int
) -> Iterator[tuple[range, int]]:
    """Yield for each stage where strips of what it convolves begin, and how many rows they have."""
    sizes = {"photo": (photo.width, photo.height)}
    for stage in stages:
        conv = stage.conv
        width, height = sizes[stage.reads[0][0].name]
        sizes[stage.kept] = width, height
        sizes[conv.name] = round(width * conv.scale), round(height * conv.scale)
        numbers = width * (conv.inputs + sum(feature.channels for feature, _ in stage.reads))
        numbers += round(width * conv.scale**2) * conv.outputs
        rows = strip_bytes // (BYTES_PER_NUMBER * numbers)
        rows = max(1, min(height, rows) // conv.stride) * conv.stride
        yield range(0, height, rows), rows


def _seen(
    spec: NetworkSpec, stage: Stage, waiting: _Waiting, rows: int, top: int
) -> dict[str, Features]:
    """Return what a stage has to see for a strip of rows."""
    seen: dict[str, Features] = {}
    for feature, halo in stage.reads:
        source = waiting[feature.name]
        lines, there = _lines(source.height, top, rows, halo)
        first, last = int(there.min()), int(there.max()) + 1
        features = source.rows(first, last)
        if len(lines) != last - first:
            features = np.ascontiguousarray(features[:, there - first])
        seen[feature.name] = features[None]
        height = source.height
    if spec.padding == "zero":
        for halo in stage.blanked:
            lines, there = _lines(height, top, rows, halo)
            seen[f"inside {halo}"] = (lines == there).astype(np.float32)[None, None, :, None]
    return seen


def _lines(
    height: int, top: int, rows: int, halo: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of a strip and around it, and which of the picture's are in their places."""
    lines = np.arange(top - halo, min(top + rows, height) + halo)
    return lines, _mirrored(lines, height)


def _mirrored(places: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Mirror places beyond a side of that length into it, without repeating its ends."""
    if length == 1:
        return np.zeros_like(places)
    period = 2 * (length - 1)
    forth = np.mod(places, period)
    inside: NDArray[np.int64] = np.minimum(forth, period - forth)
    return inside
