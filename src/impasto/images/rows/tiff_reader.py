"""Reading TIFF strip by strip (TIFF 6.0; BigTIFF, too).

The compressions that lose nothing give raw bytes, whatever these mean; what they mean is undone
here: prediction, byte order, tiles. For LZW and PackBits, a library unpacks each strip, wrapped up
as a small TIFF of its own whose bytes are called grey.
"""

from __future__ import annotations

import contextlib
import io
import math
import struct
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import numpy as np

from impasto.images.original import Metadata, Samples, cast_samples
from impasto.images.rows.layout import STRIP_BYTES, Kind, Layout, inflate, pieces, to_samples

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, CHANNELS, ROWS_PER_STRIP, STRIP_LENGTHS = 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, PREDICTOR = 282, 283, 284, 296, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS = 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, MAX_SAMPLE, XMP, PROFILE = 338, 339, 341, 700, 34675
EXIF, GPS = 34665, 34853
NONE, LZW, DEFLATE, PACKBITS = (1,), (5,), (8, 32946), (32773,)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5
PREMULTIPLIED, STRAIGHT = 1, 2
DIFFERENCES, FLOAT_DIFFERENCES = 2, 3
CENTIMETRES = 3

DESCRIPTIVE = {270, 271, 272, 274, 305, 306, 315, 316, 33432, 34665, 34853, 18246} | set(
    range(40091, 40096)
)
"""Tags that say what is in a picture, not how it is stored: camera, times, names, EXIF, GPS."""


