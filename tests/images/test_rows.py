"""PNG and TIFF row by row: against Pillow and OpenCV, in every layout, and damaged."""

import io
import itertools
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from awkward import check_exif, encode, exif_bytes
from impasto.images.original import Metadata
from impasto.images.rows import Layout, PngReader, PngWriter, TiffReader, TiffWriter, layout
from impasto.images.rows.layout import Kind
from tiny import picture

BOTH = {"png": (PngWriter, PngReader), "tiff": (TiffWriter, TiffReader)}
METADATA = Metadata(exif_bytes(), b"<xmp/>", (300.0, 150.0))


def noise(form: Layout, seed: int = 0) -> Any:
    random = np.random.default_rng(seed)
    shape = (form.height, form.width, form.channels)
    if form.kind == "f4":
        return random.standard_normal(shape).astype(np.float32)
    samples = random.integers(0, 2 ** (8 * int(form.kind[1])), shape).astype(form.kind)
    samples[form.height // 3 :] = samples[form.height // 3]  # rows alike, so that filters differ
    return samples


def write(
    name: str,
    form: Any,
    samples: Any,
    step: int = 7,
    metadata: Metadata = METADATA,
    profile: bytes = b"a profile",
) -> Any:
    file = io.BytesIO()
    writer = BOTH[name][0](file, form, metadata, profile)
    for top in range(0, form.height, step):
        writer.write(samples[top : top + step])
    writer.finish()
    return file.getvalue()


def read(name: str, content: bytes) -> tuple[Any, Any]:
    reader = BOTH[name][1](io.BytesIO(content))
    return reader, np.concatenate(list(reader.strips()))


KINDS: tuple[Kind, ...] = ("u1", "u2", "f4")
LAYOUTS = [
    (name, Layout(37, 141, colors, alpha, kind))
    for name, colors, alpha, kind in itertools.product(BOTH, (1, 3, 4), (False, True), KINDS)
    if name == "tiff" or (colors < 4 and kind != "f4")
]


@pytest.mark.parametrize(("name", "form"), LAYOUTS)
def test_round_trip(name: str, form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In several strips, with all that is said beside the samples."""
    monkeypatch.setattr(layout.rows_within, "__defaults__", (10 * form.row_bytes,))
    samples = noise(form)
    reader, again = read(name, write(name, form, samples))
    assert reader.layout == form
    assert again.dtype == samples.dtype
    np.testing.assert_array_equal(again, samples)
    assert reader.profile == b"a profile"
    check_exif(reader.metadata.exif)
    assert reader.metadata.xmp == b"<xmp/>"
    assert reader.metadata.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize(
    ("name", "form"), [each for each in LAYOUTS if each[1].kind == "u1" and each[1].channels < 5]
)
def test_pillow_reads_what_we_write(name: str, form: Any) -> None:
    samples = noise(form)
    with Image.open(io.BytesIO(write(name, form, samples, profile=b""))) as image:
        np.testing.assert_array_equal(np.array(image).reshape(samples.shape), samples)
        check_exif(image.getexif().tobytes())
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize(("name", "kind"), [("png", "u2"), ("tiff", "u2"), ("tiff", "f4")])
def test_opencv_reads_what_we_write(name: str, kind: Kind) -> None:
    form = Layout(23, 90, 3, False, kind)
    samples = noise(form)
    content = write(name, form, samples, profile=b"", metadata=Metadata())
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    np.testing.assert_array_equal(decoded[..., ::-1], samples)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_png_of_pillow(mode: str) -> None:
    image = Image.fromarray(picture(50, 40)).convert("RGBA").convert(mode)
    _, samples = read("png", encode(image, "PNG"))
    np.testing.assert_array_equal(samples, np.array(image).reshape(samples.shape))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_of_pillow(mode: str, compression: str | None) -> None:
    image = Image.fromarray(picture(50, 40)).convert("RGBA").convert(mode)
    _, samples = read("tiff", encode(image, "TIFF", compression=compression))
    np.testing.assert_array_equal(samples, np.array(image).reshape(samples.shape))


@pytest.mark.parametrize("compression", [1, 5, 8])  # none, LZW, deflate
@pytest.mark.parametrize(("kind", "predictor"), [("u2", 1), ("u2", 2), ("f4", 1), ("f4", 3)])
def test_tiff_of_opencv(compression: int, kind: Kind, predictor: int) -> None:
    samples = noise(Layout(31, 60, 3, False, kind))
    how = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    _, content = cv2.imencode(".tiff", np.ascontiguousarray(samples[..., ::-1]), how)
    np.testing.assert_array_equal(read("tiff", content.tobytes())[1], samples)


@pytest.mark.parametrize("predictor", [1, 3])
def test_tiff_of_doubles(predictor: int) -> None:
    samples = noise(Layout(31, 60, 3, False, "f4")).astype(np.float64) / 3
    how = [cv2.IMWRITE_TIFF_COMPRESSION, 8, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    _, content = cv2.imencode(".tiff", np.ascontiguousarray(samples[..., ::-1]), how)
    reader, again = read("tiff", content.tobytes())
    assert (reader.layout.kind, again.dtype) == ("f4", np.float32)
    np.testing.assert_array_equal(again, samples.astype(np.float32))


def test_tiff_pages() -> None:
    forms = [Layout(9, 70, 3), Layout(20, 5, 1, False, "u2"), Layout(3, 3, 3, True)]
    file, page = io.BytesIO(), None
    for number, form in enumerate(forms):
        page = TiffWriter(file, form, METADATA, b"", page)
        page.write(noise(form, number))
        page.finish()
    for number, form in enumerate(forms):
        reader = TiffReader(file, number)
        assert reader.layout == form
        np.testing.assert_array_equal(np.concatenate(list(reader.strips())), noise(form, number))
    with Image.open(file) as image:
        assert getattr(image, "n_frames", 1) == 3
    with pytest.raises(ValueError, match="no page 3"):
        TiffReader(file, 3)


def test_big_tiff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.images.rows.tiff_writer.BIG_FROM_BYTES", 10)
    form = Layout(30, 100, 3)
    content = write("tiff", form, noise(form), profile=b"")
    assert content[:4] == b"II+\0"
    reader, samples = read("tiff", content)
    np.testing.assert_array_equal(samples, noise(form))
    check_exif(reader.metadata.exif)
    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(np.array(image), samples)


def test_premultiplied_alpha_is_made_straight() -> None:
    file = io.BytesIO()
    straight = np.array([[[200, 100, 50, 128], [255, 0, 9, 255], [0, 0, 0, 0]]], np.uint8)
    shared = np.rint(straight[..., :3] * (straight[..., 3:] / 255)).astype(np.uint8)
    form = Layout(3, 1, 3, True)
    writer = TiffWriter(file, form, Metadata(), b"")
    writer.write(np.concatenate([shared, straight[..., 3:]], axis=2))
    writer.finish()
    content = file.getvalue().replace(b"\x52\x01\x03\0\1\0\0\0\2", b"\x52\x01\x03\0\1\0\0\0\1")
    _, samples = read("tiff", content)
    np.testing.assert_allclose(samples.astype(int), straight, atol=1)


def test_white_is_zero() -> None:
    image = Image.fromarray(picture(20, 10)[..., 0])
    content = encode(image, "TIFF", tiffinfo={262: 0})
    _, samples = read("tiff", content)
    np.testing.assert_array_equal(samples[..., 0], np.array(image))


@pytest.mark.filterwarnings("ignore")  # Pillow's own, of odd tags
@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=60, deadline=None)
@example(changes=[(0.9718104832226353, 0)])  # a tag's type: text among bytes, for Pillow
@given(changes=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), max_size=6))
def test_damage_gives_samples_or_an_ordinary_error(name: str, changes: Any) -> None:
    form = Layout(20, 30, 3, False, "u2")
    content = bytearray(write(name, form, noise(form)))
    for at, byte in changes:
        content[int(at * len(content))] = byte
    try:
        reader = BOTH[name][1](io.BytesIO(bytes(content)))
        if reader.layout.width * reader.layout.height > 10_000:
            return
        list(reader.strips())
    except (ValueError, OSError, EOFError, LookupError, ArithmeticError):
        return


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BOTH)
def test_cut_off(name: str) -> None:
    form = Layout(20, 300, 3)
    content = write(name, form, noise(form))
    with pytest.raises((ValueError, EOFError)):
        read(name, content[: len(content) // 2])


def test_checksums_of_deflated_tiffs_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the blocks end that the file is read in."""
    pixels = picture(30, 20)
    content = bytearray(encode(Image.fromarray(pixels), "TIFF", compression="tiff_adobe_deflate"))
    content[content.index(zlib.adler32(pixels.tobytes()).to_bytes(4, "big"))] ^= 1
    for block in range(1, 12):
        monkeypatch.setattr("impasto.images.rows.layout.READ_BYTES", block)
        with pytest.raises(ValueError, match="damaged"):
            read("tiff", bytes(content))


def test_blocks_of_what_compresses_best() -> None:
    """zlib holds back some of it when all input is read."""
    packed = zlib.compress(bytes(100_000), 9)
    for block in (1, 100, 99_999, 100_000, 200_000):
        blocks = list(layout.inflate(iter([packed]), 100_000, block))
        assert b"".join(blocks) == bytes(100_000)
        assert {len(each) for each in blocks[:-1]} <= {block}
    with pytest.raises(EOFError):
        list(layout.inflate(iter([packed[:-10]]), 100_000, 100))
    with pytest.raises(ValueError, match="damaged"):
        list(layout.inflate(iter([packed[:-1], b"!"]), 100_000, 100))


def test_tiffs_that_do_not_say_what_their_samples_mean() -> None:
    image = Image.fromarray(picture(20, 10))
    unsaid = encode(image, "TIFF").replace(b"\x06\x01\3\0", b"\x06\x81\3\0")  # another tag
    with pytest.raises(ValueError, match="not read row by row"):
        read("tiff", unsaid)


@pytest.mark.parametrize("name", BOTH)
def test_not_such_a_file(name: str) -> None:
    for content in (b"", b"something else entirely", b"II*\0", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises((ValueError, OSError)):
            BOTH[name][1](io.BytesIO(content))


def test_png_without_floats() -> None:
    with pytest.raises(ValueError, match="PNG has no"):
        PngWriter(io.BytesIO(), Layout(1, 1, 3, False, "f4"), Metadata(), b"")
