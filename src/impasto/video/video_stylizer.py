"""Painting a video's frames one after the other, in styles that may change over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
from typing_extensions import Unpack

from impasto._util.arrays import Floats, Pixels
from impasto._util.closeable import Closing
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.errors import ImpastoError, OptionError, StyleError
from impasto.images import blend, check_pixels
from impasto.multiscale import FRAME_NATURAL_PX
from impasto.options import StyleSource, StylizeKeywords, StylizeOptions
from impasto.style_model import open_network
from impasto.styles import Gallery, Style, StyleRef, mix_vectors, open_gallery
from impasto.styles.predict import find_style
from impasto.stylizer import Stylizer
from impasto.video.temporal_consistency import SteadyStylizer, StrokeMemory, check_stability
from impasto.video.timeline import Timeline, parse_timeline
from impasto.video.worker_pool import WorkerPool

CHANGING_STABILITY = 0.6
"""At most, while the style changes: strokes that stayed for ever would keep the old one."""


@dataclass(frozen=True)
class _Change:
    """Change from one style to the next, little by little.

    Attributes:
        style_size: how many numbers of their vectors are scales and shifts.
    """

    first: Style
    second: Style
    style_size: int

    def mixed(self, share: float) -> Floats:
        """Return scales and shifts, so far on the way."""
        mixed = mix_vectors([self.first.vector, self.second.vector], [1 - share, share])
        return mixed[: self.style_size]

    @property
    def keeps_last_layer(self) -> bool:
        """Whether both styles have the same last layer."""
        first, second = (each.vector[self.style_size :] for each in (self.first, self.second))
        return np.array_equal(first, second)


class VideoStylizer(Closing):
    """Painter of frames in their order. What lies between two points of a timeline has a
    `WorkerPool` of its own, opened when it is reached, and two where the last layer changes, too.

    Several frames can be painted at once: `paint` takes them from any thread, a few ahead, and
    `place` in their order. A call does both.

    Args:
        stability: as `SteadyStylizer` takes it.
        workers: how many networks there are.
        threads: of each; if not given, its share of the cores.

    Raises:
        OptionError, StyleError, InputError: a style cannot be opened, or two do not mix; the
            timeline's entry is named.
    """

    def __init__(
        self,
        timeline: Timeline,
        options: StylizeOptions,
        *,
        stability: float = DEFAULT_STABILITY,
        workers: int = 1,
        threads: int | None = None,
    ) -> None:
        check_stability(stability)
        gallery = open_gallery(options.gallery)  # read once for all
        self._options = replace(options, gallery=gallery)
        self._timeline, self._stability = timeline, stability
        self._changes = _changes(timeline, gallery)
        self.workers, self._threads = workers, threads
        self._pools: dict[int, tuple[WorkerPool, ...]] = {}
        self._opening = Lock()
        self._number = 0
        self._steady = self._steady_painter(0)

    def __call__(self, photo: Pixels, time_s: float) -> Pixels:
        """Paint the next frame.

        Args:
            time_s: when it is shown.

        Raises:
            InputError: the frame is of another type or shape.
            EngineError: the engine fails.
        """
        check_pixels(photo)
        return self.place(photo, self.paint(photo, time_s), time_s)

    def paint(self, photo: Pixels, time_s: float) -> Pixels:
        """Return what the network makes of a frame by itself; as a call, but in any order."""
        number = self._timeline.stretch_at(time_s)
        pools = self._pools_of(number)
        if number not in self._changes:
            return pools[0].paint(photo)
        share = self._timeline.share_at(time_s)
        vector = self._changes[number].mixed(share)
        first, *second = [pool.paint(photo, vector) for pool in pools]
        # Blended, they are what a mixture of last layers paints: these are linear, and nothing but
        # clipping follows them.
        return blend(first, second[0], share) if second else first

    def place(self, photo: Pixels, fresh: Pixels, time_s: float) -> Pixels:
        """Finish the next frame of the video, of which `paint` made ``fresh``."""
        self._follow(time_s)
        return self._steady.place(photo, fresh)

    @property
    def memory(self) -> StrokeMemory | None:
        """Memory of the frames so far."""
        return self._steady.memory

    @property
    def engine(self) -> str:
        """The engine that runs the network."""
        return str(self._steady.stylizer.engine)

    def recall(self, memory: StrokeMemory | None, time_s: float) -> None:
        """Go on after a frame at a time, of which this was remembered; or with a new scene."""
        self._follow(time_s)
        self._steady.memory = memory

    def _follow(self, time_s: float) -> None:
        number = self._timeline.stretch_at(time_s)
        if number == self._number:
            return
        first, last = sorted((number, self._number))
        passed = self._timeline.points[first + 1 : last + 1]
        memory = None if any(point.at_once for point in passed) else self._steady.memory
        steady = self._steady_painter(number)
        with self._opening:
            for pool in self._pools.pop(self._number):
                pool.close()
        self._number, self._steady = number, steady
        self._steady.memory = memory

    def _steady_painter(self, number: int) -> SteadyStylizer:
        changes = number in self._changes
        stability = min(self._stability, CHANGING_STABILITY) if changes else self._stability
        return SteadyStylizer(self._pools_of(number)[0].first, stability)

    def _pools_of(self, number: int) -> tuple[WorkerPool, ...]:
        """Open the pools of a point of the timeline; several threads may be the first to ask."""
        with self._opening:
            if number not in self._pools:
                styles: list[str | Style] = [self._timeline.points[number].style]
                change = self._changes.get(number)
                if change and not change.keeps_last_layer:
                    styles.append(change.second)
                steered = change is not None
                with ExitStack() as opened:  # the first is closed if the second cannot be opened
                    pools = [
                        opened.enter_context(self._open_pool(style, steered)) for style in styles
                    ]
                    opened.pop_all()
                self._pools[number] = tuple(pools)
            return self._pools[number]

    def _open_pool(self, style: str | Style, steered: bool) -> WorkerPool:
        return WorkerPool(
            lambda threads: Stylizer(
                replace(self._options, style=style),
                natural_px=FRAME_NATURAL_PX,
                steered=steered,
                threads=threads,
            ),
            self.workers,
            self._threads,
        )

    def close(self) -> None:
        """Let the engines' memory go."""
        with self._opening:
            for pools in self._pools.values():
                for pool in pools:
                    pool.close()
            self._pools.clear()


