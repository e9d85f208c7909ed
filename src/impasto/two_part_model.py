"""Paint in two parts: a draft of the whole picture, small; then revisions, one for each doubling.

The draft sees the whole photo at a fixed small size and lays out large forms and planes of colour.
A revision sees the photo at twice the size, and the painting so far, enlarged; it adds brushwork
(Lin et al. 2021, "Drafting and revision: Laplacian pyramid network for fast high-quality artistic
style transfer"). So forms are in proportion to the picture, and brushwork is sharp at any size.

Departures: one revision network serves all sizes; the draft is no Laplacian level; a style is the
scale and shift of every layer, in both networks (Dumoulin et al. 2017), and what it adds to their
kernels (`impasto.networks.low_rank`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto._util.closeable import Closing
from impasto.engines import Engine, EngineName, Precision, choose_precision, open_engine
from impasto.images import pad_reflect, resize
from impasto.networks.padding import pad_photo
from impasto.networks.spec import NetworkSpec
from impasto.networks.trunk import Trunk
from impasto.progress import ProgressListener, ignore_progress

SharesAt = Callable[[tuple[int, int]], Floats]
"""Gives, for a width and height, how much of each style there is in each place."""

LayOut = Callable[[Pixels, float, ProgressListener], Pixels]
"""Lays out a small picture in place of a draft network, as boldly as its effect, 0 to 1, says."""

DRAFT_PX = 128
"""Shorter side of a draft with strokes of size 1."""

LEAST_STEP = 1.1
"""Enlarged by less, a draft is not worth a revision: it is made larger itself."""


def revision_sizes(
    width: int, height: int, stroke: float = 1.0
) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Return the sizes of a picture's draft and of its revisions; the last is the picture's own.

    Args:
        width, height: of the picture, in pixels.
        stroke: size of the forms: half of it makes the draft twice as large.
    """
    shorter = min(width, height)
    draft_px = min(shorter, DRAFT_PX / stroke)
    sides = [float(shorter)]
    while sides[0] / 2 >= LEAST_STEP * draft_px:
        sides.insert(0, sides[0] / 2)
    if sides[0] < LEAST_STEP * draft_px:
        draft_px = sides.pop(0)

    def size(side: float) -> tuple[int, int]:
        scale = side / shorter
        return max(1, round(width * scale)), max(1, round(height * scale))

    return size(draft_px), [size(side) for side in sides]


