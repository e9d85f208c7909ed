"""From file to file: what is not paint comes through; the corpus is made here."""

import errno
import io
import itertools
import shutil
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import impasto
from awkward import (
    CAMERA,
    check_exif,
    encode,
    exif_bytes,
    green_for_red_profile,
    psnr,
    wide_gamut_profile,
)
from flipped import FILES, flipped, in_tiles, verdict
from impasto.defaults import ColorWay
from impasto.errors import (
    ImpastoError,
    InputError,
    MissingExtraError,
    OptionError,
    OutputError,
)
from impasto.images import Metadata, Original, PhotoFile, Picture, encode_image, read_image
from impasto.large.memory_plan import BASE_BYTES, MemoryPlan, margin_px
from impasto.masks.subject import Subject
from impasto.networks.spec import NetworkSpec
from impasto.photos import paint_photo, plan_photo
from impasto.styles.gallery import Gallery
from impasto.stylizer import Stylizer
from tiny import picture, tiny_gallery


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def stylizer(gallery: Gallery) -> Iterator[Stylizer]:
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        yield stylizer


@pytest.fixture(scope="module")
def unpainted(gallery: Gallery) -> Iterator[Stylizer]:
    """Strength 0: the photo itself must come out."""
    with Stylizer("first", gallery=gallery, strength=0) as stylizer:
        yield stylizer


def deep_file(file_format: str, alpha: bool = False) -> Any:
    ramp = np.linspace(0, 65535, 40 * 30 * 3).reshape(30, 40, 3).astype(np.uint16)
    original = Original(ramp, ramp[..., 0] if alpha else None, 65535.0, wide_gamut_profile())
    read = read_image(encode(Image.new("L", (1, 1)), "PNG", exif=exif_bytes(), dpi=(300, 300)))
    pixels, opacity = original.to_pixels(), original.alpha_8_bit()
    return encode_image(Picture(pixels, opacity, original, read.metadata), file_format)


def corpus() -> Any:
    """Awkward files by name, the ends of the names telling their formats."""
    photo = Image.fromarray(picture(40, 30))
    cut_out = photo.copy()
    cut_out.putalpha(Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40).astype("u1")))
    beside = {"exif": exif_bytes(), "dpi": (300, 300), "icc_profile": wide_gamut_profile()}
    files = {
        "16.png": deep_file("png"),
        "16-alpha.png": deep_file("png", alpha=True),
        "16.tif": deep_file("tiff"),
        "16-alpha.tif": deep_file("tiff", alpha=True),
        "float.tif": encode(
            Image.fromarray(np.linspace(0, 1, 1200, dtype="f4").reshape(30, 40)), "TIFF"
        ),
        "alpha.webp": encode(cut_out, "WEBP", lossless=True, exact=True, exif=exif_bytes()),
        "1px.png": encode(Image.new("RGB", (1, 1), "red"), "PNG"),
        "1px-wide.png": encode(Image.fromarray(picture(1, 300)), "PNG"),
        "1px-high.tif": encode(Image.fromarray(picture(300, 1)), "TIFF"),
        "grey16.png": encode(Image.fromarray(np.arange(1200, dtype="u2").reshape(30, 40)), "PNG"),
        "palette.png": encode(photo.quantize(32), "PNG"),
        "palette-alpha.png": encode(photo.quantize(32), "PNG", transparency=3),
        "bits.png": encode(photo.convert("1"), "PNG"),
        "interlaced.png": encode(photo, "PNG", interlace=1),
        "green-for-red.jpg": encode(photo, "JPEG", icc_profile=green_for_red_profile()),
        "cmyk.jpg": encode(photo.convert("CMYK"), "JPEG", quality=95),
        "progressive.jpg": encode(photo, "JPEG", progressive=True, **beside),
        "plain.bmp": encode(photo, "BMP"),
    }
    for mode, suffix in itertools.product(
        ("L", "RGB", "CMYK", "LA", "RGBA"), ("png", "tif", "jpg")
    ):
        image = (cut_out if mode.endswith("A") else photo).convert(mode)
        if (mode == "CMYK" and suffix == "png") or (mode.endswith("A") and suffix == "jpg"):
            continue
        extra = beside if mode.startswith("RGB") else {}
        name = {"png": "PNG", "tif": "TIFF", "jpg": "JPEG"}[suffix]
        lossy = {"quality": 97, "subsampling": 0} if suffix == "jpg" else {}
        files[f"{mode}.{suffix}"] = encode(image, name, **extra, **lossy)
    for orientation in range(1, 9):
        files[f"turned{orientation}.jpg"] = encode(
            photo, "JPEG", exif=exif_bytes(orientation), quality=97, subsampling=0
        )
    return files


