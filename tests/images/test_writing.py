import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.errors import OptionError, OutputError
from impasto.images import FORMATS, Picture, encode_image, read_image, write_image
from tiny import picture

LOSSY = {"jpg": 2, "jpeg": 2, "webp": 4, "avif": 2, "gif": 9}  # mean difference, of 255


@pytest.mark.parametrize("suffix", FORMATS)
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    photo = picture(40, 30)
    path = tmp_path / f"painting.{suffix}"
    write_image(path, Picture(photo))
    read = read_image(path)
    assert np.abs(read.pixels.astype(int) - photo).mean() <= LOSSY.get(suffix, 0)
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "avif"])
def test_alpha_is_kept(tmp_path: Path, suffix: str) -> None:
    alpha = np.zeros((30, 40), np.uint8)
    alpha[:, 20:] = 255
    path = tmp_path / f"painting.{suffix}"
    write_image(path, Picture(picture(40, 30), alpha))
    again = read_image(path).alpha
    assert again is not None
    assert np.abs(again.astype(int) - alpha).max() <= 2


@pytest.mark.parametrize("suffix", ["jpg", "bmp"])
def test_without_alpha_the_picture_is_laid_on_white(tmp_path: Path, suffix: str) -> None:
    black = np.zeros((16, 16, 3), np.uint8)
    alpha = np.full((16, 16), 64, np.uint8)
    write_image(tmp_path / f"a.{suffix}", Picture(black, alpha))
    assert np.abs(read_image(tmp_path / f"a.{suffix}").pixels.astype(int) - 191).max() <= 2


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 99))
def test_png_is_lossless(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.random.default_rng(seed + 1).integers(0, 255, (height, width), dtype=np.uint8)
    read = read_image(encode_image(Picture(pixels, alpha), "png"))
    np.testing.assert_array_equal(read.pixels, pixels)
    np.testing.assert_array_equal(read.alpha, alpha)


@pytest.mark.parametrize("file_format", ["png", "jpg", "webp", "tiff", "avif"])
def test_files_say_that_they_are_srgb_and_are_reproducible(file_format: str) -> None:
    first = encode_image(Picture(picture(20, 20)), file_format)
    assert Image.open(io.BytesIO(first)).info.get("icc_profile")
    assert encode_image(Picture(picture(20, 20)), file_format) == first


def test_jpeg_keeps_its_colour_resolution() -> None:
    image = Image.open(io.BytesIO(encode_image(Picture(picture(20, 20)), "jpg")))
    assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # type: ignore[attr-defined]


def test_unknown_formats(tmp_path: Path) -> None:
    for name in ("a.xyz", "a", "a.jpg.", ".png."):
        with pytest.raises(OptionError, match=r"no image format is called.*\.jpg"):
            write_image(tmp_path / name, Picture(picture(4, 4)))
    with pytest.raises(OptionError, match="no image format 'xyz'"):
        encode_image(Picture(picture(4, 4)), "xyz")


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_out_of_range(quality: int) -> None:
    with pytest.raises(OptionError, match="quality"):
        encode_image(Picture(picture(4, 4)), "jpg", quality=quality)


def test_too_long_for_the_format(tmp_path: Path) -> None:
    long = Picture(np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(OutputError, match="WEBP holds 16383 px at most"):
        write_image(tmp_path / "long.webp", long)
    write_image(tmp_path / "long.png", long)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    write_image(path, Picture(picture(8, 8)))
    before = path.read_bytes()
    with pytest.raises(OutputError):
        write_image(path, Picture(np.zeros((1, 16_384, 3), np.uint8)))
    assert path.read_bytes() == before


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        write_image(tmp_path / "missing" / "a.png", Picture(picture(4, 4)))


def test_streams(tmp_path: Path) -> None:
    pixels = picture(20, 16)
    stream = io.BytesIO()
    Picture(pixels).save(stream, file_format="png")
    np.testing.assert_array_equal(read_image(stream.getvalue()).pixels, pixels)
    with (tmp_path / "a.tif").open("wb") as file:
        write_image(file, Picture(pixels))  # as its name says
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, pixels)
    Picture(pixels).save(tmp_path / "a.temporary", file_format="png")
    assert read_image(tmp_path / "a.temporary").width == 20


@pytest.mark.parametrize(
    ("stream", "options", "error", "says"),
    [
        (io.BytesIO(), {}, OptionError, "the stream has no format: give file_format='png'"),
        (io.BytesIO(), {"file_format": "pgn"}, OptionError, "no image format 'pgn'"),
        (io.StringIO(), {"file_format": "png"}, OutputError, "open with mode 'wb'"),
        (7, {"file_format": "png"}, OutputError, "open with mode 'wb'"),
    ],
)
def test_what_is_no_stream(stream: Any, options: dict[str, Any], error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        Picture(picture(4, 4)).save(stream, **options)
