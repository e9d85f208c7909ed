"""An awkward corpus, made here: modes, depths, orientations, profiles, damage."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, TiffImagePlugin

from awkward import encode, green_for_red_profile
from impasto.errors import InputError
from impasto.images import PhotoFile, Picture, find_images, read_image
from impasto.images.decoding import decode_image, decoded
from tiny import picture

PHOTOMETRIC, SMAX_SAMPLE_VALUE = 262, 341


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    return picture(40, 30)


@pytest.mark.parametrize(
    ("file_format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 100, "subsampling": 0}, 2),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 2),
    ],
)
def test_formats(
    photo: NDArray[np.uint8], file_format: str, options: dict[str, Any], tolerance: int
) -> None:
    read = read_image(encode(Image.fromarray(photo), file_format, **options))
    assert read.alpha is None
    assert read.pixels.dtype == np.uint8
    assert read.pixels.flags.c_contiguous
    assert np.abs(read.pixels.astype(int) - photo).mean() <= tolerance


def test_from_a_path_and_a_stream(photo: NDArray[np.uint8], tmp_path: Path) -> None:
    content = encode(Image.fromarray(photo), "PNG")
    (tmp_path / "photo").write_bytes(content)
    for source in (tmp_path / "photo", str(tmp_path / "photo"), io.BytesIO(content), content):
        np.testing.assert_array_equal(read_image(source).pixels, photo)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int) -> None:
    upright = np.zeros((2, 3, 3), np.uint8)
    upright[0, 0] = 255  # a light in the upper left corner
    image = Image.fromarray(upright)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation in undo:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_image(encode(image, "PNG", exif=exif))
    np.testing.assert_array_equal(read.pixels, upright)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])
def test_modes(photo: NDArray[np.uint8], mode: str) -> None:
    """Each mode shows what Pillow shows (JPEG for CMYK and YCbCr, which PNG cannot hold)."""
    image = Image.fromarray(photo).convert(mode)
    if mode in ("CMYK", "YCbCr"):
        content, tolerance = encode(image, "JPEG", quality=100, subsampling=0), 6
    else:
        content, tolerance = encode(image, "PNG"), 0
    read = read_image(content)
    expected = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(read.pixels - expected).max() <= tolerance
    assert read.alpha is None  # wholly opaque


ALPHA = np.arange(40 * 30, dtype=np.uint16).reshape(30, 40).astype(np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_alpha(photo: NDArray[np.uint8], mode: str) -> None:
    image = Image.fromarray(photo).convert(mode)
    image.putalpha(Image.fromarray(ALPHA))
    np.testing.assert_array_equal(read_image(encode(image, "PNG")).alpha, ALPHA)


def test_palette_with_alpha(photo: NDArray[np.uint8]) -> None:
    """No format here is read as PA; other sources of Pillow images are."""
    image = Image.fromarray(photo).quantize(16).convert("PA")
    image.putalpha(Image.fromarray(ALPHA))
    assert image.mode == "PA"
    np.testing.assert_array_equal(Picture.of(*decode_image(image)).alpha, ALPHA)


def test_transparent_palette(photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).quantize(8)
    read = read_image(encode(image, "PNG", transparency=0))
    np.testing.assert_array_equal(read.alpha == 0, np.asarray(image) == 0)


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    samples = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    for file_format in ("PNG", "TIFF"):
        read = read_image(encode(Image.fromarray(samples), file_format))
        assert read.pixels[0, :, 0].tolist() == [0, 1, 128, 255]


def test_16_bit_grey_with_a_transparent_level() -> None:
    samples = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    read = read_image(encode(Image.fromarray(samples), "PNG", transparency=257))
    assert read.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    assert read.alpha is not None
    assert read.alpha[0].tolist() == [255, 0, 255, 255]


def test_16_bit_of_both_byte_orders() -> None:
    samples = np.array([[0, 100 * 257, 200 * 257]])
    for mode, order in (("I;16", "<u2"), ("I;16B", ">u2")):
        image = Image.frombytes(mode, (3, 1), samples.astype(order).tobytes())
        assert Picture.of(*decode_image(image)).pixels[0, :, 0].tolist() == [0, 100, 200]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0, 0.5, 1.0, np.nan], [0, 128, 255, 0]),
        ([0, 0.5, 1.02, np.inf], [0, 128, 255, 255]),
        ([0, 0.5, -3, 1e30], [0, 128, 0, 255]),
    ],
)
@pytest.mark.parametrize("said", [None, 1.0, 255.0, 65535.0])
def test_float_tiff(samples: list[Any], expected: list[int], said: float | None) -> None:
    """White is 1, or what the file says."""
    scaled = np.array([samples], dtype=np.float32) * (said or 1)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if said:
        tags[SMAX_SAMPLE_VALUE], tags.tagtype[SMAX_SAMPLE_VALUE] = said, 12
    read = read_image(encode(Image.fromarray(scaled), "TIFF", tiffinfo=tags))
    assert read.pixels[0, :, 0].tolist() == expected
    assert read.original is not None
    np.testing.assert_array_equal(read.original.samples[..., 0], scaled)
    assert read.original.clipped_px == sum(not 0 <= each <= 1 for each in samples)


def test_floats_where_0_is_white() -> None:
    image = Image.fromarray(np.array([[0, 0.2, 1]], np.float32))
    read = read_image(encode(image, "TIFF", tiffinfo={PHOTOMETRIC: 0}))
    assert read.pixels[0, :, 0].tolist() == [255, 204, 0]


def test_profile_is_honoured() -> None:
    """With red and green exchanged in the profile, a red picture is green in sRGB."""
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    profile = green_for_red_profile()
    assert "sRGB" not in ImageCms.getProfileDescription(
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    )
    read = read_image(encode(Image.fromarray(red), "PNG", icc_profile=profile))
    assert np.abs(read.pixels[0, 0].astype(int) - [0, 255, 0]).max() <= 3


def test_pixels_can_be_written_to(photo: NDArray[np.uint8]) -> None:
    for mode in ("RGB", "L", "RGBA", "CMYK"):
        image = Image.fromarray(photo).convert(mode)
        read_image(encode(image, "TIFF")).pixels[0, 0] = 1


def test_damaged_exif_does_not_matter(photo: NDArray[np.uint8]) -> None:
    exif = b"Exif\0\0nonsense" * 3
    for file_format in ("PNG", "WEBP"):
        content = encode(Image.fromarray(photo), file_format, exif=exif, lossless=True)
        np.testing.assert_array_equal(read_image(content).pixels, photo)


def test_damaged_profile_does_not_matter(photo: NDArray[np.uint8]) -> None:
    read = read_image(encode(Image.fromarray(photo), "PNG", icc_profile=b"nonsense" * 20))
    np.testing.assert_array_equal(read.pixels, photo)


def test_animation_gives_its_first_frame(photo: NDArray[np.uint8]) -> None:
    frames = [Image.fromarray(photo).quantize(64), Image.fromarray(255 - photo).quantize(64)]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.abs(read_image(content).pixels.astype(int) - photo).mean() < 12


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_thin_pictures(size: tuple[int, int]) -> None:
    assert read_image(encode(Image.new("RGB", size), "PNG")).pixels.shape == (size[1], size[0], 3)


# What goes wrong.


def bomb_header(width: int, height: int) -> Any:
    """A PNG that says it is huge, and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (20_000, 10_000)])
