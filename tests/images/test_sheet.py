import numpy as np
import pytest

from impasto.errors import OptionError
from impasto.images import contact_sheet
from impasto.images.sheet import CAPTION_PX, GAP_PX


def flat(width, height, level):
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_stand_in_rows_over_their_captions():
    tiles = [("wide", flat(80, 40, 10)), ("high", flat(40, 60, 20)), ("last", flat(40, 40, 30))]
    sheet = contact_sheet(tiles, columns=2, tile_px=40)
    second_row = 60 + CAPTION_PX + GAP_PX  # the first is as high as its highest picture
    assert sheet.shape == (second_row + 40 + CAPTION_PX, 2 * 40 + GAP_PX, 3)
    assert (sheet[:20, :40] == 10).all()
    assert (sheet[:60, 40 + GAP_PX :] == 20).all()
    assert (sheet[second_row : second_row + 40, :40] == 30).all()
    assert (sheet[second_row : second_row + 40, 40:] == 255).all()  # nothing there
    assert sheet[20 : 20 + CAPTION_PX, :40].min() < 128  # a caption in black


def test_a_row_that_is_not_full_is_no_wider():
    sheet = contact_sheet([("one", flat(10, 10, 0))], columns=3, tile_px=10)
    assert sheet.shape == (10 + CAPTION_PX, 10, 3)


@pytest.mark.parametrize(("tiles", "columns"), [([], 3), ([("one", flat(4, 4, 0))], 0)])
def test_nothing_to_show(tiles, columns):
    with pytest.raises(OptionError, match="empty"):
        contact_sheet(tiles, columns=columns, tile_px=8)
