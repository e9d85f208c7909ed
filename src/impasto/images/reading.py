"""Reading pictures: upright pixels for networks, and beside them all that the file holds."""

from __future__ import annotations

import contextlib
import io
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError
from impasto.images.original import Metadata, Original, Samples
from impasto.images.picture import Picture
from impasto.images.profiles import useful_profile
from impasto.images.raw import RAW_SUFFIXES, read_raw
from impasto.images.rows import PNG_SIGNATURE, PngReader, RowReader, TiffReader, check_png
from impasto.images.rows.tiff_reader import descriptive_exif, float_white

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "READERS_RAISE",
    "Decoded",
    "Source",
    "check_size",
    "decode",
    "decode_image",
    "decode_rows",
    "decoded",
    "open_rows",
    "opened",
    "orient",
    "orientation_of",
    "picture_of",
    "read_content",
    "read_image",
    "reading",
    "upright_metadata",
]

IMAGE_SUFFIXES = (
    frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif"})
    | {".heic", ".heif"}
    | RAW_SUFFIXES
)
"""File names that end so (in small letters) are taken for images in folders."""

MAX_PIXELS = 178_956_970
"""Larger pictures are refused by their header, before any memory is taken; Pillow refuses them,
too."""

T = TypeVar("T")
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""The name of a picture's file, its content, or the file, open for reading."""

Decoded = tuple[Original, Metadata]
"""A picture as its file has it, but upright, and what the file says of it."""

# No others: some of Pillow's readers start other programs.
READ_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "GIF")
READERS_RAISE = ValueError, TypeError, OSError, EOFError, ArithmeticError, LookupError, struct.error
"""Readers of rows, about files that are damaged or of other kinds."""
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
TIFF_PHOTOMETRIC, TIFF_WHITE_IS_ZERO = 262, 0
ORIENTATION, EXIF, EXIF_WIDTH, EXIF_HEIGHT = 0x0112, 0x8769, 0xA002, 0xA003
MAX_STREAM_BYTES = 1 << 30
XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))([0-9])")
NAMES = "JPEG, PNG, WebP, TIFF, BMP, AVIF, GIF, HEIC or a camera's raw format"