def test_bombs_are_refused_by_their_header(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="pixels"):
        read_image(bomb_header(*size))


def test_a_bound_of_ones_own(photo: NDArray[np.uint8]) -> None:
    content = encode(Image.fromarray(photo), "PNG")
    with pytest.raises(InputError, match=r"40 x 30 pixels, more than 1,199"):
        read_image(content, max_pixels=1199)
    assert read_image(content, max_pixels=1200)


def test_missing_folder_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.jpg does not exist"):
        read_image(tmp_path / "nothing.jpg")
    with pytest.raises(InputError, match="is a folder"):
        read_image(tmp_path)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputError, match=r"empty\.jpg is empty"):
        read_image(tmp_path / "empty.jpg")
    with pytest.raises(InputError, match="standard input is empty"):
        read_image(io.BytesIO())


def test_names_are_told_as_they_were_given() -> None:
    with pytest.raises(InputError, match=r"^https://a\.org//b\.jpg does not exist"):
        read_image("https://a.org//b.jpg")


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(("file_format", "mode"), [("JPEG", "L"), ("PNG", "P"), ("TIFF", "P")])
def test_the_header_says_what_will_be_read(
    photo: NDArray[np.uint8], file_format: str, mode: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(Image.fromarray(photo).convert(mode), file_format, exif=exif)
    with PhotoFile(content) as file:
        assert (file.layout, file.count, file.held_bytes) == (None, 1, len(content))
        size, read = file.size, file.read()
    assert size == (read.width, read.height) == ((40, 30) if orientation == 1 else (30, 40))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "GIF", "JPEG"])
