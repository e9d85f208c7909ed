"""The network of one style on an engine, and what a picture needs around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto._util.closeable import Closing
from impasto.engines import Engine, EngineName, Precision, choose_precision, open_engine
from impasto.errors import OptionError
from impasto.images.spool import PixelRows
from impasto.multiscale import NATURAL_PX
from impasto.networks.input_spec import BakedNetwork, InputSpec
from impasto.networks.norm_statistics import PaddedPhoto, measure_by_layers
from impasto.networks.padding import pad_photo
from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.progress import ProgressListener, ignore_progress
from impasto.styles import Gallery, Style, StyleRef
from impasto.styles.predict import find_style

Vector = Floats


class StyleModel(Closing):
    """Paints pictures in one piece, at the size they have; from several threads, one by one.

    Args:
        style: a name or mixture from the gallery, a painting's file, a `Style`, or the file of a
            network of its own.
        beside: further styles of the gallery, to be painted beside ``style`` in one picture.
        natural_px: the shorter side up to which a picture is painted as it is. A network of its own
            paints any picture so, as it did where it comes from.
        engine, precision, threads: as `open_engine` takes them.
        steered: let `restyle` change the style. Networks without instance normalisation, and
            networks of their own, have nothing to steer.

    Attributes:
        natural_px: the same; infinite of a network of its own.
        is_steered: whether `restyle` may be called.

    Raises:
        OptionError, StyleError, InputError, MissingExtraError, EngineError: see
            `impasto.stylizer.Stylizer`.
    """

    def __init__(
        self,
        style: str | Style,
        gallery: Gallery,
        *,
        beside: Sequence[str | Style] = (),
        seed: int = 0,
        natural_px: float = NATURAL_PX,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        steered: bool = False,
    ) -> None:
        ref = StyleRef.parse(style)
        self._trunk, self._vector = _trunk_and_vector(ref, gallery)
        if self._trunk is not None:
            precision = choose_precision(engine, precision)
        self._open = partial(open_engine, engine=engine, precision=precision, threads=threads)
        self._int8 = precision == "int8"
        # Measuring and regions take graphs of floats.
        floats: Precision = "auto" if self._int8 else precision
        self._open_floats = partial(self._open, precision=floats)
        others = [_trunk_and_vector(StyleRef.parse(each), gallery) for each in beside]
        if any(trunk is None or not _alike(trunk.spec, self.spec) for trunk, _ in others):
            raise OptionError(
                "regions' styles are of different kinds of networks",
                "take them from one gallery, or paint one after the other, each with a mask",
            )
        self._vectors = [*(vector for _, vector in others), self._vector]
        self._packs = _by_trunk([*(trunk for trunk, _ in others), self._trunk])
        self.seed = seed
        self.is_steered = steered and self._measures
        self.natural_px = natural_px if self._trunk is not None else math.inf
        network = _network(ref, self._trunk, self._vector, steered=self.is_steered, int8=self._int8)
        self.input_spec = network.input_spec
        self.engine: Engine = self._open(network.graph)
        self._lock = Lock()

    @property
    def spec(self) -> NetworkSpec | None:
        """The network's layers; unknown of a network of its own, which paints in one piece only."""
        return self._trunk.spec if self._trunk is not None else None

    @property
    def _measures(self) -> bool:
        """Whether the network normalises by a picture's own statistics, and lets them be known."""
        return self._trunk is not None and self._trunk.spec.norm == "instance"

    def paint(
        self, photo: Pixels, *, left: int = 0, top: int = 0, shares: Vector | None = None
    ) -> Pixels:
        """Paint a picture by its own statistics.

        Args:
            left, top: where in a larger picture this one is, for its grain.
            shares: styles x H x W, how much of each style there is in each place: of those
                ``beside`` first, then of the model's own. All is the model's own if not given.
        """
        if shares is not None:
            with self.frozen_engine(self.measure(photo), regions=True) as engine:
                return self.paint_frozen(engine, photo, left=left, top=top, shares=shares)
        if self.is_steered:
            padded, inside = pad_photo(self.input_spec, photo, left, top, self.seed)
            with self._lock:
                painted = self.engine.paint_steered(padded, self._vector)[0]
            return np.ascontiguousarray(painted[inside])
        return self.paint_frozen(self.engine, photo, left=left, top=top)

    def paint_frozen(
        self,
        engine: Engine | _Apart,
        photo: Pixels,
        *,
        left: int = 0,
        top: int = 0,
        shares: Vector | None = None,
    ) -> Pixels:
        """Paint a picture on an engine that `frozen_engine` gave.

        Args:
            engine: with statistics of its own.
            photo, left, top, shares: as `paint` takes them.
        """
        if isinstance(engine, _Apart):
            assert shares is not None
            return engine.paint_regions(photo, shares, left=left, top=top, seed=self.seed)
        padded, inside = pad_photo(self.input_spec, photo, left, top, self.seed)
        with self._lock if engine is self.engine else nullcontext():
            return np.ascontiguousarray(engine.paint(padded)[inside])

    def restyle(self, vector: Vector) -> None:
        """Paint on in another style of the same trunk, with the last layer that there is.

        Args:
            vector: of the style, or of a mixture: scales and shifts only.

        Raises:
            OptionError: the model is not steered, or the vector is of another trunk.
        """
        if not self.is_steered or vector.shape != self._vector.shape:
            raise OptionError("this network's style is fixed", "open another stylizer")
        self._vector = self._vectors[-1] = vector

    def measure(self, photo: Pixels) -> list[Vector]:
        """Return the statistics by which a picture's features are normalised, in each style.

        Returns:
            mean, then variance, of every normalised layer, for those ``beside`` and the model's own
            style; zeros if the network has its own.
        """

        def measure_pack(trunk: Trunk, vectors: Sequence[Vector]) -> list[Vector]:
            padded, _ = pad_photo(trunk.spec.input_spec, photo, seed=self.seed)
            with self._open_floats(trunk.bake_steered()) as engine:
                return [engine.paint_steered(padded, vector)[1] for vector in vectors]

        return self._measured_by(measure_pack)

    def measure_by_layers(
        self,
        photo: PixelRows,
        size: tuple[int, int],
        folder: Path,
        strip_bytes: int,
        progress: ProgressListener = ignore_progress,
        task: str = "measuring",
    ) -> list[Vector]:
        """Measure the statistics of a picture that is too large for memory
        (`impasto.networks.norm_statistics`).

        Args:
            photo: in memory or on disk.
            size: width and height at which it shall be painted, neither below its own.
            strip_bytes: about how much memory it may take.
            progress: told now and then, of ``task``.

        Raises:
            OutputError: the disk is full.
            EngineError: the engine fails.
        """

        def measure_pack(trunk: Trunk, vectors: Sequence[Vector]) -> list[Vector]:
            padded = PaddedPhoto(photo, size, trunk.spec.input_spec, self.seed)
            return [
                measure_by_layers(
                    trunk,
                    vector,
                    padded,
                    self._open_floats,
                    folder,
                    strip_bytes=strip_bytes,
                    progress=progress,
                    task=task,
                )
                for vector in vectors
            ]

        return self._measured_by(measure_pack)

    def _measured_by(
        self, measure_pack: Callable[[Trunk, Sequence[Vector]], Sequence[Vector]]
    ) -> list[Vector]:
        """Return the statistics of all styles, pack by pack; zeros if the network has its own."""
        statistics = [np.zeros_like(vector) for vector in self._vectors]
        if self._measures:
            for trunk, numbers in self._packs:
                measured = measure_pack(trunk, [self._vectors[number] for number in numbers])
                for number, each in zip(numbers, measured, strict=True):
                    statistics[number] = each
        return statistics

    def frozen_engine(
        self, statistics: Sequence[Vector], *, regions: bool = False
    ) -> Engine | _Apart:
        """Open another engine like this one's, whose normalisation is constant; the caller closes
        it.

        Args:
            statistics: as `measure` gives them.
            regions: it paints all styles, each where it has a share, instead of the model's own.

        Raises:
            OptionError: the network is one of its own.
        """
        if self._trunk is None:
            raise OptionError("a network of its own paints in one piece", "give a smaller picture")
        if regions:
            engines = []
            for trunk, numbers in self._packs:
                own = ([each[number] for number in numbers] for each in (self._vectors, statistics))
                engine = self._open_floats(trunk.bake_regions(*own))
                engines.append((engine, trunk.spec.input_spec, numbers))
            return _Apart(engines)
        return self._open(self._trunk.bake(self._vector, statistics[-1], int8=self._int8))

    def close(self) -> None:
        """Let the engine's memory go."""
        self.engine.close()