def read_image(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP, AVIF or GIF, or a HEIC or raw photo (of several frames the
    first).

    EXIF orientation is applied, and the tag corrected. `Picture.pixels` are 8-bit sRGB, converted
    by the picture's ICC profile; its own depth and profile are in `Picture.original`, transparency
    in `Picture.alpha`, EXIF, XMP and resolution in `Picture.metadata`.

    HEIC needs pillow-heif (the extra ``heif``), raw photos rawpy (``raw``).

    Args:
        source: a path, a file's content, or a file that is open for reading bytes.
        max_pixels: larger pictures are refused; at most `MAX_PIXELS`.

    Raises:
        InputError: missing, empty, damaged, cut off, not an image, or too large.
        MissingExtraError: the format's package is not installed.
    """
    limit = min(max_pixels, MAX_PIXELS)
    if isinstance(source, str | os.PathLike) and Path(source).suffix.lower() in RAW_SUFFIXES:
        with reading(source):  # for its errors
            pass
        return read_raw(Path(source), limit)
    with reading(source) as (file, name):
        return decode(file, name, limit)


@contextlib.contextmanager
def reading(source: Source) -> Iterator[tuple[BinaryIO, str]]:
    """Open a source of pictures: a file that can be searched in, and what errors call it. What the
    block raises passes as it is.

    Raises:
        InputError: it cannot be opened, is missing, empty or a folder, or a stream of absurd
            length, or it is a PNG whose checksums are wrong.
    """
    name = _name_of(source)
    try:
        file = _open(source, name)
    except FileNotFoundError as error:
        raise InputError(f"{name} does not exist", "check the name") from error
    except (OSError, ValueError) as error:  # of a zero in the name
        problem = getattr(error, "strerror", error)
        raise InputError(f"{name} cannot be read ({problem})", "check it") from error
    with file:
        yield file, name


def _name_of(source: Source) -> str:
    if isinstance(source, bytes | bytearray | memoryview):
        return "the image data"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return "standard input" if name in ("<stdin>", 0, None) else str(name)


def _open(source: Source, name: str) -> BinaryIO:
    file: BinaryIO
    if isinstance(source, str | os.PathLike):
        if Path(source).is_dir():
            raise InputError(f"{name} is a folder", "give a file")
        file = Path(source).open("rb")  # noqa: SIM115
    else:
        file = io.BytesIO(read_content(source))
    try:
        _check_content(file, name)
    except BaseException:
        file.close()
        raise
    return file


def read_content(source: bytes | bytearray | memoryview | BinaryIO) -> bytes:
    """Return all bytes of a picture's file.

    Raises:
        InputError: the source is of another kind, open for text, closed, empty, or absurdly long.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif not hasattr(source, "read"):
        raise InputError(
            f"a photo is of type {type(source).__name__}",
            "give a file's name, its content as bytes, or a file that is open for reading them",
        )
    else:
        name = _name_of(source)
        try:
            content = source.read(MAX_STREAM_BYTES + 1)
        except ValueError as error:  # closed, or open for writing, or for text
            raise InputError(
                f"{name} cannot be read ({error})", "open it with mode 'rb'"
            ) from error
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror})", "check it") from error
        if not isinstance(content, bytes):
            raise InputError(f"{name} is open for text", "open it with mode 'rb'")
    if len(content) > MAX_STREAM_BYTES:
        raise InputError(
            f"{_name_of(source)} is longer than {MAX_STREAM_BYTES:,} bytes", "give a file"
        )
    if not content:
        raise InputError(f"{_name_of(source)} is empty", "give an image")
    return content


def _check_content(file: BinaryIO, name: str) -> None:
    head = file.read(len(PNG_SIGNATURE))
    if not head:
        raise InputError(f"{name} is empty", "give an image")
    file.seek(0)
    if head == PNG_SIGNATURE:
        try:
            check_png(file)
        except ValueError as error:
            raise _damaged(name) from error
        file.seek(0)


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged or cut off", "get it anew, or save it again in another program"
    )


def open_rows(file: BinaryIO) -> RowReader | None:
    """The file as one that can be read row by row, if it is of such a kind."""
    for reader in (PngReader, TiffReader):
        file.seek(0)
        with contextlib.suppress(*READERS_RAISE):
            return reader(file)
    file.seek(0)
    return None


def decode(file: BinaryIO, name: str, max_pixels: int) -> Picture:
    """The (first) picture of an open file.

    Raises:
        InputError: damaged, not an image, or too large.
        MissingExtraError: the format's package is not installed.
    """
    [(original, metadata)] = decoded(_first(file, name, max_pixels), name, max_pixels)
    return picture_of(original, metadata)


def _first(file: BinaryIO, name: str, max_pixels: int) -> Iterator[Decoded]:
    reader = open_rows(file)
    # Pillow is faster at 8-bit PNGs; in TIFFs it lets errors pass that their checksums show.
    if reader and (reader.layout.kind != "u1" or isinstance(reader, TiffReader)):
        yield decode_rows(reader, name, max_pixels)
        return
    file.seek(0)
    with opened(file, name) as image:
        check_size(name, image.width, image.height, max_pixels)
        if (depth := image.info.get("bit_depth", 8)) > 8 and image.format == "HEIF":
            yield _decode_deep_heic(file, image, depth)
        else:
            yield decode_image(image)


