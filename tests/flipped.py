"""Files of which one byte is wrong: they are to be refused, or painted right.

Without a checksum a file does not show it. Then what is right is what another reader makes of the
same bytes: Pillow, or OpenCV, since Pillow has no 16 bits in RGB.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from awkward import encode, exif_bytes
from impasto.errors import InputError
from impasto.images import Original, PhotoFile, Picture, encode_image
from impasto.large.memory_plan import MemoryPlan, plan_memory
from impasto.photos import paint_photo
from impasto.stylizer import Stylizer
from tiny import picture

SIZE = 61, 43
NO_COMPRESSION, LZW, DEFLATE = 1, 5, 8  # of TIFFs, as OpenCV calls them
PREDICTOR = [cv2.IMWRITE_TIFF_PREDICTOR, 2]


def files() -> dict[str, bytes]:
    """One file of each format and way to store pixels."""
    pixels = picture(*SIZE)
    photo = Image.fromarray(pixels)
    cut_out = photo.copy()
    cut_out.putalpha(Image.fromarray(pixels[..., 0]))
    moving: dict[str, Any] = {
        "save_all": True,
        "append_images": [Image.fromarray(picture(*SIZE, seed)) for seed in (1, 2)],
    }
    deep = pixels.astype(np.uint16) * 257
    original = Picture(pixels, None, Original(deep, None, 65535.0))
    made = {
        "rgb.png": encode(photo, "PNG"),
        "turned.png": encode(photo, "PNG", exif=exif_bytes(6)),
        "alpha.png": encode(cut_out, "PNG"),
        "palette.png": encode(photo.quantize(64), "PNG"),
        "animated.png": encode(photo, "PNG", **moving),
        "16.png": encode_image(original, "png"),
        "turned.jpg": encode(photo, "JPEG", exif=exif_bytes(6)),
        "progressive.jpg": encode(photo, "JPEG", progressive=True),
        "lossy.webp": encode(photo, "WEBP"),
        "lossless.webp": encode(cut_out, "WEBP", lossless=True),
        "animated.webp": encode(photo, "WEBP", **moving),
        "rgb.avif": encode(photo, "AVIF"),
        "rgb.bmp": encode(photo, "BMP"),
        "palette.gif": encode(photo.quantize(64), "GIF"),
        "animated.gif": encode(photo, "GIF", **moving),
        "pages.tif": encode(photo, "TIFF", **moving),
        "16.tif": encode_image(original, "tif"),
    }
    for way in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        made[f"{way}.tif"] = encode(photo, "TIFF", compression=way)
    for number in (NO_COMPRESSION, LZW, DEFLATE):
        predictor = PREDICTOR if number != NO_COMPRESSION else []
        how = [cv2.IMWRITE_TIFF_COMPRESSION, number, *predictor]
        content = cv2.imencode(".tiff", np.ascontiguousarray(deep[..., ::-1]), how)[1]
        made[f"16-{number}.tif"] = content.tobytes()
    return made


FILES = files()


def flipped(content: bytes, places: int, seed: int = 0) -> Iterator[tuple[int, bytes]]:
    """Copies of a file with one byte changed at random, each after its place."""
    chooser = random.Random(seed)
    for _ in range(places):
        place = chooser.randrange(len(content))
        copy = bytearray(content)
        copy[place] ^= chooser.randrange(1, 256)
        yield place, bytes(copy)


@contextmanager
def in_tiles() -> Iterator[None]:
    """Paint all pictures as if they were too large for one piece."""

    def plan(*about: Any, **more: Any) -> MemoryPlan:
        return replace(plan_memory(*about, **more), whole=False)

    with patch("impasto.photos.plan_memory", plan):
        yield


def verdict(stylizer: Stylizer, name: str, damaged: bytes, target: Path) -> str:
    """What becomes of a damaged copy of one of the files: ``refused``, ``right``, ``as others read
    it``, or ``wrong``.

    Args:
        stylizer: of strength 0.
        name: the file's.
        damaged: the copy.
        target: a TIFF, to paint it into.
    """
    try:
        paint_photo(stylizer, damaged, target)
    except InputError:
        return "refused"
    painted = ours(target.read_bytes())
    if alike(painted, ours(FILES[name])):
        return "right"
    has_checksums = name.endswith(".png")
    others = (of_pillow(damaged), of_opencv(damaged))
    if not has_checksums and any(alike(painted, each) for each in others):
        return "as others read it"
    return "wrong"


Samples = NDArray[Any]


def alike(some: list[Samples], others: list[Samples]) -> bool:
    return len(some) == len(others) and all(map(np.array_equal, some, others))


def ours(content: bytes) -> list[Samples]:
    """The samples of all pictures in a file, with alpha if there is any."""
    with PhotoFile(content) as file:
        originals = [frame.picture.as_original() for frame in file.frames()]
    return [
        each.samples if each.alpha is None else np.dstack([each.samples, each.alpha])
        for each in originals
    ]


def of_opencv(content: bytes) -> list[Samples]:
    """The same as OpenCV sees it; nothing if it refuses it."""
    read, images = cv2.imdecodemulti(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    return [np.atleast_3d(each)[..., ::-1] for each in images] if read else []


def of_pillow(content: bytes) -> list[Samples]:
    """The same as Pillow sees it; nothing if it refuses it."""
    frames: list[Samples] = []
    try:
        with Image.open(io.BytesIO(content)) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
                frame = np.array(ImageOps.exif_transpose(image).convert("RGBA"))
                frames.append(frame if frame[..., 3].min() < 255 else frame[..., :3])
    except Exception:  # Pillow's decoders raise nearly anything on damaged files
        return []
    return frames