def open_network(
    style: str | Style | StyleRef, gallery: Gallery, *, int8: bool = False
) -> BakedNetwork:
    """Return the network that paints in a style.

    Args:
        style: as `StyleModel` takes it.
        gallery: where names and mixtures come from.
        int8: in 8 bits; without effect on a network of its own.

    Raises:
        OptionError, StyleError, InputError, MissingExtraError: see `StyleModel`.
    """
    ref = StyleRef.parse(style)
    return _network(ref, *_trunk_and_vector(ref, gallery), steered=False, int8=int8)


def _network(
    ref: StyleRef, trunk: Trunk | None, vector: Vector, *, steered: bool, int8: bool
) -> BakedNetwork:
    if trunk is None:
        from impasto.converters import load_network

        return load_network(ref.text)
    if steered:  # in 8 bits for this style only
        graph = trunk.bake_steered(int8_style=vector if int8 else None)
    else:
        graph = trunk.bake(vector, int8=int8)
    return BakedNetwork(graph, trunk.spec.input_spec)


def _by_trunk(trunks: Sequence[Trunk | None]) -> list[tuple[Trunk, list[int]]]:
    """Return each trunk with the numbers of the styles that are its own."""
    packs: dict[str, tuple[Trunk, list[int]]] = {}
    for number, trunk in enumerate(trunks):
        if trunk is not None:
            packs.setdefault(trunk.fingerprint, (trunk, []))[1].append(number)
    return list(packs.values())