def decoded(items: Iterator[T], name: str, max_pixels: int) -> Iterator[T]:
    """Hand on what a decoder gives, item by item; whatever it raises becomes an InputError. What
    is done with the items happens outside: no file is blamed for it.

    Raises:
        InputError: the file is damaged, not an image, or too large.
        MissingExtraError: the format's package is not installed.
    """
    from PIL import Image, UnidentifiedImageError

    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except (InputError, MissingExtraError):
            raise
        except UnidentifiedImageError as error:
            raise InputError(f"{name} is not an image that can be read", f"give {NAMES}") from error
        except Image.DecompressionBombError as error:
            raise InputError(
                f"{name} has more than {max_pixels:,} pixels", "make it smaller first"
            ) from error
        except MemoryError as error:
            raise InputError(
                f"{name} needs more memory than there is", "make it smaller first"
            ) from error
        except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
            raise _damaged(name) from error
        yield item


def opened(file: BinaryIO, name: str) -> Image:
    """Pillow's image of a file, its pixels not yet decoded."""
    from PIL import Image

    head = file.read(12)
    file.seek(0)
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        try:
            import pillow_heif
        except ImportError as error:
            raise MissingExtraError(f"{name} is a HEIC photo, which", "heif") from error
        pillow_heif.register_heif_opener()
        return Image.open(file, formats=("HEIF", "AVIF"))
    return Image.open(file, formats=READ_FORMATS)


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse what is too large, by its header.

    Raises:
        InputError: it is.
    """
    if width * height > max_pixels:
        raise InputError(
            f"{name} has {width} x {height} pixels, more than {max_pixels:,}",
            "make it smaller first",
        )


def decode_rows(reader: RowReader, name: str, max_pixels: int) -> Decoded:
    """All rows at once.

    Raises:
        InputError: it is too large.
    """
    layout = reader.layout
    check_size(name, layout.width, layout.height, max_pixels)
    rows = np.concatenate(list(reader.strips()))
    orientation = orientation_of(reader.metadata)
    samples = orient(rows, orientation)
    metadata = upright_metadata(reader.metadata, orientation)
    alpha = samples[..., -1] if layout.alpha else None
    colors = samples[..., : layout.colors]
    return _original(colors, alpha, layout.white, reader.profile), metadata


def _decode_deep_heic(file: BinaryIO, image: Image, depth: int) -> Decoded:
    """A HEIC photo of 10 or 12 bits, in 16; Pillow's images have 8."""
    import pillow_heif

    file.seek(0)
    stored = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
    # Its bits are the upper ones of 16; white has all of them.
    samples = np.asarray(stored).astype(np.uint32)
    samples = (samples | samples >> depth).astype(np.uint16)
    alpha = samples[..., 3] if samples.shape[2] == 4 else None
    metadata = _metadata(image, _orientation(image))
    profile = image.info.get("icc_profile") or b""
    return _original(samples[..., :3], alpha, 65535.0, profile), metadata