def _changes(timeline: Timeline, gallery: Gallery) -> dict[int, _Change]:
    """Find the points whose style becomes the next one little by little."""
    styles: list[Style | None] = []
    for number, point in enumerate(timeline.points):
        try:
            styles.append(_look_up(point.style, gallery))
        except ImpastoError as error:
            if len(timeline.points) == 1:
                raise
            raise type(error)(f"{timeline.entry(number)}: {error.problem}", error.remedy) from error
    changes: dict[int, _Change] = {}
    for number in range(len(styles) - 1):
        if timeline.changes_after(number):
            changes[number] = _kindred(timeline, number, styles, gallery)
    return changes


def _look_up(style: str | Style, gallery: Gallery) -> Style | None:
    """Return nothing for a network of its own, which has no vector."""
    ref = StyleRef.parse(style)
    if ref.style:
        gallery.check(ref.style, ref.text)
        return ref.style
    if ref.is_network:
        open_network(ref, gallery)
        return None
    return find_style(ref, gallery)


def _kindred(
    timeline: Timeline, number: int, styles: list[Style | None], gallery: Gallery
) -> _Change:
    """Return the styles of a point and the next one, which mix."""
    first, second = styles[number], styles[number + 1]
    remedy = "write a comma instead of .. (in a file: at_once = true), to change at once"
    if first is None or second is None:
        raise OptionError(f"{timeline.entry(number + 1)}: networks of files do not mix", remedy)
    trunk = gallery.trunk_of(first)
    if first.trunk != second.trunk or trunk.spec.norm != "instance":
        raise StyleError(
            f"{timeline.entry(number + 1)} does not mix with {first.name} before it", remedy
        )
    return _Change(first, second, trunk.spec.style_size)


def stylize_frames(
    frames: Iterable[Pixels],
    style: StyleSource | Timeline | StylizeOptions = DEFAULT_STYLE,
    *,
    rate: float | None = None,
    stability: float = DEFAULT_STABILITY,
    **keywords: Unpack[StylizeKeywords],
) -> Iterator[Pixels]:
    """Paint frames of your own, one after the other, as they come.

    >>> for painting in impasto.stylize_frames(frames, "udnie"):
    ...     show(painting)

    Args:
        frames: H x W x 3, uint8, RGB, in the order of their times.
        style: as `StylizeOptions` has it, or these themselves; or a timeline
            (`impasto.video.parse_timeline`).
        rate: frames a second; needed for a timeline of several points.
        stability: as `SteadyStylizer` takes it.
        keywords: options, as `StylizeOptions` has them, but for those of areas and detail.

    Yields:
        the painting of each frame, of the same shape and type.

    Raises:
        OptionError: an option is unknown, is for photos only, or has an impossible value.
        InputError: a frame is of another type or shape.
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
    """
    timeline, options = options_over_time(style, keywords)
    if rate is None and len(timeline.points) > 1:
        raise OptionError("a style that changes over time needs a rate", "give rate=25, say")
    if rate is not None and not 0 < rate < float("inf"):
        raise OptionError(f"rate is {rate}", "give frames a second")
    with VideoStylizer(timeline, options, stability=stability) as painter:
        for number, frame in enumerate(frames):
            yield painter(frame, number / (rate or 1))


def options_over_time(
    style: StyleSource | Timeline | StylizeOptions, keywords: Mapping[str, Any]
) -> tuple[Timeline, StylizeOptions]:
    """Return the styles and their times, and all other options.

    Raises:
        OptionError: an option is unknown, is for photos only, or has an impossible value; or the
            text of a timeline is wrong.
    """
    if isinstance(style, Timeline):
        timeline, options = style, StylizeOptions().changed(keywords)
    else:
        options = StylizeOptions.of(style, keywords)
        rest = options.placed_styles()[0]
        timeline = Timeline.constant(rest) if isinstance(rest, Style) else parse_timeline(rest)
    return timeline, options.for_frames()