CORPUS = corpus()


@pytest.mark.parametrize("name", CORPUS)
def test_strength_zero_gives_everything_back(
    name: str, unpainted: Stylizer, tmp_path: Path
) -> None:
    """Samples (exactly, or at over 40 dB where the format is lossy), depth, profile, alpha, EXIF,
    resolution.
    """
    (tmp_path / name).write_bytes(CORPUS[name])
    target = tmp_path / f"painted-{name}"
    paint_photo(unpainted, tmp_path / name, target, quality=97)
    before, after = read_image(tmp_path / name), read_image(target)
    first, second = before.as_original(), after.as_original()
    assert second.samples.dtype == first.samples.dtype
    assert second.mode == first.mode
    assert second.profile == first.profile
    if name.endswith(".jpg"):
        assert psnr(first.samples, second.samples) > 40
    elif name.endswith(".webp"):
        assert before.alpha is not None
        assert psnr(before.pixels[before.alpha > 99], after.pixels[before.alpha > 99]) > 30
    else:
        np.testing.assert_array_equal(first.samples, second.samples)
    for alpha, again in ((first.alpha, second.alpha), (before.alpha, after.alpha)):
        assert (alpha is None) == (again is None)
        if alpha is not None:
            np.testing.assert_array_equal(alpha, again)
    assert after.metadata.exif == before.metadata.exif
    if before.metadata.exif:
        check_exif(after.metadata.exif)
    if before.metadata.dpi and not name.startswith("green"):
        assert after.metadata.dpi == pytest.approx(before.metadata.dpi, rel=0.01)


