"""A photo's own depth and colours: blending in them, and what formats keep of them."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from awkward import (
    CAMERA,
    MODEL,
    ORIENTATION,
    check_exif,
    encode,
    exif_bytes,
    psnr,
    wide_gamut_profile,
)
from impasto.errors import InputError
from impasto.images import Metadata, Original, Picture, encode_image, read_image
from impasto.images.profiles import from_srgb, to_srgb, useful_profile
from tiny import picture


def deep(height: int = 30, width: int = 40, channels: int = 3, kind: Any = np.uint16) -> Any:
    """A gradient that 8 bits cannot hold."""
    ramp = np.linspace(20_000, 24_000, width * height).reshape(height, width, 1)
    samples = np.repeat(ramp, channels, axis=2) + np.arange(channels) * 100
    return samples.astype(kind) if kind != np.float32 else (samples / 65535).astype(np.float32)


@pytest.mark.parametrize("file_format", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("alpha", [False, True])
def test_16_bits_there_and_back(file_format: str, channels: int, alpha: bool) -> None:
    samples = deep(channels=channels)
    opacity = deep(channels=1)[..., 0] if alpha else None
    original = Original(samples, opacity, 65535.0)
    picture = Picture(original.to_pixels(), original.alpha_8_bit(), original)
    again = read_image(encode_image(picture, file_format))
    assert again.original is not None
    assert again.original.samples.dtype == np.uint16
    np.testing.assert_array_equal(again.original.samples, samples)
    np.testing.assert_array_equal(again.pixels[..., 0], np.rint(samples[..., 0] / 257))
    if alpha:
        np.testing.assert_array_equal(again.original.alpha, opacity)
        assert opacity is not None
        np.testing.assert_array_equal(again.alpha, np.rint(opacity / 257))
    else:
        assert again.original.alpha is None


@pytest.mark.parametrize("channels", [1, 3])
def test_float_tiff_there_and_back(channels: int) -> None:
    samples = deep(channels=channels, kind=np.float32)
    original = Original(samples, None, 1.0)
    again = read_image(encode_image(Picture(original.to_pixels(), None, original), "tif"))
    assert again.original is not None
    assert again.original.samples.dtype == np.float32
    np.testing.assert_array_equal(again.original.samples, samples)
    # PNG holds no floats: 16 bits.
    png = read_image(encode_image(again, "png")).as_original().samples
    np.testing.assert_allclose(png, samples.astype(float) * 65535, atol=1)


@pytest.mark.parametrize("file_format", ["jpg", "tiff"])
def test_cmyk_there_and_back(file_format: str) -> None:
    image = Image.fromarray(picture(40, 30)).convert("CMYK")
    read = read_image(encode(image, "TIFF"))
    assert read.original is not None
    assert read.original.mode == "CMYK"
    with Image.open(io.BytesIO(encode_image(read, file_format, quality=97))) as again:
        assert again.mode == "CMYK"
        assert psnr(np.array(again), np.array(image)) > 35
    assert Image.open(io.BytesIO(encode_image(read, "png"))).mode == "RGB"


@pytest.mark.parametrize("file_format", ["jpg", "png", "tiff"])
def test_grey_stays_grey(file_format: str) -> None:
    grey = Image.fromarray(picture(40, 30)[..., 0])
    read = read_image(encode(grey, "PNG"))
    with Image.open(io.BytesIO(encode_image(read, file_format, quality=97))) as again:
        assert again.mode == "L"
        assert psnr(np.array(again), np.array(grey)) > 40
    assert read_image(encode_image(read, "webp")).pixels.shape == (30, 40, 3)


@pytest.mark.parametrize("file_format", ["jpg", "png", "webp", "tiff", "avif"])
def test_wide_gamut_there_and_back(file_format: str) -> None:
    """The file's own numbers come back, with its own profile; the pixels are sRGB."""
    photo, profile = picture(40, 30), wide_gamut_profile()
    read = read_image(encode(Image.fromarray(photo), "PNG", icc_profile=profile))
    assert np.abs(read.pixels.astype(int) - photo).mean() > 2
    with Image.open(io.BytesIO(encode_image(read, file_format, quality=97))) as again:
        assert again.info["icc_profile"] == profile
        assert psnr(np.array(again.convert("RGB")), photo) > (30 if file_format == "webp" else 40)


def test_profiles_are_inverse_inside_srgb() -> None:
    photo, profile = picture(40, 30), wide_gamut_profile()
    there = from_srgb(photo, "RGB", profile)
    assert np.abs(to_srgb(there, profile).astype(int) - photo).max() <= 3


def test_profiles_that_are_no_use() -> None:
    wide = wide_gamut_profile()
    assert useful_profile(wide, "RGB") == wide
    assert useful_profile(wide, "L") == b""
    assert useful_profile(b"nonsense" * 20, "RGB") == b""
    assert useful_profile(b"", "RGB") == b""


@pytest.mark.parametrize(
    ("kind", "white"), [(np.uint8, 255.0), (np.uint16, 65535.0), (np.float32, 1.0)]
)
@pytest.mark.parametrize("strength", [0, 0.25, 1, 1.5])
def test_blending_by_hand(kind: Any, white: float, strength: float) -> None:
    samples = np.full((2, 3, 3), 0.4 * white).astype(kind)
    painting = np.full((2, 3, 3), 102 + 51, np.uint8)  # 0.6
    mixed = Original(samples, None, white).blend(painting, strength)
    assert mixed.samples.dtype == kind
    np.testing.assert_allclose(mixed.samples / white, 0.4 + 0.2 * strength, atol=0.003)


