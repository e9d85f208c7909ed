"""Where to paint: masks, the subject, faces, and regions that have styles of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto.images import resize
from impasto.images.spool import PixelRows
from impasto.images.windows import enlarged_rows
from impasto.masks.faces import face_mask
from impasto.masks.subject import Subject, find_subject
from impasto.styles import Style

Mask = Pixels
Area = Mask | Subject
"""A mask, H x W, uint8, 255 inside and 0 outside, soft edges between; of any size, it is stretched
over the photo. Or the photo's subject, which is looked for."""

MOST_PX = 16_000_000
"""Larger masks are kept reduced: their edges are soft over a few pixels of such a photo."""


@dataclass(frozen=True, eq=False)
class Region:
    """An area and its style.

    Attributes:
        style: a name, a mixture or a `Style` of the stylizer's gallery.
    """

    area: Area
    style: str | Style


@dataclass(frozen=True, eq=False)
class Areas:
    """The places of painting and of styles in one photo.

    Attributes:
        cover: h x w x 1, uint8: where the painting is, against the photo; none for everywhere.
        shares: h x w x styles, uint8: how much of each style there is; none for one style.
    """

    cover: Mask | None = None
    shares: Mask | None = None

    def cover_rows(self, size: tuple[int, int], top: int, bottom: int) -> Floats | None:
        """Return some rows of a photo's cover, rows x width, 0-1, if there is any.

        Args:
            size: the photo's width and height.
        """
        if self.cover is None:
            return None
        rows = _stretched(self.cover, size, top, bottom)[..., 0].astype(np.float32)
        cover: Floats = rows / np.float32(255)
        return cover

    def full_cover(self, width: int, height: int) -> Floats | None:
        """Return the whole of `cover_rows`."""
        return self.cover_rows((width, height), 0, height)

    def share_rows(self, size: tuple[int, int], top: int, bottom: int) -> Floats:
        """Return some rows of the shares, styles x rows x width; they sum to 1.

        Args:
            size: of the picture that they are stretched over, width and height.
        """
        assert self.shares is not None
        rows = _stretched(self.shares, size, top, bottom).astype(np.float32)
        rows /= rows.sum(axis=2, keepdims=True)
        return np.ascontiguousarray(rows.transpose(2, 0, 1))

    def shares_at(self, size: tuple[int, int]) -> Floats:
        """Return the whole of `share_rows`, for a picture of that width and height."""
        return self.share_rows(size, 0, size[1])


def find_areas(
    photo: Pixels,
    size: tuple[int, int],
    mask: Area | None,
    regions: Sequence[Region],
    protect_faces: float,
) -> Areas:
    """Return what goes where in a photo.

    Args:
        photo: H x W x 3, uint8, RGB; a reduced copy will do.
        size: its full width and height.
        mask: where to paint; everywhere if not given.
        regions: those that have a style of their own. Where they overlap they share; what none of
            them covers is the rest's, whose share comes last.
        protect_faces: by how much, 0 to 1, faces keep from being painted.

    Raises:
        OptionError: there is no subject.
        MissingExtraError: faces cannot be found without their package.
    """
    found: dict[tuple[object, ...], Mask] = {}

    def mask_of(area: Area) -> Mask:
        if not isinstance(area, Subject):
            return area
        known = area.box, area.inverted
        if known not in found:
            found[known] = find_subject(photo, area, size)
        return found[known]

    cover: list[Mask] = [] if mask is None else [mask_of(mask)]
    if protect_faces > 0 and (faces := face_mask(photo)).any():
        cover.append(255 - np.rint(faces * protect_faces).astype(np.uint8))
    together = None
    if cover:
        product = np.prod([each / 255 for each in _alike(cover, size)], axis=0)
        together = np.rint(255 * product).astype(np.uint8)[..., None]
    if not regions:
        return Areas(together)
    masks = _alike([mask_of(region.area) for region in regions], size)
    return Areas(together, _shared(masks))


def _alike(masks: list[Mask], size: tuple[int, int]) -> list[Mask]:
    """Resize masks to the size of the largest, but no larger than the photo or than is kept."""
    width = min(size[0], max(mask.shape[1] for mask in masks))
    height = min(size[1], max(mask.shape[0] for mask in masks))
    scale = min(1.0, (MOST_PX / (width * height)) ** 0.5)
    width, height = max(1, int(width * scale)), max(1, int(height * scale))
    return [resize(mask, width, height) for mask in masks]


def _shared(masks: list[Mask]) -> Mask:
    """Return shares that sum to about 255, the rest's last."""
    stack = np.stack(masks, axis=2).astype(np.float32)
    total = stack.sum(axis=2, keepdims=True)
    stack *= 255 / np.maximum(total, 255)
    rest = 255 - stack.sum(axis=2, keepdims=True)
    shares: Mask = np.rint(np.concatenate([stack, rest], axis=2)).clip(0, 255).astype(np.uint8)
    return shares


def _stretched(mask: Mask, size: tuple[int, int], top: int, bottom: int) -> Mask:
    height, width = mask.shape[:2]
    reduced = resize(mask, min(size[0], width), min(size[1], height))
    rows = PixelRows(reduced.reshape(*reduced.shape[:2], mask.shape[2]))
    return enlarged_rows(rows, size, top, bottom)