def decode_image(image: Image) -> Decoded:
    """A picture of Pillow's, with all that it says of itself."""
    turned = image.format == "TIFF"  # by Pillow, when it loads them
    if not turned:
        image.load()  # for errors that would be lost if asking for the orientation loaded it
    orientation = _orientation(image)
    image.load()
    metadata = _metadata(image, orientation)
    profile = image.info.get("icc_profile") or b""
    alpha, white = None, 255.0
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        samples, white = _with_white(np.array(image)[..., None], float_white(tags))
        if tags.get(TIFF_PHOTOMETRIC) == TIFF_WHITE_IS_ZERO:
            samples = (white - samples).astype(samples.dtype)
        if isinstance(key := image.info.get("transparency"), int):
            alpha = np.where(samples[..., 0] == key, 0, white)
    else:
        if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
            grey = image.mode in ("LA", "La", "L")
            image = image.convert("RGBA")
            alpha = np.array(image.getchannel("A"))
            image = image.getchannel("R") if grey else image.convert("RGB")
        elif image.mode not in ("L", "RGB", "CMYK"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        samples = np.array(image)
        samples = samples.reshape(*samples.shape[:2], -1)
    if not turned:
        samples = orient(samples, orientation)
        alpha = None if alpha is None else orient(alpha, orientation)
    return _original(samples, alpha, white, profile), metadata


def _original(samples: Samples, alpha: Any, white: float, profile: bytes) -> Original:
    if alpha is not None:
        alpha = None if alpha.min() >= white else alpha.astype(samples.dtype)
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[samples.shape[2]]
    return Original(samples, alpha, white, useful_profile(profile, mode))


def picture_of(original: Original, metadata: Metadata) -> Picture:
    """A picture whose original stays with it, unless its pixels are all there is to it."""
    if original.is_plain:
        pixels = np.ascontiguousarray(original.samples)
        return Picture(pixels, original.alpha, metadata=metadata)
    return Picture(original.to_pixels(), original.alpha_8_bit(), original, metadata)


def _with_white(samples: NDArray[Any], float_white: float) -> tuple[Samples, float]:
    """Samples in a type that an `Original` holds, and the sample that means full light."""
    if samples.dtype == np.uint16:
        return samples, 65535.0
    if samples.dtype.kind in "iu":
        white = 65535.0 if samples.max() > 255 else 255.0
        return samples.clip(0, white).astype(np.uint8 if white == 255 else np.uint16), white
    return samples.astype(np.float32, copy=False), float_white


def orient(samples: Samples, orientation: int) -> Samples:
    """Samples as stored, turned upright.

    Args:
        samples: H x W, or H x W x C.
        orientation: 1 to 8, as EXIF has it; others change nothing.
    """
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def _orientation(image: Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # EXIF data may be damaged in any way, the picture being sound
        return 1


def orientation_of(metadata: Metadata) -> int:
    """How a picture is stored, by what its file says of it: 1 to 8, as EXIF has it."""
    from PIL import Image

    exif = Image.Exif()
    with contextlib.suppress(Exception):  # damaged in any way, the picture being sound
        exif.load(metadata.exif)
        if ORIENTATION in exif:
            return int(exif[ORIENTATION])
    said = XMP_ORIENTATION.search(metadata.xmp)
    return int(said[2]) if said else 1


def _metadata(image: Image, orientation: int) -> Metadata:
    exif = b""
    with contextlib.suppress(Exception):
        found = image.getexif()
        if image.format == "TIFF":  # among them is how the pixels are stored
            keep = descriptive_exif(found)
            for tag in [tag for tag in found if tag not in keep]:
                del found[tag]
        exif = found.tobytes() if found else b""
    xmp = image.info.get("xmp", b"")
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    dpi = None
    with contextlib.suppress(TypeError, ValueError, KeyError, ArithmeticError):
        across, down = (float(each) for each in image.info["dpi"])
        dpi = (across, down) if 0 < across < 1e6 and 0 < down < 1e6 else None
    return upright_metadata(Metadata(exif, xmp, dpi), orientation)


def upright_metadata(metadata: Metadata, orientation: int) -> Metadata:
    """What is said of a stored picture, of the same picture turned upright."""
    dpi = metadata.dpi
    if dpi and orientation in (5, 6, 7, 8):
        dpi = dpi[1], dpi[0]
    xmp = XMP_ORIENTATION.sub(rb"\g<1>1", metadata.xmp)
    return Metadata(_upright_exif(metadata.exif, orientation), xmp, dpi)


def _upright_exif(content: bytes, orientation: int) -> bytes:
    """EXIF data for the same picture turned upright; nothing of data that cannot be read."""
    from PIL import Image

    if not content:
        return b""
    try:
        exif = Image.Exif()
        exif.load(content)
        inner = exif.get_ifd(EXIF)
        if ORIENTATION in exif or orientation != 1:
            exif[ORIENTATION] = 1
        if orientation in (5, 6, 7, 8) and EXIF_WIDTH in inner and EXIF_HEIGHT in inner:
            inner[EXIF_WIDTH], inner[EXIF_HEIGHT] = inner[EXIF_HEIGHT], inner[EXIF_WIDTH]
        return exif.tobytes()
    except Exception:  # damaged in any way, the picture being sound
        return b""
