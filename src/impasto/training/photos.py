"""Photographs to train on: a folder, and crops whose order depends on nothing but a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import InputError
from impasto.images import IMAGE_SUFFIXES, read_image, resize, scale_shorter_side
from impasto.perceptual.tensors import to_tensor

__all__ = ["PhotoFolder", "find_pictures"]

KEPT_PHOTOS = 256  # decoded and reduced photos kept in memory, about 1 MB each
LARGEST_SCALE = 1.5


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
    ) -> None:
        self.paths = find_pictures(Path(photos)) if isinstance(photos, str | Path) else list(photos)
        self.seed = seed
        self._on_skip = on_skip
        self._largest_scale = largest_scale
        self._enlarge = enlarge
        self._unreadable: set[int] = set()
        self._read = lru_cache(maxsize=KEPT_PHOTOS)(self._read_reduced)

    def crops(self, first: int, count: int, crop_px: int) -> Tensor:
        """Crops ``first`` to ``first + count - 1`` of the sequence.

        Returns:
            float32 count x 3 x crop_px x crop_px, RGB, 0-1.

        Raises:
            InputError: not one photo in the folder can be read.
        """
        return torch.cat(
            [to_tensor(self._crop(position, crop_px)) for position in range(first, first + count)]
        )

    def _crop(self, position: int, crop_px: int) -> NDArray[np.uint8]:
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

    def _first_readable(self, order: NDArray[np.int64], shorter_px: int) -> NDArray[np.uint8]:
        for index in map(int, order):
            if index in self._unreadable:
                continue
            try:
                return self._read(index, shorter_px)
            except InputError as error:
                self._unreadable.add(index)
                self._on_skip(error)
        where = self.paths[0].parent
        raise InputError(f"no photograph in {where} can be read", "give JPEG or PNG files")

    def _read_reduced(self, index: int, shorter_px: int) -> NDArray[np.uint8]:
        pixels = read_image(self.paths[index]).pixels
        if min(pixels.shape[:2]) > shorter_px:
            pixels = scale_shorter_side(pixels, shorter_px)
        return pixels


def find_pictures(folder: Path, kind: str = "photographs") -> list[Path]:
    """All pictures in a folder and the folders below it, in alphabetical order.

    Raises:
        InputError: there is no such folder, or no picture of that ``kind`` in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", f"give a folder of {kind}")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    if not paths:
        raise InputError(f"{folder} holds no {kind}", "give a folder with JPEG or PNG files")
    return paths
