"""Writing pictures."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, cast

import numpy as np

from impasto._util.atomic_files import write_atomically
from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import OptionError, OutputError
from impasto.images.blend import in_bands
from impasto.images.original import Metadata, Original, Samples, cast_samples
from impasto.images.profiles import image_of, srgb_profile
from impasto.images.rows import Layout, PngWriter, RowWriter, TiffWriter
from impasto.images.rows.layout import rows_within
from impasto.images.transparency import lay_on_white

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_JPEG_EXIF = 65_000
"""Bytes of EXIF or XMP that a JPEG's segment can hold."""


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        pillow_name: what Pillow calls it.
        alpha: it has transparency; without, pictures are laid on white.
        max_side_px: the longest side that it can hold.
        modes: kinds of colours that it can hold; others become RGB.
        kinds: types of samples that it can hold, the deepest last; others become the last.
        lossy: it takes a quality.
    """

    pillow_name: str
    alpha: bool
    max_side_px: int = 2**31 - 1
    modes: tuple[str, ...] = ("RGB",)
    kinds: tuple[str, ...] = ("u1",)
    lossy: bool = False


class Writable(Protocol):
    """A picture as `write_image` needs it; `impasto.Picture` is one."""

    @property
    def width(self) -> int:
        """Width in pixels."""

    @property
    def height(self) -> int:
        """Height in pixels."""

    @property
    def metadata(self) -> Metadata:
        """EXIF, XMP and resolution."""

    def as_original(self) -> Original:
        """Return all samples that there are, in their own depth and profile."""


_JPEG = Format("JPEG", False, 65_500, modes=("L", "RGB", "CMYK"), lossy=True)
_TIFF = Format("TIFF", True, modes=("L", "RGB", "CMYK"), kinds=("u1", "u2", "f4"))
FORMATS = {
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": Format("PNG", True, modes=("L", "RGB"), kinds=("u1", "u2")),
    "webp": Format("WEBP", True, 16_383, lossy=True),
    "tif": _TIFF,
    "tiff": _TIFF,
    "bmp": Format("BMP", False),
    "avif": Format("AVIF", True, 65_536, lossy=True),
    "gif": Format("GIF", True, 65_535),
}
"""Formats by the end of a file's name, in small letters and without the dot."""


def write_image(
    path: str | os.PathLike[str] | BinaryIO,
    picture: Writable,
    *,
    file_format: str | None = None,
    quality: int = DEFAULT_FILE_QUALITY,
    overwrite: bool = True,
) -> None:
    """Write a picture, whole or not at all.

    What is written is `Picture.original` if there is one, in its own depth and profile as far as
    the format goes: PNG holds 16 bits, TIFF floats and CMYK, too. EXIF, XMP and resolution go
    along. Transparency is kept in PNG, WebP, TIFF, AVIF and (as all or nothing) GIF; in JPEG and
    BMP the picture is laid on white.

    Args:
        path: the file's name, or a file that is open for writing bytes.
        file_format: a key of `FORMATS`; the end of the name if not given.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        overwrite: replace a file that exists.

    Raises:
        OptionError: the format is unknown, or the quality out of its range.
        OutputError: the file cannot be written, or the format cannot hold the picture.
    """
    if not isinstance(path, str | os.PathLike):
        _write_stream(path, picture, file_format, quality)
        return
    path = Path(path)
    file_format = file_format or check_format(path)
    content = encode_image(picture, file_format, quality=quality, name=str(path))
    with write_atomically(path, overwrite=overwrite) as file:
        file.write(content)


def _write_stream(
    stream: BinaryIO, picture: Writable, file_format: str | None, quality: int
) -> None:
    name = str(getattr(stream, "name", "the stream"))
    if not (file_format or Path(name).suffix):
        raise OptionError(f"{name} has no format", "give file_format='png', say")
    content = encode_image(picture, file_format or check_format(name), quality=quality, name=name)
    try:
        stream.write(content)
    except (OSError, ValueError, TypeError, AttributeError) as error:  # closed, or open for text
        raise OutputError(
            f"{name} cannot be written ({error})", "give a file that is open with mode 'wb'"
        ) from error