def test_blending_leaves_no_bands() -> None:
    """At a tenth of the strength, a smooth 16-bit gradient has as many levels as before."""
    samples = deep()
    flat = np.full((30, 40, 3), 128, np.uint8)
    mixed = Original(samples, None, 65535.0).blend(flat, 0.1).samples
    assert len(np.unique(mixed)) > 0.85 * len(np.unique(samples))


def test_grey_becomes_colour_when_painted() -> None:
    grey = Original(deep(channels=1), None, 65535.0)
    mixed = grey.blend(picture(40, 30), 0.5)
    assert mixed.samples.shape == (30, 40, 3)
    assert mixed.samples.dtype == np.uint16


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_is_kept_and_upright(orientation: int, file_format: str) -> None:
    exif = exif_bytes(orientation)
    content = encode(Image.fromarray(picture(40, 30)), file_format, exif=exif, quality=90)
    read = read_image(content)
    assert (read.width, read.height) == ((40, 30) if orientation < 5 else (30, 40))
    for target in ("jpg", "png", "webp", "tiff", "avif"):
        with Image.open(io.BytesIO(encode_image(read, target))) as again:
            again.load()
            assert again.size == (read.width, read.height)
            check_exif(again.getexif().tobytes())
    kept = Image.Exif()
    kept.load(read.metadata.exif or b"")
    assert kept[ORIENTATION] == 1
    sides = kept.get_ifd(0x8769)
    assert (sides[0xA002], sides[0xA003]) == (read.width, read.height)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bits_are_turned_upright(orientation: int) -> None:
    """As Pillow turns 8 bits."""
    samples = deep()
    content = encode(Image.fromarray(samples[..., 0]), "TIFF", tiffinfo={ORIENTATION: orientation})
    read = read_image(content)
    eight = Image.fromarray(np.rint(samples[..., 0] / 257).astype(np.uint8))
    expected = read_image(encode(eight, "TIFF", tiffinfo={ORIENTATION: orientation}))
    np.testing.assert_array_equal(read.pixels, expected.pixels)
    assert read.original is not None
    assert read.original.samples.dtype == np.uint16
    for said in ({"exif": exif_bytes(orientation)}, {"pnginfo": xmp_orientation(orientation)}):
        read = read_image(encode(Image.fromarray(samples[..., 0]), "PNG", **said))
        np.testing.assert_array_equal(read.pixels, expected.pixels)


def xmp_orientation(orientation: int) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", f'<x:xmpmeta tiff:Orientation="{orientation}"/>')
    return info


@pytest.mark.parametrize("file_format", ["jpg", "png", "tiff", "bmp"])
def test_resolution_is_kept(file_format: str) -> None:
    content = encode(Image.fromarray(picture(40, 30)), "PNG", dpi=(300, 150))
    with Image.open(io.BytesIO(encode_image(read_image(content), file_format))) as again:
        assert again.info["dpi"] == pytest.approx((300, 150), abs=1)


def test_xmp_is_kept_and_upright() -> None:
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" dc:title="Dunes"/></x:xmpmeta>'
    exif = exif_bytes(6)
    read = read_image(encode(Image.fromarray(picture(40, 30)), "JPEG", xmp=xmp, exif=exif))
    for target in ("jpg", "png", "webp", "tiff", "avif"):
        again = read_image(encode_image(read, target))
        assert again.metadata.xmp == xmp.replace(b'"6"', b'"1"')


def test_without_metadata_the_profile_stays() -> None:
    profile = wide_gamut_profile()
    content = encode(
        Image.fromarray(picture(40, 30)),
        "JPEG",
        icc_profile=profile,
        exif=exif_bytes(),
        xmp=b"<x/>",
    )
    bare = encode_image(read_image(content).without_metadata(), "jpg")
    assert CAMERA.encode() not in bare
    with Image.open(io.BytesIO(bare)) as image:
        assert not image.getexif()
        assert "xmp" not in image.info
        assert image.info["icc_profile"] == profile


def test_exif_too_long_for_jpeg_is_left_out() -> None:
    exif = Image.Exif()
    exif[MODEL] = CAMERA
    exif[0x8769] = {0x927C: bytes(70_000)}  # a maker note
    picture_ = Picture(picture(40, 30), metadata=Metadata(exif.tobytes()))
    assert read_image(encode_image(picture_, "jpg")).width == 40
    assert CAMERA.encode() in encode_image(picture_, "png")


def test_a_shrunk_picture_keeps_its_depth_and_says_its_size() -> None:
    read = read_image(encode(Image.fromarray(picture(40, 30)), "JPEG", exif=exif_bytes()))
    original = Original(deep(30, 40), deep(30, 40, 1)[..., 0], 65535.0, wide_gamut_profile())
    whole = Picture(original.to_pixels(), original.alpha_8_bit(), original, read.metadata)
    small = whole.shrunk(20)
    assert small.alpha is not None
    assert (small.width, small.height, small.alpha.shape) == (20, 15, (15, 20))
    assert small.original is not None
    assert small.original.alpha is not None
    assert small.original.samples.dtype == small.original.alpha.dtype == np.uint16
    assert small.original.profile == original.profile
    inner = Image.Exif()
    inner.load(small.metadata.exif)
    assert [inner.get_ifd(0x8769)[tag] for tag in (0xA002, 0xA003)] == [20, 15]
    check_exif(small.metadata.exif)


def test_an_original_must_fit() -> None:
    with pytest.raises(InputError, match="original"):
        Picture(picture(4, 4), None, Original(picture(5, 4)))