@pytest.mark.parametrize("name", CORPUS)
def test_the_whole_corpus_can_be_painted(name: str, stylizer: Stylizer, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(CORPUS[name])
    target = tmp_path / f"painted-{name}"
    report = paint_photo(stylizer, tmp_path / name, target)
    before, after = read_image(tmp_path / name), read_image(target)
    assert (report.width, report.height) == (after.width, after.height)
    assert after.pixels.shape == before.pixels.shape
    if before.width > 1:
        assert np.abs(after.pixels.astype(int) - before.pixels).mean() > 5
    assert after.as_original().samples.dtype == before.as_original().samples.dtype
    assert after.as_original().profile == (
        before.as_original().profile if before.as_original().mode != "L" else b""
    )


def test_partial_strength_leaves_no_bands(gallery: Gallery, tmp_path: Path) -> None:
    """A smooth 16-bit gradient keeps more levels than 8 bits have."""
    ramp = np.linspace(20_000, 24_000, 128 * 64).reshape(64, 128)
    samples = np.repeat(ramp[..., None], 3, axis=2).astype(np.uint16)
    original = Original(samples, None, 65535.0)
    photo = encode_image(Picture(original.to_pixels(), None, original), "png")
    with Stylizer("first", strength=0.2, gallery=gallery, precision="f32") as stylizer:
        paint_photo(stylizer, photo, tmp_path / "out.png")
    painted = read_image(tmp_path / "out.png")
    assert painted.original is not None
    assert painted.original.samples.dtype == np.uint16
    assert len(np.unique(painted.original.samples)) > 2000
    assert len(np.unique(painted.pixels)) < 256


def test_no_dark_fringe(gallery: Gallery) -> None:
    """What is hidden under transparency does not show in the painting of what is not."""
    pixels = np.full((48, 48, 3), 200, np.uint8)
    alpha = np.full((48, 48), 255, np.uint8)
    alpha[:, 24:] = 0
    hidden = pixels.copy()
    hidden[:, 24:] = 0
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        black, same = (
            stylizer.stylize(Picture(each, alpha)).pixels[:, :24] for each in (hidden, pixels)
        )
    np.testing.assert_array_equal(black, same)


def test_animations_are_painted_whole(stylizer: Stylizer, tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(3)]
    content = encode(
        frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[40, 80, 120], loop=0
    )
    for target, pictures in (("a.gif", 3), ("a.webp", 3), ("a.tif", 3), ("a.jpg", 1)):
        report = paint_photo(stylizer, content, tmp_path / target)
        assert (report.pictures, report.left_out) == (pictures, 3 - pictures)
        with PhotoFile(tmp_path / target) as file:
            assert file.count == pictures
            times = [frame.duration_ms for frame in file.frames()]
        if target in ("a.gif", "a.webp"):
            assert times == [40, 80, 120]


@pytest.mark.parametrize("context", [nullcontext, in_tiles])
def test_a_bright_pixel_does_not_make_the_rest_dark(
    context: Callable[..., Any], unpainted: Stylizer, gallery: Gallery, tmp_path: Path
) -> None:
    """Floats beyond white are seen as white; where the photo stays, they stay, too."""
    samples = np.repeat(picture(40, 30).astype(np.float32)[..., :1] / 255, 3, axis=2)
    samples[3, 4, 1], samples[5, 6], samples[7, 8] = 1e30, np.nan, -1
    content = encode_image(Picture(picture(40, 30), None, Original(samples, None, 1.0)), "tif")
    with context():
        report = paint_photo(unpainted, content, tmp_path / "a.tif")
        paint_photo(unpainted, content, tmp_path / "a.png")
    assert report.clipped_px == 3
    floats = read_image(tmp_path / "a.tif").original
    assert floats is not None
    np.testing.assert_array_equal(floats.samples, samples)
    shown = read_image(tmp_path / "a.png").pixels
    expected = picture(40, 30)[..., :1].repeat(3, axis=2)
    expected[3, 4, 1], expected[5, 6], expected[7, 8] = 255, 0, 0
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("context", [nullcontext, in_tiles])
def test_the_white_of_floats_is_kept(
    context: Callable[..., Any], gallery: Gallery, tmp_path: Path
) -> None:
    samples = picture(40, 30).astype(np.float32)
    content = encode_image(Picture(picture(40, 30), None, Original(samples, None, 255.0)), "tif")
    with Stylizer("first", strength=0.5, gallery=gallery, precision="f32") as stylizer, context():
        report = paint_photo(stylizer, content, tmp_path / "a.tif")
    painted = read_image(tmp_path / "a.tif").original
    assert painted is not None
    assert (painted.white, report.clipped_px) == (255, 0)
    assert 50 < painted.samples.mean() < 200


def test_strip(stylizer: Stylizer, tmp_path: Path) -> None:
    content = CORPUS["RGB.jpg"]
    paint_photo(stylizer, content, tmp_path / "kept.jpg")
    paint_photo(stylizer, content, tmp_path / "bare.jpg", strip=True)
    assert CAMERA.encode() in (tmp_path / "kept.jpg").read_bytes()
    assert CAMERA.encode() not in (tmp_path / "bare.jpg").read_bytes()
    assert read_image(tmp_path / "bare.jpg").as_original().profile == wide_gamut_profile()


@pytest.mark.parametrize(("name", "times"), [("webp", [40, 80, 120]), ("tif", [0, 0, 0])])
def test_animations_from_bytes(
    stylizer: Stylizer, tmp_path: Path, name: str, times: list[int]
) -> None:
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(3)]
    moving = {"save_all": True, "append_images": frames[1:], "duration": [40, 80, 120]}
    target = tmp_path / f"a.{name}"
    report = paint_photo(stylizer, encode(frames[0], "GIF", **moving), target)
    assert (report.pictures, report.left_out) == (3, 0)
    with PhotoFile(target) as file:
        assert [frame.duration_ms for frame in file.frames()] == times


