from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, OptionError
from impasto.images import Picture, write_image
from impasto.masks.parse import as_area, as_mask
from impasto.masks.subject import Subject
from tiny import picture


def test_masks(tmp_path: Path) -> None:
    alpha = np.zeros((4, 6), np.uint8)
    alpha[:, 3:] = 255
    white = np.full((4, 6, 3), 255, np.uint8)
    white[0] = 0
    write_image(tmp_path / "a.png", Picture(white, alpha))
    mask = as_mask(tmp_path / "a.png")
    assert mask[:, :3].max() == 0
    assert mask[0].max() == 0
    assert mask[1:, 3:].min() == 255


def test_a_damaged_mask_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", Picture(picture(40, 30)))
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[-100] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png is damaged"):
        as_mask(tmp_path / "a.png")


def test_masks_in_memory(tmp_path: Path) -> None:
    mask = np.zeros((12, 16), np.uint8)
    mask[:, :8], mask[3, 3] = 255, 128
    Picture(np.repeat(mask[..., None], 3, axis=2)).save(tmp_path / "mask.png")
    ways: list[Any] = [mask, mask[..., None], mask / 255, mask.astype(np.uint16) * 257]
    ways += [tmp_path / "mask.png", f"{tmp_path}/mask.png", Image.fromarray(mask)]
    for way in ways:
        np.testing.assert_array_equal(as_mask(way), mask)
    np.testing.assert_array_equal(as_mask(mask > 200), np.where(mask > 200, 255, 0))
    np.testing.assert_array_equal(as_area(mask, inverted=True), 255 - mask)


@pytest.mark.parametrize("mask", [np.full((4, 4), 2.0), np.zeros((4, 4, 5), np.uint8), 3, []])
def test_what_is_no_mask(mask: Any) -> None:
    with pytest.raises(InputError, match="give"):
        as_mask(mask)


def test_areas_by_name() -> None:
    assert as_area("subject", "1,2,30,40") == Subject((1, 2, 30, 40))
    assert as_area("background") == Subject(inverted=True)
    assert as_area(Subject(inverted=True), inverted=True) == Subject()
    with pytest.raises(OptionError, match="no box"):
        as_area("subject", "1,2,3")