def check_format(path: str | os.PathLike[str]) -> str:
    """Return the format that a file's name asks for, a key of `FORMATS`.

    Raises:
        OptionError: it is none of them.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise OptionError(f"{path}: no image format is called {suffix!r}", f"end it in {known}")
    return suffix


def encode_image(
    picture: Writable,
    file_format: str,
    *,
    quality: int = DEFAULT_FILE_QUALITY,
    name: str = "the picture",
) -> bytes:
    """Encode a picture as the bytes of a file.

    Args:
        file_format: a key of `FORMATS`.
        quality: 1 to 100, of JPEG, WebP and AVIF.
        name: what errors call it.

    Raises:
        OptionError: the format is unknown, or the quality out of its range.
        OutputError: the format cannot hold the picture.
    """
    if file_format not in FORMATS:
        raise OptionError(f"no image format {file_format!r}", f"one of {', '.join(FORMATS)}")
    if not isinstance(quality, int) or not 1 <= quality <= 100:
        raise OptionError(f"quality is {quality}", "give a whole number from 1 to 100")
    form = FORMATS[file_format]
    if max(picture.width, picture.height) > form.max_side_px:
        raise OutputError(
            f"{name}: {form.pillow_name} holds {form.max_side_px} px at most, "
            f"the picture is {picture.width} x {picture.height}",
            "write PNG or TIFF",
        )
    original = fitted(picture.as_original(), form)
    content = io.BytesIO()
    try:
        if form is _TIFF or (form.pillow_name == "PNG" and original.samples.dtype != np.uint8):
            write_rows(original, picture.metadata, content, form)
        else:
            image = to_image(original)
            image.save(
                content, form.pillow_name, **save_options(form, original, picture.metadata, quality)
            )
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(
            f"{name} cannot be written as {form.pillow_name} ({error})", "write PNG"
        ) from error
    return content.getvalue()


def fitted(original: Original, form: Format) -> Original:
    """Convert an original to the nearest that a format can hold."""
    samples, alpha = original.samples, original.alpha
    white, profile = original.white, original.profile
    if original.mode not in form.modes:
        if original.mode == "L" and not profile:
            samples = np.repeat(samples, 3, axis=2)
        else:
            samples, alpha = original.to_pixels(), original.alpha_8_bit()
            white, profile = 255.0, b""
    if samples.dtype.str[1:] not in form.kinds:
        kind = form.kinds[-1]
        new_white = float(np.iinfo(kind).max)
        factor = np.float32(new_white / white)

        def convert(values: Samples) -> Samples:
            return cast_samples(np.nan_to_num(values * factor), np.dtype(kind), new_white)

        samples, white = in_bands(convert, samples), new_white
        alpha = None if alpha is None else in_bands(convert, alpha)
    if alpha is not None and not form.alpha:
        samples, alpha = lay_on_white(samples, alpha, white), None
    return Original(samples, alpha, white, profile)


def to_image(original: Original) -> Image:
    """Return 8-bit samples as an image of Pillow's."""
    from PIL import Image

    image = image_of(original.samples)
    if original.alpha is not None:
        image.putalpha(Image.fromarray(np.ascontiguousarray(original.alpha)))
    return image


def save_options(
    form: Format, original: Original, metadata: Metadata, quality: int
) -> dict[str, Any]:
    """Return how Pillow shall write, and what beside the pixels."""
    from PIL.PngImagePlugin import PngInfo

    options: dict[str, Any] = {}
    if form.lossy:
        options["quality"] = quality
    if form.pillow_name in ("JPEG", "AVIF") and original.mode != "L":
        # Strokes have coloured edges, which 4:2:0 chroma would smear. (WebP has no choice.)
        options["subsampling"] = "4:4:4"
    if metadata.dpi and form.pillow_name in ("JPEG", "PNG", "BMP"):
        options["dpi"] = metadata.dpi
    if form.pillow_name in ("BMP", "GIF"):
        return options
    options["icc_profile"] = _file_profile(original)
    if metadata.exif and not (form.pillow_name == "JPEG" and len(metadata.exif) > MAX_JPEG_EXIF):
        options["exif"] = metadata.exif
    if metadata.xmp and form.pillow_name == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    elif metadata.xmp and len(metadata.xmp) < MAX_JPEG_EXIF:
        options["xmp"] = metadata.xmp
    return options


def _file_profile(original: Original) -> bytes:
    """Return the ICC profile to write: the picture's own, or one that says sRGB; none for plain
    grey and CMYK.
    """
    return original.profile or (srgb_profile() if original.mode == "RGB" else b"")


def write_rows(
    original: Original,
    metadata: Metadata,
    file: BinaryIO,
    form: Format,
    previous: RowWriter | None = None,
) -> RowWriter:
    """Write a PNG or TIFF, or one more page of a TIFF.

    Args:
        original: as `fitted` makes it.
        metadata: EXIF, XMP and resolution.
        form: PNG's or TIFF's.
        previous: the page before.
    """
    height, width = original.samples.shape[:2]
    writer = open_writer(file, form, original, (width, height), metadata, previous)
    step = rows_within(writer.layout)
    for top in range(0, height, step):
        rows = slice(top, top + step)
        alpha = None if original.alpha is None else original.alpha[rows]
        writer.write(replace(original, samples=original.samples[rows], alpha=alpha).channels)
    writer.finish()
    return writer


def open_writer(
    file: BinaryIO,
    form: Format,
    original: Original,
    size: tuple[int, int],
    metadata: Metadata,
    previous: RowWriter | None = None,
) -> RowWriter:
    """Begin a PNG or TIFF that is written row by row; see `write_rows`.

    Args:
        original: some rows of it, or all.
        size: width and height of the whole, in pixels.
    """
    samples, has_alpha = original.samples, original.alpha is not None
    kind = cast(Literal["u1", "u2", "f4"], samples.dtype.str[1:])
    layout = Layout(*size, samples.shape[2], has_alpha, kind, original.white)
    profile = _file_profile(original)
    if form.pillow_name == "PNG":
        return PngWriter(file, layout, metadata, profile)
    page = previous if isinstance(previous, TiffWriter) else None
    return TiffWriter(file, layout, metadata, profile, page)
