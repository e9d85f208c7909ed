"""How much memory a painting takes, predicted; and how to cut one that would take too much.

What is predicted was measured with `benchmarks/large_pictures.py`, and is right within 15 %; rather
too much than too little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from impasto._util.memory import usable_memory_bytes
from impasto.engines import Engine
from impasto.errors import OptionError
from impasto.multiscale import pass_sizes
from impasto.networks.spec import JOHNSON, NetworkSpec
from impasto.networks.stages import waiting_per_px
from impasto.two_part_model import revision_sizes

DEFAULT_SHARE = 0.75  # of what this process may have
LEAST_DEFAULT_BYTES = 600_000_000  # with less, hardly a photo can be painted
UNKNOWN_DEFAULT_BYTES = 2_000_000_000  # where the system does not tell what there is
BASE_BYTES = 240_000_000  # Python, NumPy, OpenCV, an engine, a network
WHOLE_BYTES_PER_PX = 14  # beside the photo: padded, painted, blended, decoded and encoded
ENGINE_BYTES = {
    ("openvino", "int8"): (16, 2.5),
    ("openvino", "bf16"): (16, 2.9),
    ("openvino", "f32"): (5, 6.4),
    ("onnxruntime", "int8"): (0, 9.4),
    ("onnxruntime", "f32"): (0, 9.4),
    ("opencv", "f32"): (59, 7.7),
}
"""Memory of an engine while it paints: for each pixel, and more for each number that a pixel's
features are (`impasto.networks.stages.waiting_per_px`)."""
REVISION_BYTES_PER_PX = {
    ("openvino", "int8"): 107,
    ("openvino", "bf16"): 86,
    ("openvino", "f32"): 145,
    ("onnxruntime", "int8"): 195,
    ("onnxruntime", "f32"): 195,
    ("opencv", "f32"): 168,
}
"""The same of a revision (`impasto.two_part_model`), of which each style has one."""
STRIP_BYTES_PER_PX = 16  # of tiles side by side: what is seen, what was painted, what is written
SHARES_BYTES_PER_PX = 16  # of each style, where there are several
TILES_PX = (2048, 1536, 1024, 768, 512, 256)
MOST_STRIP_BYTES = 128 << 20  # of features: larger strips gain nothing
LEAST_STRIP_BYTES = 32 << 20
FIXED_BYTES = 64 << 20  # buffers of reading and writing

POWERS = "KMGT"
BY_ROWS = ", or convert it to PNG or TIFF (upright), and write one of these"


@dataclass(frozen=True)
class MemoryPlan:
    """The way in which a picture will be painted.

    Attributes:
        whole: in one piece; the other fields but the last do not matter then.
        whole_px: passes of up to so many pixels are painted in one piece.
        tile_px: side of what a tile contributes.
        margin_px: what it sees beyond that, on each side.
        strip_bytes: of features, while statistics are measured.
        peak_bytes: the most memory that is predicted.
    """

    whole: bool
    whole_px: int
    tile_px: int
    margin_px: int
    strip_bytes: int
    peak_bytes: int

    def __str__(self) -> str:
        peak = f"{self.peak_bytes / 1e9:.2f} GB predicted"
        if self.whole:
            return f"in one piece, {peak}"
        return f"in tiles of {self.tile_px} px that overlap by {2 * self.margin_px}, {peak}"


def plan_memory(
    size: tuple[int, int],
    limit_bytes: int,
    engine: Engine,
    spec: NetworkSpec | None,
    *,
    held_bytes: int = 0,
    read_bytes: int = 0,
    photo_bytes_per_px: int = 3,
    written_bytes_per_px: int = 0,
    streamed: bool = False,
    styles: int = 1,
) -> MemoryPlan:
    """Find out how a picture can be painted within a limit.

    Args:
        size: width and height of the picture, in pixels.
        limit_bytes: of resident memory, all included.
        spec: of the network; none if it can only paint in one piece. It is then taken for one like
            Johnson's.
        held_bytes: what else is in memory all the time.
        read_bytes: more, while the photo is read.
        photo_bytes_per_px: of the photo, decoded.
        written_bytes_per_px: more, while the painting is written: none if that is done row by row.
        streamed: the photo waits on disk while it is painted in tiles.
        styles: how many are painted beside each other.

    Raises:
        OptionError: it cannot, with what would do.
    """
    width, height = size
    pixels = width * height
    base = BASE_BYTES + held_bytes
    engine_bytes = _engine_bytes_per_px(engine, spec or JOHNSON, styles)
    margin = margin_px(spec) if spec else 0
    shares_bytes = SHARES_BYTES_PER_PX * styles if styles > 1 else 0
    whole_bytes = photo_bytes_per_px + engine_bytes
    whole_bytes += max(WHOLE_BYTES_PER_PX + shares_bytes, written_bytes_per_px)
    whole_peak = base + max(read_bytes, pixels * whole_bytes)
    if whole_peak <= limit_bytes:
        return MemoryPlan(True, pixels, 0, margin, 0, whole_peak)
    if not spec:
        raise _refusal(size, limit_bytes, whole_peak, ", or use a style of a gallery")
    photo = 0 if streamed else pixels * photo_bytes_per_px
    ends = base + photo + max(read_bytes, pixels * written_bytes_per_px)
    held = base + FIXED_BYTES + photo
    for whole_px in ((limit_bytes - held) // whole_bytes, 0):
        kept = _largest_px(size, spec, whole_px) * engine_bytes
        features = min(MOST_STRIP_BYTES, limit_bytes - base - photo - kept)
        for tile in TILES_PX:
            side = tile + 2 * margin
            strip = width * side * (STRIP_BYTES_PER_PX + shares_bytes)
            tiled = held + strip + min(width, side) * min(height, side) * engine_bytes
            peak = kept + max(tiled, base + photo + features, ends)
            if peak <= limit_bytes and features >= LEAST_STRIP_BYTES:
                return MemoryPlan(False, whole_px, tile, margin, features, peak)
    needed = max(tiled, base + photo + LEAST_STRIP_BYTES, ends)  # in the smallest tiles
    by_rows_fits = tiled - photo <= limit_bytes < needed
    raise _refusal(size, limit_bytes, needed, BY_ROWS if by_rows_fits else "")


def _largest_px(size: tuple[int, int], spec: NetworkSpec, whole_px: int) -> int:
    """Return how large the largest of the earlier passes is that are painted in one piece: their
    engine keeps what it took.
    """
    sizes = revision_sizes(*size)[1] if spec.revises else pass_sizes(*size, 1)
    return max((w * h for w, h in sizes[:-1] if w * h <= whole_px), default=0)


def _refusal(size: tuple[int, int], limit: int, needed: int, hint: str) -> OptionError:
    return OptionError(
        f"{size[0]} x {size[1]} px need {needed / 1e9:.2f} GB of memory, "
        f"--memory allows {limit / 1e9:.2f} GB",
        f"give --memory {needed / 1e9 + 0.05:.1f}GB{hint}",
    )


def _engine_bytes_per_px(engine: Engine, spec: NetworkSpec, styles: int) -> int:
    if spec.revises:
        return REVISION_BYTES_PER_PX[engine.name, engine.precision] * styles
    each, each_number = ENGINE_BYTES[engine.name, engine.precision]
    numbers = waiting_per_px(spec)
    if engine.name == "onnxruntime" and any(conv.transposed for conv in spec.convs()):
        numbers *= 2  # it unrolls their inputs
    return round(each + each_number * numbers)


def margin_px(spec: NetworkSpec) -> int:
    """Return what a tile has to see beyond itself: half the receptive field, and the grid's step
    for what smoothing and enlargement add.
    """
    step = spec.multiple
    return -(-(spec.receptive_field_px // 2 + 1 + step) // step) * step


def default_bytes() -> int:
    """Return how much memory painting may take unless somebody says: three quarters of what is free
    and what this process has already.
    """
    usable = usable_memory_bytes()
    if usable is None:
        return UNKNOWN_DEFAULT_BYTES
    return max(LEAST_DEFAULT_BYTES, int(DEFAULT_SHARE * usable))


def parse_bytes(text: str) -> int:
    """Parse ``1GB``, ``800M``, ``1.5 GiB`` (powers of 1024) or a number of bytes.

    Raises:
        OptionError: it is none of these.
    """
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*([KMGT]?)(i?)B?", text.strip(), re.IGNORECASE)
    if not match:
        raise OptionError(f"--memory {text} is no amount of memory", "give it as 800MB or 2GB")
    number, power, binary = match.groups()
    exponent = POWERS.index(power.upper()) + 1 if power else 0
    return int(float(number) * (1024 if binary else 1000) ** exponent)