class TwoPartModel(Closing):
    """A draft and a revision network in one or several styles; from several threads, one by one.

    Args:
        styles: each as both networks, with the kernels that it asks for, and its vector
            (`impasto.networks.trunk.Trunk.at_effect`); the last is for what no other style has a
            share of.
        lay_out: lays out the drafts of each style in place of its draft network, if given.
        seed: of the grain that strokes follow where the photo is flat.
        steered: let the effect change at no cost, as an input of both networks; each painting takes
            a little longer, and its 8 bits are rounded otherwise.
        engine, precision, threads: as `open_engine` takes them.

    Attributes:
        engine: runs the revision of the last style.
    """

    def __init__(
        self,
        styles: Sequence[tuple[Trunk, Floats]],
        *,
        lay_out: Sequence[LayOut] = (),
        seed: int = 0,
        steered: bool = False,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
    ) -> None:
        trunk, _ = styles[-1]
        assert trunk.revision
        self.trunk, self.revision = trunk, trunk.revision
        self.seed = seed
        self._styles = list(styles)
        self._lay_out = list(lay_out)
        precision = choose_precision(engine, precision)
        self._open = partial(open_engine, engine=engine, precision=precision, threads=threads)
        self._int8 = precision == "int8"
        self._lock = Lock()
        self._steered = steered
        self._effect = 0.5
        self._drafts: list[Engine] = []
        self._revisions: list[Engine] = []
        self._open_engines()

    def _open_engines(self) -> None:
        """Compile all graphs at the same time: each keeps one core busy."""
        bakes = [Trunk.bake_revision] if self._lay_out else [Trunk.bake_draft, Trunk.bake_revision]
        graphs = [
            bake(trunk, vector, self._effect, int8=self._int8, steered=self._steered)
            for bake in bakes
            for trunk, vector in self._styles
        ]
        drafts = len(graphs) - len(self._styles)
        with ThreadPoolExecutor() as threads:
            engines = list(threads.map(self._open, graphs))
        self._drafts, self._revisions = engines[:drafts], engines[drafts:]

    @property
    def effect(self) -> float:
        """Boldness of the painting, from 0 to 1; may be changed between calls."""
        return self._effect

    @effect.setter
    def effect(self, effect: float) -> None:
        with self._lock:
            if effect != self._effect:
                self._effect = effect
                if not self._steered:
                    self.close()
                    self._open_engines()

    @property
    def engine(self) -> Engine:
        """The engine that runs the revision of the last style."""
        return self._revisions[-1]

    @property
    def spec(self) -> NetworkSpec:
        """The revision's layers, which paint at full size."""
        return self.revision.spec

    def paint(
        self,
        photo: Pixels,
        stroke: float = 1.0,
        shares: SharesAt | None = None,
        progress: ProgressListener = ignore_progress,
    ) -> Pixels:
        """Paint a picture in one piece, at the size it has.

        Args:
            photo: H x W x 3, uint8, RGB.
            stroke: size of the forms, see `revision_sizes`.
            shares: gives, for a width and height, styles x H x W: how much of each style there is
                in each place; all is the last style's if not given.
            progress: told of the steps of an optimised draft.
        """
        height, width = photo.shape[:2]
        first, sizes = revision_sizes(width, height, stroke)
        shared = shares(first) if shares else None
        painting = self.draft(resize(photo, *first), shared, progress)
        for size in sizes:
            painting = self.revise(
                resize(photo, *size),
                resize(painting, *size),
                shares=shares(size) if shares else None,
            )
        return painting

    def draft(
        self,
        photo: Pixels,
        shares: Floats | None = None,
        progress: ProgressListener = ignore_progress,
    ) -> Pixels:
        """Lay out a small picture.

        Args:
            photo: H x W x 3, uint8, RGB.
            shares: styles x H x W.
            progress: told of the steps of an optimised draft.
        """
        if self._lay_out:
            return self._blended(
                lambda style: self._lay_out[style](photo, self._effect, progress), shares
            )
        padded, inside = pad_photo(self.trunk.spec.input_spec, photo, seed=self.seed)

        def run(style: int) -> Pixels:
            if not self._steered:
                return self._drafts[style].paint(padded)[inside]
            return self._drafts[style].paint_steered(padded, self._said(style)[0])[0][inside]

        return self._blended(run, shares)

    def revise(
        self,
        photo: Pixels,
        enlarged: Pixels,
        *,
        left: int = 0,
        top: int = 0,
        shares: Floats | None = None,
    ) -> Pixels:
        """Add brushwork to a painting.

        Args:
            photo: H x W x 3, uint8, RGB.
            enlarged: the painting so far, of the same shape.
            left, top: where in a larger picture this one is, for its grain.
            shares: styles x H x W.
        """
        input_spec = self.spec.input_spec
        height, width = photo.shape[:2]
        x, y, right, bottom = input_spec.padding_px(width, height)
        padded, inside = pad_photo(input_spec, photo, left, top, self.seed)
        around = pad_reflect(enlarged, left=x, top=y, right=right, bottom=bottom)

        def run(style: int) -> Pixels:
            said = self._said(style)[1] if self._steered else None
            return self._revisions[style].revise(padded, around, said)[inside]

        return self._blended(run, shares)

    def _said(self, style: int) -> tuple[Floats, Floats]:
        """Return what a style, by its number, says to the two networks."""
        trunk, vector = self._styles[style]
        draft, revision, _ = trunk.at_effect(vector, self._effect)
        return draft, revision

    def _blended(self, run: Callable[[int], Pixels], shares: Floats | None) -> Pixels:
        """Return what is painted in the styles, by their numbers, each as far as it has a share."""
        with self._lock:
            if shares is None or len(self._styles) == 1:
                return np.ascontiguousarray(run(-1))
            blended = np.zeros((*shares.shape[1:], 3), dtype=np.float32)
            for style, share in enumerate(shares):
                if share.any():
                    blended += share[..., None] * run(style)
        return np.rint(blended).clip(0, 255).astype(np.uint8)

    def close(self) -> None:
        """Let the engines' memory go."""
        for engines in (self._drafts, self._revisions):
            while engines:
                engines.pop().close()
