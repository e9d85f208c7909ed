"""Decoding pictures: samples upright, and beside them all that a file says of them."""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError
from impasto.images.original import Metadata, Original, Samples
from impasto.images.profiles import useful_profile
from impasto.images.rows import PngReader, RowReader, TiffReader
from impasto.images.rows.tiff_reader import descriptive_exif, float_white

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 178_956_970
"""Larger pictures are refused by their header, before any memory is taken; Pillow refuses them,
too."""

T = TypeVar("T")
Decoded = tuple[Original, Metadata]
"""A picture as its file has it, but upright, and what the file says of it."""

# No others: some of Pillow's readers start other programs.
READ_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "GIF")
READERS_RAISE = ValueError, TypeError, OSError, EOFError, ArithmeticError, LookupError, struct.error
"""Readers of rows, about files that are damaged or of other kinds."""
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
TIFF_PHOTOMETRIC, TIFF_WHITE_IS_ZERO = 262, 0
ORIENTATION, EXIF, EXIF_WIDTH, EXIF_HEIGHT = 0x0112, 0x8769, 0xA002, 0xA003
XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))([0-9])")
NAMES = "JPEG, PNG, WebP, TIFF, BMP, AVIF, GIF, HEIC or a camera's raw format"


def damaged(name: str) -> InputError:
    """Return the error of a file that is damaged."""
    return InputError(
        f"{name} is damaged or cut off", "get it anew, or save it again in another program"
    )


def open_rows(file: BinaryIO) -> RowReader | None:
    """Open a file for reading row by row, if it is of such a kind."""
    for reader in (PngReader, TiffReader):
        file.seek(0)
        with contextlib.suppress(*READERS_RAISE):
            return reader(file)
    file.seek(0)
    return None


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
            raise damaged(name) from error
        yield item


def open_image(file: BinaryIO, name: str) -> Image:
    """Open a file as an image of Pillow's, its pixels not yet decoded."""
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
    """Read all rows at once.

    Raises:
        InputError: it is too large.
    """
    layout = reader.layout
    check_size(name, layout.width, layout.height, max_pixels)
    rows = np.concatenate(list(reader.strips()))
    orientation = orientation_of(reader.metadata)
    samples = _orient(rows, orientation)
    metadata = upright_metadata(reader.metadata, orientation)
    alpha = samples[..., -1] if layout.alpha else None
    colors = samples[..., : layout.colors]
    return _original(colors, alpha, layout.white, reader.profile), metadata


def decode_deep_heic(file: BinaryIO, image: Image, depth: int) -> Decoded:
    """Decode a HEIC photo of 10 or 12 bits to 16; Pillow's images have 8."""
    import pillow_heif

    file.seek(0)
    stored = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
    # Its bits are the upper ones of 16; white has all of them.
    samples = np.asarray(stored).astype(np.uint32)
    samples = (samples | samples >> depth).astype(np.uint16)
    alpha = samples[..., 3] if samples.shape[2] == 4 else None
    metadata = _metadata(image, image_orientation(image))
    profile = image.info.get("icc_profile") or b""
    return _original(samples[..., :3], alpha, 65535.0, profile), metadata


def decode_image(image: Image) -> Decoded:
    """Decode an image of Pillow's, with all that it says of itself."""
    turned = image.format == "TIFF"  # by Pillow, when it loads them
    if not turned:
        image.load()  # for errors that would be lost if asking for the orientation loaded it
    orientation = image_orientation(image)
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
        samples = _orient(samples, orientation)
        alpha = None if alpha is None else _orient(alpha, orientation)
    return _original(samples, alpha, white, profile), metadata


def _original(samples: Samples, alpha: Any, white: float, profile: bytes) -> Original:
    if alpha is not None:
        alpha = None if alpha.min() >= white else alpha.astype(samples.dtype)
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[samples.shape[2]]
    return Original(samples, alpha, white, useful_profile(profile, mode))


def _with_white(samples: NDArray[Any], float_white: float) -> tuple[Samples, float]:
    """Return samples in a type that an `Original` holds, and the sample that means full light."""
    if samples.dtype == np.uint16:
        return samples, 65535.0
    if samples.dtype.kind in "iu":
        white = 65535.0 if samples.max() > 255 else 255.0
        return samples.clip(0, white).astype(np.uint8 if white == 255 else np.uint16), white
    return samples.astype(np.float32, copy=False), float_white


def _orient(samples: Samples, orientation: int) -> Samples:
    """Turn samples upright.

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


def image_orientation(image: Image) -> int:
    """Return how Pillow's image is stored: 1 to 8, as EXIF has it."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # EXIF data may be damaged in any way, the picture being sound
        return 1


def orientation_of(metadata: Metadata) -> int:
    """Return how a picture is stored, by what its file says: 1 to 8, as EXIF has it."""
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
    """Return the metadata of a stored picture for the same picture turned upright."""
    dpi = metadata.dpi
    if dpi and orientation in (5, 6, 7, 8):
        dpi = dpi[1], dpi[0]
    xmp = XMP_ORIENTATION.sub(rb"\g<1>1", metadata.xmp)
    return Metadata(_upright_exif(metadata.exif, orientation), xmp, dpi)


def _upright_exif(content: bytes, orientation: int) -> bytes:
    """Return EXIF data for the same picture turned upright; nothing of data that cannot be read."""
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
