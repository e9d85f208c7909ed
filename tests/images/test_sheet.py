from typing import Any

import numpy as np
import pytest

from impasto.errors import OptionError
from impasto.images import Original, Picture, contact_sheet, side_by_side
from impasto.images.sheet import CAPTION_PX, GAP_PX


def flat(width: int, height: int, level: int) -> Any:
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_stand_in_rows_over_their_captions() -> None:
    tiles = [("wide", flat(80, 40, 10)), ("high", flat(40, 60, 20)), ("last", flat(40, 40, 30))]
    sheet = contact_sheet(tiles, columns=2, tile_px=40)
    second_row = 60 + CAPTION_PX + GAP_PX  # the first is as high as its highest picture
    assert sheet.shape == (second_row + 40 + CAPTION_PX, 2 * 40 + GAP_PX, 3)
    assert (sheet[:20, :40] == 10).all()
    assert (sheet[:60, 40 + GAP_PX :] == 20).all()
    assert (sheet[second_row : second_row + 40, :40] == 30).all()
    assert (sheet[second_row : second_row + 40, 40:] == 255).all()  # nothing there
    assert sheet[20 : 20 + CAPTION_PX, :40].min() < 128  # a caption in black


def test_a_row_that_is_not_full_is_no_wider() -> None:
    sheet = contact_sheet([("one", flat(10, 10, 0))], columns=3, tile_px=10)
    assert sheet.shape == (10 + CAPTION_PX, 10, 3)


@pytest.mark.parametrize(("tiles", "columns"), [([], 3), ([("one", flat(4, 4, 0))], 0)])
def test_nothing_to_show(tiles: list[tuple[str, Any]], columns: int) -> None:
    with pytest.raises(OptionError, match="empty"):
        contact_sheet(tiles, columns=columns, tile_px=8)


def test_side_by_side() -> None:
    alpha = np.full((4, 6), 100, np.uint8)
    both = side_by_side(Picture(flat(6, 4, 10), alpha), Picture(flat(6, 4, 20), alpha))
    assert both.original is None
    assert (both.pixels[:, :6] == 10).all()
    assert (both.pixels[:, 6:] == 20).all()
    assert both.alpha is not None
    assert (both.alpha == 100).all()


def test_a_grey_photo_beside_its_painting_keeps_its_depth() -> None:
    grey = Original(np.arange(24, dtype=np.uint16).reshape(4, 6, 1), white=65535.0)
    photo = Picture(grey.to_pixels(), original=grey)
    painted = grey.blend(flat(6, 4, 200), 1.0)
    both = side_by_side(photo, Picture(painted.to_pixels(), original=painted)).original
    assert both is not None
    np.testing.assert_array_equal(both.samples[:, :6], np.repeat(grey.samples, 3, axis=2))
    assert both is not None
    np.testing.assert_array_equal(both.samples[:, 6:], painted.samples)