class TiffReader:
    """One page of a TIFF file: grey, RGB or CMYK in whole numbers of 8 or 16 bits or floats of 32,
    without loss; floats of 16 and 64 bits become such of 32.

    Args:
        file: open for reading.
        page: counted from 0.

    Raises:
        ValueError: it is another kind of TIFF, or none, or damaged.
    """

    def __init__(self, file: BinaryIO, page: int = 0) -> None:
        self._file = file
        tags = _read_tags(file, page)
        self._tags = tags
        self.more_pages = bool(tags.next)
        width, height = int(tags[WIDTH]), int(tags[HEIGHT])
        channels = int(tags.get(CHANNELS, 1))
        self._compression = int(tags.get(COMPRESSION, 1))
        self._predictor = int(tags.get(PREDICTOR, 1))
        self._white_is_zero = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
        self._order = "<" if tags.prefix == b"II" else ">"
        colors = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}.get(
            int(tags.get(PHOTOMETRIC, -1))
        )
        bits = set(_numbers(tags.get(BITS, 1)))
        form = set(_numbers(tags.get(SAMPLE_FORMAT, 1)))
        kinds: dict[tuple[int, int], Kind] = {
            (8, 1): "u1",
            (16, 1): "u2",
            (16, 3): "f2",
            (32, 3): "f4",
            (64, 3): "f8",
        }
        kind = kinds.get((min(bits), min(form))) if len(bits) == len(form) == 1 else None
        if (
            not colors
            or not kind
            or not colors <= channels <= colors + 8
            or min(width, height) < 1
            or (tags.get(PLANAR, 1) != 1 and channels > 1)
            or self._compression not in (*NONE, *LZW, *DEFLATE, *PACKBITS)
            or self._predictor not in (1, DIFFERENCES, FLOAT_DIFFERENCES)
        ):
            raise ValueError("a kind of TIFF that is not read row by row")
        given = cast(Literal["u1", "u2", "f4"], "f4" if kind[0] == "f" else kind)
        extra = _numbers(tags.get(EXTRA_SAMPLES, 0))
        self._premultiplied = extra[0] == PREMULTIPLIED
        alpha = channels > colors and extra[0] in (PREMULTIPLIED, STRAIGHT)
        self._stored = Layout(width, height, channels, False, kind)
        self.layout = Layout(width, height, colors, alpha, given, float_white(tags))
        self.profile = bytes(tags.get(PROFILE, b""))
        xmp = tags.get(XMP, b"")
        xmp = bytes(xmp) if isinstance(xmp, bytes | bytearray | tuple | list) else b""
        self.metadata = Metadata(_exif(file, tags), xmp, _dpi(tags))

    def strips(self) -> Iterator[Samples]:
        """Yield all rows in order, some at a time: n x W x channels of the layout's type.

        Raises:
            ValueError, OSError, EOFError: the file is damaged or cut off.
        """
        tiled = TILE_WIDTH in self._tags
        for samples in self._tile_rows() if tiled else self._file_strips():
            yield self._understand(samples)

    def _file_strips(self) -> Iterator[Samples]:
        stored = self._stored
        offsets = _numbers(self._tags[STRIP_OFFSETS])
        lengths = _numbers(self._tags.get(STRIP_LENGTHS, stored.height * stored.row_bytes))
        rows = min(int(self._tags.get(ROWS_PER_STRIP, stored.height)), stored.height)
        if rows < 1 or len(offsets) < -(-stored.height // rows) or len(lengths) < len(offsets):
            raise ValueError("damaged")
        for top, offset, length in zip(range(0, stored.height, rows), offsets, lengths):  # noqa: B905
            count = min(rows, stored.height - top)
            for raw in self._unpacked(offset, length, stored.row_bytes, count):
                yield self._undo_prediction(to_samples(raw, stored, self._raw_order))

    def _tile_rows(self) -> Iterator[Samples]:
        """Yield strips, made of tiles side by side."""
        stored = self._stored
        width, height = int(self._tags[TILE_WIDTH]), int(self._tags[TILE_HEIGHT])
        if not (1 <= width <= 1 << 16 and 1 <= height <= 1 << 16):
            raise ValueError("damaged")
        tile = Layout(width, height, stored.colors, False, stored.kind)
        across, down = -(-stored.width // width), -(-stored.height // height)
        offsets = _numbers(self._tags[TILE_OFFSETS])
        lengths = _numbers(self._tags[TILE_LENGTHS])
        if len(offsets) < across * down or len(lengths) < across * down:
            raise ValueError("damaged")
        for row in range(down):
            tiles = []
            for number in range(row * across, (row + 1) * across):
                raw = b"".join(
                    self._unpacked(offsets[number], lengths[number], tile.row_bytes, height)
                )
                tiles.append(self._undo_prediction(to_samples(raw, tile, self._raw_order)))
            strip = np.concatenate(tiles, axis=1)
            yield strip[: stored.height - row * height, : stored.width]

    @property
    def _raw_order(self) -> str:
        # The floating-point predictor stores bytes by weight, the heaviest first.
        return ">" if self._predictor == FLOAT_DIFFERENCES else self._order

    def _unpacked(self, offset: int, length: int, row_bytes: int, rows: int) -> Iterator[bytes]:
        """Yield a strip's or tile's raw bytes, whole rows at a time."""
        self._file.seek(offset)
        step = max(1, STRIP_BYTES // row_bytes)
        if self._compression in NONE:
            for top in range(0, rows, step):
                yield _read(self._file, row_bytes * min(step, rows - top))
        elif self._compression in DEFLATE:
            stream = pieces(self._file, offset, length)
            yield from inflate(stream, row_bytes * rows, row_bytes * step)
        else:
            yield _unpack(_read(self._file, length), self._compression, row_bytes, rows)

    def _undo_prediction(self, samples: Samples) -> Samples:
        """Sum up rows that were stored as differences between neighbours (TIFF 6.0, section 14)."""
        if self._predictor == 1:
            return samples
        if self._predictor == DIFFERENCES:
            kind = f"u{samples.dtype.itemsize}"
            summed = np.cumsum(samples.view(kind), axis=1, dtype=kind)
            return summed.view(samples.dtype)
        # Adobe's technical note 3: differences of bytes, after the bytes of a row were sorted by
        # their weight: first all heaviest, and so on.
        rows, width, channels = samples.shape
        size = samples.dtype.itemsize
        stored = samples.astype(samples.dtype.newbyteorder(">"), copy=False)
        raw = stored.view(np.uint8).reshape(rows, -1, channels)
        summed = np.cumsum(raw, axis=1, dtype=np.uint8).reshape(rows, size, width * channels)
        joined = np.ascontiguousarray(summed.transpose(0, 2, 1))
        values = joined.view(f">{self._stored.kind}").reshape(rows, width, channels)
        return values.astype(self._stored.kind)

    def _understand(self, samples: Samples) -> Samples:
        """Keep only the channels that the layout names; make 0 black, and alpha straight."""
        samples = samples[..., : self.layout.channels]
        white = self.layout.white
        if self._white_is_zero:
            samples = samples.copy()
            samples[..., 0] = white - samples[..., 0]
        if self.layout.alpha and self._premultiplied:
            alpha = samples[..., -1:].astype(np.float64)
            colors = samples[..., :-1] * (white / np.where(alpha == 0, white, alpha))
            return cast_samples(np.concatenate([colors, alpha], axis=2), samples.dtype, white)
        return samples.astype(self.layout.kind, copy=False)


def float_white(tags: Any) -> float:
    """Return the float that means full light: what the file says (SMaxSampleValue), or else 1."""
    said = tags.get(MAX_SAMPLE, 1.0)
    white = float(max(said) if isinstance(said, tuple) else said)
    return white if 0 < white < math.inf else 1.0


def descriptive_exif(tags: Any) -> dict[int, Any]:
    """Return those of a TIFF's tags that belong into another file's EXIF."""
    return {tag: tags[tag] for tag in tags if tag in DESCRIPTIVE}


def read_exif(file: BinaryIO) -> bytes:
    """Read what a file that begins like a TIFF says of its picture, as EXIF data of an upright one.

    Raises:
        ValueError, OSError: it does not, or is damaged.
    """
    tags = _read_tags(file, 0)
    if ORIENTATION in tags:
        tags[ORIENTATION] = 1
    return _exif(file, tags)


def _read_tags(file: BinaryIO, page: int) -> ImageFileDirectory_v2:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    file.seek(0)
    head = file.read(8)
    if head[:4] not in TIFF_MAGIC:
        raise ValueError("no TIFF")
    if head[2] == 43 or head[3] == 43:
        head += file.read(8)
    try:
        tags = ImageFileDirectory_v2(head)
        for number in range(page + 1):
            if not tags.next:
                raise ValueError(f"no page {number}")
            file.seek(tags.next)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of odd tags, which do not matter here
                tags.load(file)
        if WIDTH not in tags or HEIGHT not in tags:
            raise ValueError("damaged")
    except (SyntaxError, struct.error, OverflowError, TypeError, KeyError) as error:
        raise ValueError("damaged") from error
    return tags


def _exif(file: BinaryIO, tags: ImageFileDirectory_v2) -> bytes:
    from PIL import Image

    found = descriptive_exif(tags)
    exif = Image.Exif()
    for tag, value in found.items():
        if tag not in (EXIF, GPS):
            exif[tag] = value
            continue
        with contextlib.suppress(Exception):  # damaged in any way, the picture being sound
            exif[tag] = _directory(file, tags, int(value))
    with contextlib.suppress(Exception):  # damaged, too
        return exif.tobytes() if found else b""
    return b""


def _directory(file: BinaryIO, tags: ImageFileDirectory_v2, offset: int) -> dict[int, Any]:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    inner = ImageFileDirectory_v2(tags._get_ifh())
    file.seek(offset)
    inner.load(file)
    return dict(inner)


def _dpi(tags: ImageFileDirectory_v2) -> tuple[float, float] | None:
    try:
        across, down = float(tags[X_RESOLUTION]), float(tags[Y_RESOLUTION])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    unit = tags.get(RESOLUTION_UNIT, 2)
    if unit not in (2, CENTIMETRES) or not (0 < across < 1e6 and 0 < down < 1e6):
        return None
    factor = 2.54 if unit == CENTIMETRES else 1.0
    return across * factor, down * factor


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(each) for each in (value if isinstance(value, tuple) else (value,)))


def _read(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) < length:
        raise EOFError("cut off")
    return content


def _unpack(packed: bytes, compression: int, row_bytes: int, rows: int) -> bytes:
    """Unpack LZW and PackBits, by way of Pillow."""
    from PIL import Image

    entries = [
        (WIDTH, row_bytes),
        (HEIGHT, rows),
        (BITS, 8),
        (COMPRESSION, compression),
        (PHOTOMETRIC, BLACK_IS_ZERO),
        (STRIP_OFFSETS, 8),
        (CHANNELS, 1),
        (ROWS_PER_STRIP, rows),
        (STRIP_LENGTHS, len(packed)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries
    )
    padding = bytes(len(packed) % 2)
    head = b"II*\0" + struct.pack("<I", 8 + len(packed) + len(padding))
    small = head + packed + padding + directory + bytes(4)
    with Image.open(io.BytesIO(small), formats=("TIFF",)) as image:
        return bytes(image.tobytes())