def test_a_file_is_opened_once(
    photo: NDArray[np.uint8], file_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(encode(Image.fromarray(photo), file_format))
    openers = [Mock(side_effect=Path.open), Mock(side_effect=Image.open)]
    monkeypatch.setattr(Path, "open", lambda *args, **how: openers[0](*args, **how))
    monkeypatch.setattr(Image, "open", openers[1])
    with PhotoFile(tmp_path / "a") as file:
        assert (file.size, file.count) == ((40, 30), 1)
        assert [frame.picture.width for frame in file.frames()] == [file.read().width] == [40]
    assert [each.call_count for each in openers] == [1, 1]


def test_no_image(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("I am no photograph")
    with pytest.raises(InputError, match=r"text\.jpg is not an image"):
        read_image(tmp_path / "text.jpg")


def test_formats_that_start_other_programs_are_not_read() -> None:
    with pytest.raises(InputError, match="not an image"):
        read_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_cut_off(photo: NDArray[np.uint8], file_format: str) -> None:
    content = encode(Image.fromarray(photo), file_format)
    with pytest.raises(InputError, match=r"damaged or cut off|not an image"):
        read_image(content[: len(content) * 6 // 10])


def test_only_decoders_are_blamed_on_files() -> None:
    """Whatever is done with what they give is not."""
    items: Any = decoded(iter([1, 2]), "a.png", 100)
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        items.throw(ZeroDivisionError)
    broken = decoded(map(int, ["1", "one"]), "a.png", 100)
    assert next(broken) == 1
    with pytest.raises(InputError, match=r"a\.png is damaged"):
        next(broken)


@pytest.mark.parametrize("way", ["a path", "content", "a stream"])
def test_what_a_block_raises_while_a_file_is_open_passes(
    photo: NDArray[np.uint8], tmp_path: Path, way: str
) -> None:
    content = encode(Image.fromarray(photo), "PNG")
    (tmp_path / "a.png").write_bytes(content)
    sources: dict[str, Any] = {
        "a path": tmp_path / "a.png",
        "content": content,
        "a stream": io.BytesIO(content),
    }
    with pytest.raises(FileNotFoundError, match="ours"), PhotoFile(sources[way]):
        raise FileNotFoundError("ours")


@pytest.mark.parametrize("name", ["x" * 5000, "x\0.png"])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_image(name)


@pytest.mark.filterwarnings("ignore")  # Pillow's own, of odd metadata
@settings(max_examples=150, deadline=None)
@given(
    file_format=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"]),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), max_size=8),
)
def test_damage_gives_a_picture_or_an_input_error(
    photo: NDArray[np.uint8], file_format: str, changes: Any
) -> None:
    content = bytearray(encode(Image.fromarray(photo), file_format))
    for at, byte in changes:
        content[int(at * len(content))] = byte
    try:
        read = read_image(bytes(content), max_pixels=1_000_000)
    except InputError:
        return
    assert read.pixels.ndim == 3


def test_the_images_in_a_folder(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", ".hidden.png", "notes.txt", "deep/c.tif", "deep.png/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [path.name for path in find_images(tmp_path, "photos")]
    assert names == ["a.jpeg", "b.PNG"]
    assert len(find_images(tmp_path, "photos", deep=True)) == 4
    (tmp_path / "none").mkdir()
    for name, problem in (("none", "holds no photos"), ("nowhere", "is not a folder")):
        with pytest.raises(InputError, match=problem):
            find_images(tmp_path / name, "photos")