def test_interlaced_16_bits_are_kept() -> None:
    """Written by hand, as no library at hand does: one pass holds a picture of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 1)
    body = zlib.compress(b"\0" + struct.pack(">3H", 1000, 2000, 3000))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )
    assert read_image(content).as_original().samples.ravel().tolist() == [1000, 2000, 3000]


def test_failures_harm_nothing(stylizer: Stylizer, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_bytes(b"precious")
    (tmp_path / "cut.tif").write_bytes(CORPUS["16.tif"][: len(CORPUS["16.tif"]) // 2])
    for source, target, error in (
        ("cut.tif", "old.png", InputError),
        ("missing.png", "old.png", InputError),
        ("old.png", "no/folder.png", ImpastoError),
    ):
        with pytest.raises(error):
            paint_photo(stylizer, tmp_path / source, tmp_path / target)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cut.tif", "old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"precious"


def test_a_picture_too_long_for_its_format(stylizer: Stylizer, tmp_path: Path) -> None:
    content = encode(Image.new("RGB", (16_400, 2)), "PNG")
    with pytest.raises(OutputError, match="holds 16383 px"):
        paint_photo(stylizer, content, tmp_path / "a.webp")


def test_sixty_thousand_px_wide(stylizer: Stylizer, tmp_path: Path) -> None:
    content = encode(Image.new("RGB", (60_000, 3), "teal"), "PNG")
    report = paint_photo(stylizer, content, tmp_path / "a.png")
    assert (report.width, report.height) == (60_000, 3)


def test_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    photo = Image.fromarray(picture(64, 48))
    photo.save(tmp_path / "a.heic", exif=exif_bytes(), quality=95)
    read = read_image(tmp_path / "a.heic")
    assert psnr(read.pixels, picture(64, 48)) > 30
    check_exif(read.metadata.exif)


def test_heic_of_10_bits_keeps_them(unpainted: Stylizer, tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    ramp = np.linspace(0, 65535, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint16)
    stored = pillow_heif.from_bytes(mode="RGB;16", size=(64, 48), data=ramp.tobytes())
    stored.save(tmp_path / "a.heic", quality=-1, exif=exif_bytes())  # lossless
    paint_photo(unpainted, tmp_path / "a.heic", tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.original is not None
    samples = read.original.samples
    assert samples.dtype == np.uint16
    assert samples.max() == 65535
    assert len(np.unique(samples)) > 900
    assert np.abs(samples.astype(int) - ramp).max() <= 64 * 2
    check_exif(read.metadata.exif)


def test_heic_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(MissingExtraError, match=r"a\.heic is a HEIC photo.*impasto\[heif\]"):
        read_image(tmp_path / "a.heic")


def write_dng(path: Path) -> None:
    """The least that LibRaw develops: a grey ramp behind a Bayer filter."""
    ramp = np.repeat(np.linspace(2000, 30_000, 128)[None], 96, axis=0).astype(np.uint16)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Nobody", CAMERA
    tags = {
        254: 0, 262: 32803, 271: "Nobody", 272: CAMERA, 33421: (2, 2), 33422: b"\0\1\1\2",
        50706: b"\1\4\0\0", 50707: b"\1\4\0\0", 50708: CAMERA, 50717: 65535,
        50721: (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), 50728: (1.0, 1.0, 1.0), 50778: 21,
    }  # fmt: skip
    Image.fromarray(ramp).save(path, "TIFF", tiffinfo=tags)


def test_raw(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng")
    read = read_image(tmp_path / "a.dng")
    assert (read.width, read.height) == (128, 96)
    assert read.original is not None
    assert read.original.samples.dtype == np.uint16
    assert len(np.unique(read.original.samples)) > 256
    columns = read.pixels[8:-8, 8:-8].mean(axis=(0, 2))
    assert (np.diff(columns) >= 0).mean() > 0.9
    (tmp_path / "b.dng").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"b\.dng cannot be developed"):
        read_image(tmp_path / "b.dng")
    with pytest.raises(InputError, match="more than 100"):
        read_image(tmp_path / "a.dng", max_pixels=100)


def test_raw_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    (tmp_path / "a.dng").write_bytes(b"II*\0")
    with pytest.raises(MissingExtraError, match=r"a\.dng is a raw photo.*impasto\[raw\]"):
        read_image(tmp_path / "a.dng")
    with pytest.raises(InputError, match="does not exist"):
        read_image(tmp_path / "b.dng")


def test_public_names() -> None:
    assert impasto.paint_photo is paint_photo


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pictures are painted in tiles of 64 px."""

    def plan(size: Any, limit_bytes: int, engine: str, spec: NetworkSpec, **more: Any) -> Any:
        return MemoryPlan(False, 0, 64, margin_px(spec), 10**5, 0)

    monkeypatch.setattr("impasto.photos.plan_memory", plan)


