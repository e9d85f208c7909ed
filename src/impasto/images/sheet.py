"""Several pictures in one: contact sheets, and photo and painting side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import OptionError
from impasto.images.geometry import resize
from impasto.images.picture import Picture

GAP_PX, CAPTION_PX, FONT_PX = 8, 26, 16


def contact_sheet(tiles: Sequence[tuple[str, Pixels]], *, columns: int, tile_px: int) -> Pixels:
    """Arrange pictures in rows on white.

    Args:
        tiles: caption and picture (H x W x 3, uint8, RGB), in reading order.
        columns: pictures in a row.
        tile_px: width of each picture; rows are as high as their highest picture needs.

    Raises:
        OptionError: there are no pictures, or no columns.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not tiles or columns < 1 or tile_px < 1:
        raise OptionError("an empty contact sheet", "give pictures, columns and a width")
    scaled = [
        (caption, resize(each, tile_px, max(1, round(tile_px * len(each) / each.shape[1]))))
        for caption, each in tiles
    ]
    rows = [scaled[start : start + columns] for start in range(0, len(scaled), columns)]
    heights = [max(len(pixels) for _, pixels in row) + CAPTION_PX for row in rows]
    width = min(columns, len(scaled)) * (tile_px + GAP_PX) - GAP_PX
    sheet = Image.new("RGB", (width, sum(heights) + GAP_PX * (len(rows) - 1)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=FONT_PX)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for number, (caption, pixels) in enumerate(row):
            left = number * (tile_px + GAP_PX)
            sheet.paste(Image.fromarray(pixels), (left, top))
            draw.text((left + 2, top + len(pixels) + 3), caption, fill="black", font=font)
        top += height + GAP_PX
    return np.array(sheet)


def side_by_side(photo: Picture, painting: Picture) -> Picture:
    """Return a photo and its painting as one picture, or some rows of both: in the painting's
    depth, colours and transparency.

    Args:
        photo: on the left.
        painting: on the right; of the photo's size.
    """
    before, after = photo.as_original(), painting.as_original()
    if before.mode != after.mode:  # grey, of which a painting is in colour
        before = before.blend(painting.pixels, 0.0)
    both = replace(after, samples=np.hstack([before.samples, after.samples]))
    if before.alpha is not None and after.alpha is not None:
        both = replace(both, alpha=np.hstack([before.alpha, after.alpha]))
    return Picture.of(both, painting.metadata)
