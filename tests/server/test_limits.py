"""Hostile uploads: each is refused with a sentence, before anything is decoded."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from impasto.errors import InputError
from impasto.server.limits import check_photo, check_video
from impasto.server.settings import Limits
from server.calls import encoded, is_a_sentence, paint
from video.clips import make_clip

LIMITS = Limits(pixels=100_000, photo_bytes=300_000, request_bytes=400_000, frames=30, seconds=2)


def png(width: int, height: int, more: bytes = b"") -> Any:
    def chunk(kind: Any, content: bytes) -> Any:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + pixels + chunk(b"IEND", b"")


def saved(image: Any, kind: str, **options: Any) -> Any:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bmp(width: int, height: int) -> Any:
    return b"BM" + struct.pack("<IHHIIiiHHIIIIII", 54, 0, 0, 54, 40, width, height, 1, 24, *6 * [0])


def gif(frames: Any) -> Any:
    images = [Image.fromarray(np.full((100, 100), n % 256, np.uint8)) for n in range(frames)]
    return saved(images[0], "GIF", save_all=True, append_images=images[1:])


def pages(*sizes: tuple[int, int]) -> Any:
    images = [Image.new("L", size) for size in sizes]
    return saved(images[0], "TIFF", save_all=True, append_images=images[1:])


JPEG, PNG = encoded(file_format="jpg"), encoded()
HOSTILE = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"a photo",
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "zip": b"PK\3\4" + bytes(100),
    "program": b"\x7fELF" + bytes(100),
    "pickle": b"\x80\x04c__builtin__\neval\n.",
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a gigantic png": png(60_000, 60_000),
    "an impossible png": png(2**31 - 1, 2**31 - 1),
    "a png without width": png(0, 10),
    "a small png with few pixels": png(100, 100),
    "a png of a wrong checksum": PNG[:-20] + b"x" + PNG[-19:],
    "half a png": PNG[: len(PNG) // 2],
    "a png's beginning": PNG[:20],
    "a png of text": png(100, 100, b"\0\0\xff\xfftEXt" + bytes(70000)),
    "half a jpeg": JPEG[: len(JPEG) // 2],
    "a jpeg's beginning": JPEG[:4],
    "a jpeg of noise": JPEG[:300] + bytes(range(256)) * 4,
    "a gigantic bmp": bmp(50_000, 50_000),
    "a bmp upside down": bmp(-5, 2**31 - 1),
    "a bmp without pixels": bmp(100, 100),
    "many frames": gif(40),
    "half a gif": gif(3)[:60],
    "a gif's beginning": b"GIF89a\xff\xff\xff\xff\0\0\0",
    "a large second page": pages((10, 10), (1000, 1000)),
    "half a tiff": pages((100, 100))[:100],
    "a tiff in a circle": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "a tiff of nothing": b"MM\0*\0\0\0\x08\xff\xff" + bytes(50),
    "a large webp": saved(Image.new("RGB", (500, 500)), "WEBP"),
    "a webp's beginning": b"RIFF\xff\xff\xff\xffWEBPVP8X",
    "an avif's beginning": b"\0\0\0\x1cftypavif" + bytes(40),
    "a heic's beginning": b"\0\0\0\x1cftypheic" + bytes(40),
    "a large jpeg": encoded(500, 400, "jpg"),
    "a movie": b"\0\0\0\x1cftypisom" + bytes(100),
    "zeros": bytes(100_000),
    "too many bytes": bytes(350_000),
}


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory, gallery_folder: Path) -> Iterator[None]:
    from fastapi.testclient import TestClient

    from impasto.server.api import create_app
    from impasto.server.settings import ServerSettings

    settings = ServerSettings(
        folder=tmp_path_factory.mktemp("server"),
        gallery_folder=str(gallery_folder),
        limits=LIMITS,
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_photos(hardened: TestClient, content: bytes) -> None:
    answer = paint(hardened, content, style="first")
    assert is_a_sentence(answer), (answer.status_code, answer.text)
    assert "/tmp" not in answer.text


def test_the_same_as_masks_palettes_and_paintings(hardened: TestClient) -> None:
    for name in ("mask", "palette", "painting"):
        uploads = {name: ("a.png", HOSTILE["a gigantic png"])}
        assert is_a_sentence(answer := paint(hardened, files=uploads)), answer.text


def test_ten_thousand_small_files(hardened: TestClient) -> None:
    many = [(f"file{n}", (f"{n}.png", b"x")) for n in range(10_000)]
    assert is_a_sentence(hardened.post("/v1/paint", files=many))
    fields: dict[str, Any] = {f"field{n}": "x" for n in range(100)}
    assert is_a_sentence(paint(hardened, **fields))
    assert is_a_sentence(paint(hardened, style="x" * 10_000))


@pytest.mark.parametrize("name", ["../../x.png", "/etc/passwd", "a\0b.png", "x" * 5000, "con", "."])
def test_names_of_files_mean_nothing(hardened: TestClient, name: str, tmp_path: Path) -> None:
    answer = hardened.post("/v1/paint", files={"photo": (name, encoded())}, data={"style": "first"})
    assert answer.status_code in (200, 400)


# Starlette leaves the file of an upload that ends too early to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nhalf',
        b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"--x\r\nContent-Disposition: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_broken_forms(hardened: TestClient, body: bytes) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert is_a_sentence(answer := hardened.post("/v1/paint", content=body, headers=kind)), answer
    no_boundary = {"content-type": "multipart/form-data"}
    assert is_a_sentence(hardened.post("/v1/paint", content=body, headers=no_boundary))


def test_photos_within_the_limits() -> None:
    for kind in ("png", "jpg", "webp", "tiff", "bmp", "gif"):
        assert check_photo(encoded(file_format=kind), LIMITS) == kind


def test_videos(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=20)
    check_video(clip, LIMITS)
    for limits in (Limits(frames=10), Limits(seconds=0.5), Limits(pixels=100)):
        with pytest.raises(InputError):
            check_video(clip, limits)
    lists = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{clip.name}'\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="no video that can be read"):
            check_video(tmp_path / name, LIMITS)
