import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.images import Picture, as_picture, read_image
from tiny import picture

PIXELS = picture(12, 8)
GREY = PIXELS[..., 0]
ALPHA = np.where(np.arange(12) < 6, 255, 100).astype(np.uint8) * np.ones((8, 1), np.uint8)


def test_arrays() -> None:
    for array in (PIXELS, PIXELS / 255, PIXELS.astype(np.float32) / 255, PIXELS[:, ::-1][:, ::-1]):
        np.testing.assert_array_equal(as_picture(array).pixels, PIXELS)
    for array in (GREY, GREY[..., None], GREY / 255, GREY.astype(np.uint16) * 257):
        assert (as_picture(array).pixels == GREY[..., None]).all()
    for array in (np.dstack([PIXELS, ALPHA]), np.dstack([PIXELS, ALPHA]) / 255):
        found = as_picture(array)
        np.testing.assert_array_equal(found.pixels, PIXELS)
        np.testing.assert_array_equal(found.alpha, ALPHA)
    np.testing.assert_array_equal(as_picture(np.dstack([GREY, ALPHA])).alpha, ALPHA)
    assert as_picture(np.dstack([PIXELS, np.full_like(GREY, 255)])).alpha is None


def test_their_depth_stays() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (8, 12, 3)).astype(np.uint16)
    np.testing.assert_array_equal(as_picture(deep).as_original().samples, deep)


def test_images_of_pillow(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS)
    np.testing.assert_array_equal(as_picture(image).pixels, PIXELS)
    image.putalpha(Image.fromarray(ALPHA))
    np.testing.assert_array_equal(as_picture(image).alpha, ALPHA)
    grey = Image.fromarray(GREY)
    for each in (grey, grey.convert("F").point(lambda level: level / 255)):
        assert (as_picture(each).pixels == GREY[..., None]).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as image:
        turned = as_picture(image)
    np.testing.assert_array_equal(turned.pixels, read_image(tmp_path / "turned.png").pixels)
    assert turned.pixels.shape == (12, 8, 3)


def test_files_and_their_content(tmp_path: Path) -> None:
    Picture(PIXELS).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    with (tmp_path / "a.png").open("rb") as file:
        sources: list[Any] = [
            file,
            content,
            bytearray(content),
            memoryview(content),
            io.BytesIO(content),
        ]
        for source in [*sources, tmp_path / "a.png", str(tmp_path / "a.png"), Picture(PIXELS)]:
            np.testing.assert_array_equal(as_picture(source).pixels, PIXELS)


def closed() -> Any:
    file = io.BytesIO(b"x")
    file.close()
    return file


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros((8, 12, 5), np.uint8), r"shape \(8, 12, 5\) is no picture: give height x width"),
        (np.zeros((2, 8, 12, 3), np.uint8), "is no picture"),
        (np.zeros((0, 12, 3), np.uint8), "is no picture"),
        (np.float32(PIXELS), "floats goes from .* to .*: give 0 .black. to 1 .white., or uint8"),
        (np.full((4, 4, 3), np.nan), "floats goes from nan"),
        (np.int64(PIXELS), "is of int64: give uint8"),
        (PIXELS > 100, "is of bool: give uint8"),
        (np.array([["a"]]), "is of <U1"),
        (PIXELS.tolist(), "of type list: give a file's name"),
        (None, "of type NoneType: give a file's name"),
        (7, "of type int"),
        (io.StringIO("text"), "is open for text: open it with mode 'rb'"),
        (closed(), "cannot be read .*closed"),
        (memoryview(b"no picture"), "is not an image"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_picture(source: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        as_picture(source)


def test_images_of_pillow_whose_file_is_gone(tmp_path: Path) -> None:
    Picture(PIXELS).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        pass
    with pytest.raises(InputError, match="the image of Pillow's"):
        as_picture(image)
