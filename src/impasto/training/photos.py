"""Photographs to train on: a folder, and crops whose order depends on nothing but a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto._util.arrays import Pixels
from impasto.errors import InputError
from impasto.images import find_images, read_image, resize, scale_shorter_side
from impasto.perceptual.tensors import to_tensor

KEPT_PHOTOS = 256  # decoded and reduced photos kept in memory, about 1 MB each
LARGEST_SCALE = 1.5
BATCHES_AHEAD = 2

Place = tuple[int, int]  # of a crop: its position in the sequence, and its side


class PhotoFolder:
    """All photographs below a folder, as an endless, reproducible sequence of random crops.

    The crop at a position is a function of the seed and the position alone, so that a resumed run
    sees just what an uninterrupted one would have seen, with no state to save. An unreadable photo
    is reported once, and the next one takes its place.

    Args:
        photos: a folder, searched with all folders below it; or the files.
        seed: of the order, the crops, and the mirroring.
        on_skip: told of every photo that cannot be read, once.
        largest_scale: a photo's shorter side is at most so many crops long, and at least one.
        enlarge: by up to how much a photo may be enlarged beyond that, at random: a small photo
            shows hardly any smooth ground, a large one much.
        threads: that make the crops which are likely to come next, so that a GPU need not wait for
            them; with 0, a crop is made when it is asked for.

    Raises:
        InputError: there is no such folder, or no image in it.
    """

    def __init__(
        self,
        photos: str | Path | Sequence[Path],
        seed: int,
        on_skip: Callable[[InputError], None],
        largest_scale: float = LARGEST_SCALE,
        enlarge: float = 1.0,
        threads: int = 0,
    ) -> None:
        if isinstance(photos, str | Path):
            photos = find_images(Path(photos), "photographs", deep=True)
        self.paths = list(photos)
        self.seed = seed
        self._on_skip = on_skip
        self._largest_scale = largest_scale
        self._enlarge = enlarge
        self._unreadable: set[int] = set()
        self._skipping = Lock()
        self._pool = ThreadPoolExecutor(threads, "impasto-photos") if threads else None
        self._begun: dict[Place, Future[Pixels]] = {}
        # A function, not a method: in a circle of references, the threads would outlive the folder.
        self._read = lru_cache(maxsize=KEPT_PHOTOS)(_read_reduced)

    def crops(self, first: int, count: int, crop_px: int) -> Tensor:
        """Return crops ``first`` to ``first + count - 1`` of the sequence.

        Returns:
            float32 count x 3 x crop_px x crop_px, RGB, 0-1.

        Raises:
            InputError: not one photo in the folder can be read.
        """
        places = [(position, crop_px) for position in range(first, first + count)]
        if self._pool:
            return torch.cat([to_tensor(each.result()) for each in self._begin(places)])
        return torch.cat([to_tensor(self._crop(*place)) for place in places])

    def _begin(self, places: Sequence[Place]) -> list[Future[Pixels]]:
        """Have the pool make the crops of these places, then those of some batches after them."""
        assert self._pool
        (first, crop_px), count = places[0], len(places)
        ahead = range(first, first + (1 + BATCHES_AHEAD) * count)
        self._begun = {place: each for place, each in self._begun.items() if place[0] in ahead}
        for place in ((position, crop_px) for position in ahead):
            if place not in self._begun:
                self._begun[place] = self._pool.submit(self._crop, *place)
        return [self._begun[place] for place in places]

    def _crop(self, position: int, crop_px: int) -> Pixels:
        epoch, place = divmod(position, len(self.paths))
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.paths))
        photo = self._first_readable(np.roll(order, -place), 2 * crop_px)
        random = np.random.default_rng((self.seed, epoch, place))
        height, width = photo.shape[:2]
        largest = max(crop_px, min(min(width, height), round(self._largest_scale * crop_px)))
        scale = random.uniform(crop_px, self._enlarge * largest) / min(width, height)
        width, height = max(crop_px, round(width * scale)), max(crop_px, round(height * scale))
        photo = resize(photo, width, height)
        left = random.integers(width - crop_px + 1)
        top = random.integers(height - crop_px + 1)
        crop = photo[top : top + crop_px, left : left + crop_px]
        return crop[:, ::-1] if random.random() < 0.5 else crop

    def _first_readable(self, order: NDArray[np.int64], shorter_px: int) -> Pixels:
        for index in map(int, order):
            if index in self._unreadable:
                continue
            try:
                return self._read(self.paths[index], shorter_px)
            except InputError as error:
                with self._skipping:
                    if index not in self._unreadable:
                        self._unreadable.add(index)
                        self._on_skip(error)
        where = self.paths[0].parent
        raise InputError(f"no photograph in {where} can be read", "give JPEG or PNG files")


def _read_reduced(path: Path, shorter_px: int) -> Pixels:
    """Return a photo of a shorter side of at most that."""
    pixels = read_image(path).pixels
    if min(pixels.shape[:2]) > shorter_px:
        pixels = scale_shorter_side(pixels, shorter_px)
    return pixels
