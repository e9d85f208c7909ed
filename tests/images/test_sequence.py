import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from awkward import check_exif, encode, exif_bytes
from impasto.errors import InputError, OutputError
from impasto.images import (
    Frame,
    Original,
    PhotoFile,
    Picture,
    holds_several,
    read_image,
    write_sequence,
)
from tiny import picture


def animation(file_format: str, **options: Any) -> Any:
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(3)]
    return encode(
        frames[0], file_format, save_all=True, append_images=frames[1:], loop=0, **options
    )


def frames_of(content: bytes) -> tuple[Any, Any, Any]:
    with PhotoFile(content) as file:
        return file.count, file.loop, list(file.frames())


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_animations(file_format: str, tmp_path: Path) -> None:
    """Every frame with its time, there and back."""
    count, loop, frames = frames_of(animation(file_format, duration=[40, 80, 120], lossless=True))
    assert (count, loop) == (3, 0)
    assert [frame.duration_ms for frame in frames] == [40, 80, 120]
    for seed, frame in enumerate(frames):
        difference = np.abs(frame.picture.pixels.astype(int) - picture(40, 30, seed)).mean()
        assert difference < (12 if file_format == "GIF" else 0.1)
    path = tmp_path / f"again.{file_format.lower()}"
    write_sequence(path, frames, loop=loop, quality=100)
    again_count, again_loop, again = frames_of(path.read_bytes())
    assert (again_count, again_loop) == (3, 0)
    assert [frame.duration_ms for frame in again] == [40, 80, 120]
    for before, after in zip(frames, again, strict=True):
        assert np.abs(before.picture.pixels.astype(int) - after.picture.pixels).mean() < 6


def test_transparent_frames_of_a_gif(tmp_path: Path) -> None:
    frames = []
    for left in (0, 20):
        alpha = np.zeros((30, 40), np.uint8)
        alpha[:, left : left + 20] = 255
        frames.append(Frame(Picture(picture(40, 30, left), alpha), 100))
    write_sequence(tmp_path / "a.gif", frames)
    _, _, again = frames_of((tmp_path / "a.gif").read_bytes())
    for before, after in zip(frames, again, strict=True):
        np.testing.assert_array_equal(before.picture.alpha, after.picture.alpha)


def test_pages_of_all_kinds(tmp_path: Path) -> None:
    deep = Original(np.arange(600, dtype=np.uint16).reshape(20, 10, 3) * 100, None, 65535.0)
    pages = [
        read_image(encode(Image.fromarray(picture(40, 30)), "PNG", exif=exif_bytes())),
        Picture(deep.to_pixels(), None, deep),
        read_image(encode(Image.fromarray(picture(9, 9)[..., 0]), "PNG")),
    ]
    write_sequence(tmp_path / "a.tif", [Frame(page) for page in pages])
    count, _, again = frames_of((tmp_path / "a.tif").read_bytes())
    assert count == 3
    np.testing.assert_array_equal(again[0].picture.pixels, pages[0].pixels)
    check_exif(again[0].picture.metadata.exif)
    np.testing.assert_array_equal(again[1].picture.original.samples, deep.samples)
    assert again[2].picture.original.mode == "L"


def test_an_ordinary_photo_is_a_sequence_of_one() -> None:
    count, _, frames = frames_of(encode(Image.fromarray(picture(40, 30)), "PNG"))
    assert count == 1
    np.testing.assert_array_equal(frames[0].picture.pixels, picture(40, 30))


def test_which_formats_hold_several() -> None:
    assert [holds_several(each) for each in ("gif", "webp", "tif", "png", "jpg", "bmp")] == [
        *[True] * 4,
        *[False] * 2,
    ]


def test_damage() -> None:
    content = animation("WEBP")
    with pytest.raises(InputError, match=r"damaged|not an image"):
        frames_of(content[: len(content) * 7 // 10])
    with pytest.raises(InputError, match="not an image"):
        frames_of(b"nothing of the kind")
    too_large = PhotoFile(animation("GIF"), max_pixels=100)
    with too_large, pytest.raises(InputError, match="pixels"):
        list(too_large.frames())


def test_a_document_whose_later_pages_are_gone(tmp_path: Path) -> None:
    """It is not taken for its first page."""
    write_sequence(tmp_path / "a.tif", [Frame(Picture(picture(40, 30))) for _ in range(3)])
    content = (tmp_path / "a.tif").read_bytes()
    first_pages = content[: len(content) * 2 // 5]
    assert read_image(first_pages).width == 40
    with pytest.raises(InputError, match="not all of its pages"):
        frames_of(first_pages)


def test_an_animation_whose_later_frames_are_damaged() -> None:
    """It is not taken for its first frame."""
    content = animation("GIF")
    cut = content[: content.rindex(b"\x2c") + 4]  # in the last frame's size
    assert read_image(cut).width == 40
    with pytest.raises(InputError, match="damaged or cut off"):
        frames_of(cut)


def test_an_animation_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.images.photo_file.MAX_ANIMATION_PIXELS", 3000)
    with pytest.raises(InputError, match="as a video"):
        frames_of(animation("GIF"))


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"precious")

    def frames() -> Iterator[Any]:
        yield Frame(Picture(picture(4, 4)))
        raise InputError("the second is damaged")

    with pytest.raises(InputError):
        write_sequence(path, frames())
    assert path.read_bytes() == b"precious"
    assert [each.name for each in tmp_path.iterdir()] == ["a.tif"]
    with pytest.raises(OutputError, match="no folder"):
        write_sequence(tmp_path / "none" / "a.tif", frames())


def test_streams() -> None:
    assert frames_of(animation("WEBP"))[0] == 3
    with PhotoFile(io.BytesIO(animation("GIF"))) as file:
        assert file.count == 3