LARGE = {
    f"{kind}{'-alpha' * alpha}.{suffix}": (kind, alpha, suffix)
    for kind, alpha, suffix in itertools.product(("u1", "u2"), (False, True), ("png", "tif"))
}


def large_file(kind: str, alpha: bool, suffix: str) -> bytes:
    pixels = picture(300, 200)
    factor = 257 if kind == "u2" else 1
    white = 65535.0 if kind == "u2" else 255.0
    opacity = np.linspace(0, white, 300 * 200).reshape(200, 300).astype(kind) if alpha else None
    original = Original(pixels.astype(kind) * factor, opacity, white, wide_gamut_profile())
    metadata = Metadata(exif_bytes(), b"", (300.0, 300.0))
    whole = Picture(original.to_pixels(), original.alpha_8_bit(), original, metadata)
    return encode_image(whole, suffix)


@pytest.mark.parametrize("context", [nullcontext, in_tiles])
@pytest.mark.parametrize("name", ["rgb.png", "animated.gif", "progressive.jpg"])
def test_a_painting_that_appears_meanwhile_is_kept(
    name: str,
    context: Callable[..., Any],
    unpainted: Stylizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its photo takes a while: somebody else paints it first."""
    target = tmp_path / f"a{name[-4:]}"

    def meanwhile(method: Any) -> Any:
        def slow(*arguments: object, **options: Any) -> Any:
            target.write_bytes(b"precious")
            return method(*arguments, **options)

        return slow

    monkeypatch.setattr(Stylizer, "stylize", meanwhile(Stylizer.stylize))
    monkeypatch.setattr(PhotoFile, "strips", meanwhile(PhotoFile.strips))
    content = FILES[name]
    with context(), pytest.raises(OutputError, match="exists already"):
        paint_photo(unpainted, content, target, overwrite=False)
    assert [each.name for each in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"precious"
    with context():
        paint_photo(unpainted, content, target)
    assert target.read_bytes() != b"precious"


@pytest.mark.parametrize("context", [nullcontext, in_tiles])
@pytest.mark.parametrize("name", ["rgb.png", "animated.gif", "progressive.jpg"])
def test_no_photo_is_blamed_for_errors_of_painting(
    name: str,
    context: Callable[..., Any],
    stylizer: Stylizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / name).write_bytes(FILES[name])

    def fail(*_: object, **__: object) -> None:
        raise OSError("ours")

    monkeypatch.setattr("impasto.stylizer.Stylizer.stylize", fail)
    monkeypatch.setattr("impasto.photos.paint_tiled", fail)
    with context(), pytest.raises(OSError, match="ours"):
        paint_photo(stylizer, tmp_path / name, tmp_path / f"a{name[-4:]}")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_no_photo_is_blamed_for_a_full_disk(
    stylizer: Stylizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is found full when what is pending is written."""

    class Full(io.BytesIO):
        def seek(self, *_: object) -> None:  # type: ignore[override]
            raise OSError(errno.EFBIG, "File too large")

    (tmp_path / "a.png").write_bytes(FILES["rgb.png"])
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    with in_tiles(), pytest.raises(OutputError, match=r"no place in .*File too large"):
        paint_photo(stylizer, tmp_path / "a.png", tmp_path / "b.png")


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_row_by_row_is_as_in_one_piece(
    name: str, strength: float, gallery: Gallery, tmp_path: Path, tight: None
) -> None:
    """With depth, profile, alpha, EXIF and resolution."""
    content = large_file(*LARGE[name])
    with Stylizer("first", strength=strength, gallery=gallery, precision="f32") as stylizer:
        report = paint_photo(stylizer, content, tmp_path / name)
        expected = stylizer.stylize(read_image(content))
    assert report.plan is not None
    assert not report.plan.whole
    read = read_image(tmp_path / name)
    first, second = expected.as_original(), read.as_original()
    assert second.samples.dtype == first.samples.dtype
    assert second.profile == first.profile
    difference = np.abs(first.samples.astype(float) - second.samples) * (255 / first.white)
    if expected.alpha is not None:
        np.testing.assert_array_equal(first.alpha, second.alpha)
        difference = difference[expected.alpha > 0]  # what is hidden may differ
    assert difference.mean() < (0.2 if strength else 1e-9)
    check_exif(read.metadata.exif)
    assert read.metadata.dpi == pytest.approx((300, 300), abs=0.1)
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_tiled_from_and_into_formats_without_rows(
    suffix: str, gallery: Gallery, tmp_path: Path, tight: None
) -> None:
    faint = Stylizer("first", strength=0.1, gallery=gallery, precision="f32")
    content = encode(Image.fromarray(picture(300, 200)), "JPEG", exif=exif_bytes(6), quality=95)
    for source in (content, large_file("u2", False, "png")):
        report = paint_photo(faint, source, tmp_path / f"a.{suffix}", quality=95)
        read = read_image(tmp_path / f"a.{suffix}")
        expected = faint.stylize(read_image(source))
        assert (report.width, report.height) == (read.width, read.height)
        assert (
            np.abs(read.pixels.astype(int) - expected.pixels).mean() < 20
        )  # WebP's colours are coarse
        check_exif(read.metadata.exif)


@pytest.mark.parametrize("name", LARGE)
def test_reduced_row_by_row_is_as_in_one_piece(
    name: str, gallery: Gallery, tmp_path: Path, tight: None
) -> None:
    content = large_file(*LARGE[name])
    with Stylizer("first", strength=0.3, gallery=gallery, precision="f32") as stylizer:
        report = paint_photo(stylizer, content, tmp_path / name, longer_px=150)
        expected = stylizer.stylize(read_image(content).shrunk(150))
    assert (report.width, report.height) == (150, 100)
    first, read = expected.as_original(), read_image(tmp_path / name)
    second = read.as_original()
    assert second.samples.dtype == first.samples.dtype
    difference = np.abs(first.samples.astype(float) - second.samples) * (255 / first.white)
    if expected.alpha is not None:
        np.testing.assert_array_equal(first.alpha, second.alpha)
        difference = difference[expected.alpha > 0]
    assert difference.mean() < 0.2
    check_exif(read.metadata.exif)


@pytest.mark.parametrize("strength", [0, 1])
@pytest.mark.parametrize("name", ["u2-alpha.png", "u1.tif"])
def test_photo_and_painting_side_by_side_row_by_row(
    name: str, strength: int, gallery: Gallery, tmp_path: Path, tight: None
) -> None:
    content = large_file(*LARGE[name])
    with Stylizer("first", strength=strength, gallery=gallery, precision="f32") as stylizer:
        report = paint_photo(stylizer, content, tmp_path / f"both-{name}", compare=True)
        paint_photo(stylizer, content, tmp_path / name)
    assert (report.width, report.height) == (300, 200)
    photo, painting = read_image(content), read_image(tmp_path / name)
    both = read_image(tmp_path / f"both-{name}")
    halves = np.hstack([photo.as_original().samples, painting.as_original().samples])
    np.testing.assert_array_equal(both.as_original().samples, halves)
    if photo.alpha is not None:
        np.testing.assert_array_equal(both.alpha, np.hstack([photo.alpha] * 2))
    exif = Image.Exif()
    exif.load(both.metadata.exif)
    assert [exif.get_ifd(0x8769)[tag] for tag in (0xA002, 0xA003)] == [600, 200]


@pytest.mark.parametrize("name", ["L.png", "RGBA.tif", "CMYK.tif", "16-alpha.png", "turned6.jpg"])
def test_photo_and_painting_side_by_side(name: str, stylizer: Stylizer, tmp_path: Path) -> None:
    report = paint_photo(stylizer, CORPUS[name], tmp_path / f"a-{name}", compare=True, longer_px=20)
    assert max(report.width, report.height) == 20
    photo, both = read_image(CORPUS[name]).shrunk(20), read_image(tmp_path / f"a-{name}")
    assert both.pixels.shape == (photo.height, 2 * photo.width, 3)
    assert np.abs(both.pixels[:, : photo.width].astype(int) - photo.pixels).mean() < 3  # JPEG's
    assert np.abs(both.pixels[:, photo.width :].astype(int) - photo.pixels).mean() > 5


@pytest.mark.parametrize("name", ["16.png", "L.jpg", "RGBA.tif", "turned6.jpg", "palette.png"])
@pytest.mark.parametrize("longer_px", [None, 20])
def test_a_plan_is_what_is_done(
    name: str, longer_px: int | None, stylizer: Stylizer, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(CORPUS[name])
    target = tmp_path / f"a-{name}"
    planned = plan_photo(stylizer, tmp_path / name, target, longer_px=longer_px)
    assert not target.exists()
    report = paint_photo(stylizer, tmp_path / name, target, longer_px=longer_px)
    assert (planned.width, planned.height) == (report.width, report.height)
    assert planned.plan is not None
    assert planned.plan.whole
    assert report.plan is not None
    assert report.plan.whole


def test_plans_in_tiles_and_of_what_is_no_photo(
    stylizer: Stylizer, tmp_path: Path, tight: None
) -> None:
    for suffix in ("png", "jpg"):
        content, target = large_file("u2", True, "png"), tmp_path / f"a.{suffix}"
        planned = plan_photo(stylizer, io.BytesIO(content), target, longer_px=150, compare=True)
        assert planned == paint_photo(stylizer, content, target, longer_px=150, compare=True)
    with pytest.raises(InputError, match="not an image"):
        plan_photo(stylizer, b"no photo", "a.png")


@pytest.mark.parametrize("tiled", [False, True])
def test_a_box_is_in_the_photo_and_not_in_its_reduced_copy(
    tiled: bool, gallery: Gallery, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if tiled:
        request.getfixturevalue("tight")
    photo = picture(300, 200) // 4
    photo[60:140, 210:280] = (250, 40, 40)
    content = encode(Image.fromarray(photo), "BMP")
    subject = Subject((195, 40, 100, 120))  # beyond a picture of 150 x 100 px
    with Stylizer("first", mask=subject, gallery=gallery, precision="f32") as stylizer:
        paint_photo(stylizer, content, tmp_path / "a.png", longer_px=150)
        reduced = read_image(content).shrunk(150).pixels
    painted = (read_image(tmp_path / "a.png").pixels != reduced).any(axis=2)
    assert painted[40:60, 110:135].any()
    assert not painted[:, :95].any()


def test_animations_and_bytes_are_reduced(stylizer: Stylizer, tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(2)]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    report = paint_photo(stylizer, content, tmp_path / "a.gif", longer_px=20)
    assert (report.width, report.height, report.pictures) == (20, 15, 2)
    with PhotoFile(tmp_path / "a.gif") as file:
        assert {(each.picture.width, each.picture.height) for each in file.frames()} == {(20, 15)}


def test_a_large_photo_whose_painting_is_small_needs_little_memory(
    stylizer: Stylizer, tmp_path: Path
) -> None:
    content = encode(Image.new("RGB", (3000, 2000)), "JPEG")
    decoded_bytes = BASE_BYTES + len(content) + 14 * 6_000_000
    target = tmp_path / "a.png"
    for longer_px, memory_bytes in ((None, decoded_bytes), (300, decoded_bytes - 1)):
        with pytest.raises(OptionError, match="give --memory"):
            paint_photo(stylizer, content, target, longer_px=longer_px, memory_bytes=memory_bytes)
    paint_photo(stylizer, content, target, longer_px=300, memory_bytes=decoded_bytes)


def test_too_large_for_the_memory(stylizer: Stylizer, tmp_path: Path) -> None:
    content = encode(Image.new("RGB", (3000, 2000)), "JPEG")
    for memory_bytes, advice in ((330_000_000, r"GB, or convert it"), (300 << 20, r"GB$")):
        says = r"3000 x 2000 px need .*: give --memory 0\.\d" + advice
        with pytest.raises(OptionError, match=says):
            paint_photo(stylizer, content, tmp_path / "a.png", memory_bytes=memory_bytes)
    assert list(tmp_path.iterdir()) == []


def test_no_room_on_the_disk(
    stylizer: Stylizer, tmp_path: Path, tight: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(OutputError, match="free"):
        paint_photo(stylizer, large_file("u1", False, "png"), tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_large_file_that_is_cut_off_harms_nothing(
    suffix: str, stylizer: Stylizer, tmp_path: Path, tight: None
) -> None:
    (tmp_path / "old.png").write_bytes(b"precious")
    content = large_file("u1", False, suffix)
    with pytest.raises(InputError, match=r"damaged|not an image"):
        paint_photo(stylizer, content[: len(content) // 2], tmp_path / "old.png")
    assert [each.name for each in tmp_path.iterdir()] == ["old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"precious"


@pytest.mark.filterwarnings("ignore")  # Pillow's own, of odd metadata
@pytest.mark.parametrize("context", [nullcontext, in_tiles])
@pytest.mark.parametrize("name", FILES)
def test_files_with_one_wrong_byte_are_refused_or_right(
    name: str, context: Callable[..., Any], unpainted: Stylizer, tmp_path: Path
) -> None:
    """Some places each; `benchmarks/flipped_bytes.py` looks at 500."""
    with context():
        for place, damaged in [(None, FILES[name]), *flipped(FILES[name], 3)]:
            became = verdict(unpainted, name, damaged, tmp_path / "a.tif")
            assert became == "right" if place is None else became != "wrong", place


@pytest.mark.parametrize("way", ["luminance", "histogram", "linear"])
def test_colours_of_large_pictures(
    way: ColorWay, gallery: Gallery, tmp_path: Path, tight: None
) -> None:
    content = large_file("u1", False, "png")
    with Stylizer("first", keep_colors=way, gallery=gallery, precision="f32") as stylizer:
        paint_photo(stylizer, content, tmp_path / "a.png")
        expected = stylizer.stylize(read_image(content))
    difference = read_image(tmp_path / "a.png").pixels - expected.pixels.astype(int)
    assert np.abs(difference).mean() < 1