class _Apart(Closing):
    """Engines of several trunks, which have no layers in common: each paints all of its styles in
    one pass, and their paintings are blended.

    Args:
        engines: each with its input spec and the numbers of its styles.
    """

    def __init__(self, engines: Sequence[tuple[Engine, InputSpec, Sequence[int]]]) -> None:
        self._engines = engines

    def paint_regions(
        self, photo: Pixels, shares: Vector, *, left: int, top: int, seed: int
    ) -> Pixels:
        """Paint as `Engine.paint_regions` does, with each trunk's own grain and borders; the other
        arguments are those of `StyleModel.paint`.
        """
        blended = np.zeros(photo.shape, dtype=np.float32)
        for engine, input_spec, numbers in self._engines:
            own = shares[list(numbers)]
            total = own.sum(axis=0)
            # Where it has no share, it may paint what it likes.
            even = np.float32(1 / len(numbers))
            within = np.where(total > 0, own / np.maximum(total, 1e-6), even).astype(np.float32)
            x, y, right, bottom = input_spec.padding_px(photo.shape[1], photo.shape[0])
            around = np.pad(within, ((0, 0), (y, bottom), (x, right)), mode="edge")
            padded, inside = pad_photo(input_spec, photo, left, top, seed)
            painting = engine.paint_regions(padded, around)[inside]
            if len(self._engines) == 1:
                return np.ascontiguousarray(painting)
            blended += total[..., None] * painting
        return np.rint(blended).clip(0, 255).astype(np.uint8)

    def close(self) -> None:
        """Let the engines' memory go."""
        for engine, _, _ in self._engines:
            engine.close()


def _alike(spec: NetworkSpec, other: NetworkSpec | None) -> bool:
    """Return whether networks differ in their weights and their grain at most."""
    return other is not None and spec == replace(
        other,
        grain=spec.grain,
        coarse_grain=spec.coarse_grain,
        plain_grain=spec.plain_grain,
    )


def _trunk_and_vector(ref: StyleRef, gallery: Gallery) -> tuple[Trunk | None, Vector]:
    if ref.is_network:
        return None, np.zeros(0, dtype=np.float32)
    style = ref.style or find_style(ref, gallery)
    return gallery.trunk_of(style).with_last_layer(style.vector)
