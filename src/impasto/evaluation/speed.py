"""How fast the engines are, next to Johnson's network in OpenCV dnn, in one run.

Machines differ and drift, so what counts is the ratio. The contestants take turns, run by run, so
that all of them see the same weather.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from impasto.engines import Engine, EngineName, Precision, open_engine
from impasto.errors import OptionError
from impasto.networks.input_spec import BakedNetwork, InputSpec
from impasto.networks.padding import paint_whole
from impasto.networks.spec import JOHNSON, NetworkSpec
from impasto.networks.trunk import random_trunk
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.style_model import open_network
from impasto.styles import Gallery

JOHNSON_NAME = "Johnson 2016 in OpenCV dnn"


@dataclass(frozen=True)
class Speed:
    """What one engine takes for pictures of one size, padding, conversion and cropping included.

    Attributes:
        engine: which, with its version and precision; `JOHNSON_NAME` for the yardstick.
        width, height: of the picture, in pixels.
        milliseconds: the median over all runs.
        fastest_ms: the least of them.
        times_johnson: the yardstick's median over this one's, at the same size; none without it.
    """

    engine: str
    width: int
    height: int
    milliseconds: float
    fastest_ms: float
    times_johnson: float | None

    @property
    def megapixels_per_s(self) -> float:
        """Millions of pixels painted in a second."""
        return self.width * self.height / self.milliseconds / 1000


def measure_speed(
    gallery: Gallery,
    style: str,
    engines: Sequence[tuple[EngineName, Precision]],
    sizes: Sequence[tuple[int, int]],
    *,
    spec: NetworkSpec | None = None,
    runs: int = 9,
    johnson: bool = True,
    threads: int | None = None,
    progress: ProgressListener = ignore_progress,
) -> list[Speed]:
    """Time engines on noise pictures.

    Args:
        style: a name, a mixture, or the file of a network.
        sizes: widths and heights, in pixels.
        spec: a network to time with random weights, instead of the style's.
        runs: counted runs of each, after one that is not counted.
        johnson: run Johnson's network too (random weights; they do not matter for the time).
        threads: how many each engine may use; all cores if not given.

    Raises:
        OptionError: there is nothing to measure.
        EngineError: an engine is missing.
        StyleError: the style is unknown.
    """
    if not engines or not sizes or runs < 1:
        raise OptionError("nothing to measure", "give an engine, a size, and at least one run")
    if spec:
        networks = {int8: _random_network(spec, int8) for int8 in (False, True)}
    else:
        networks = {int8: open_network(style, gallery, int8=int8) for int8 in (False, True)}
    contestants: dict[str, tuple[Engine, InputSpec]] = {}
    with ExitStack() as stack:
        for name, precision in engines:
            network = networks[precision == "int8"]
            engine = open_engine(network.graph, engine=name, precision=precision, threads=threads)
            contestants[str(engine)] = (stack.enter_context(engine), network.input_spec)
        if johnson:
            yardstick = _random_network(JOHNSON)
            engine = open_engine(yardstick.graph, engine="opencv", threads=threads)
            contestants[JOHNSON_NAME] = (stack.enter_context(engine), yardstick.input_spec)
        results: list[Speed] = []
        for number, (width, height) in enumerate(sizes):
            photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
            times: dict[str, list[float]] = {name: [] for name in contestants}
            for run in range(runs + 1):
                for contestant, (engine, input_spec) in contestants.items():
                    start = time.perf_counter()
                    paint_whole(engine, input_spec, photo)
                    if run:  # the first run compiles and allocates
                        times[contestant].append(1000 * (time.perf_counter() - start))
                done = number * (runs + 1) + run + 1
                progress(Progress(f"{width}x{height}", done, len(sizes) * (runs + 1)))
            results += _speeds(width, height, times)
        return results


def _speeds(width: int, height: int, times: Mapping[str, Sequence[float]]) -> list[Speed]:
    medians = {name: statistics.median(each) for name, each in times.items()}
    base = medians.get(JOHNSON_NAME)
    return [
        Speed(name, width, height, median, min(times[name]), base / median if base else None)
        for name, median in medians.items()
    ]


def _random_network(spec: NetworkSpec, int8: bool = False) -> BakedNetwork:
    vector = np.ones(spec.style_size, dtype=np.float32)
    return BakedNetwork(random_trunk(spec).bake(vector, int8=int8), spec.input_spec)
