"""How much memory a painting takes, predicted; and how to cut one that would take too much.

The bytes per pixel were measured with `benchmarks/large_pictures.py`; predictions are meant to be
upper bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from impasto.errors import OptionError
from impasto.networks.spec import NetworkSpec

__all__ = ["DEFAULT_BYTES", "MemoryPlan", "margin_px", "parse_bytes", "plan_memory"]

DEFAULT_BYTES = 2_000_000_000
BASE_BYTES = 300 << 20  # Python, NumPy, OpenCV, an engine, a network
WHOLE_BYTES_PER_PX = 30  # the photo, padded, painted, blended, decoded and encoded
ENGINE_BYTES_PER_PX = {"openvino": 68, "onnxruntime": 115, "opencv": 135}
STRIP_BYTES_PER_PX = 16  # of tiles side by side: what is seen, what was painted, what is written
SHARES_BYTES_PER_PX = 16  # of each style, where there are several
TILES_PX = (2048, 1536, 1024, 768, 512, 256)
MOST_STRIP_BYTES = 128 << 20  # of features: larger strips gain nothing
LEAST_STRIP_BYTES = 32 << 20
FIXED_BYTES = 64 << 20  # buffers of reading and writing

POWERS = "KMGT"


@dataclass(frozen=True)
class MemoryPlan:
    """How a picture will be painted.

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
        peak = f"at most {self.peak_bytes / 1e9:.2f} GB predicted"
        if self.whole:
            return f"in one piece, {peak}"
        return (
            f"measured layer by layer, painted in tiles of {self.tile_px} px that overlap by "
            f"{2 * self.margin_px}, {peak}"
        )


def plan_memory(
    width: int,
    height: int,
    limit_bytes: int,
    engine: str,
    spec: NetworkSpec | None,
    *,
    held_bytes_per_px: int = 0,
    styles: int = 1,
) -> MemoryPlan:
    """Find out how a picture can be painted within a limit.

    Args:
        width, height: of the picture, in pixels.
        limit_bytes: of resident memory, all included.
        engine: its name.
        spec: of the network; none if it can only paint in one piece.
        held_bytes_per_px: what is in memory of the whole picture even if it is painted in tiles:
            none if it is read and written row by row; more than of others if it was reduced.
        styles: how many are painted beside each other.

    Raises:
        OptionError: it cannot, with what would do.
    """
    pixels = width * height
    engine_bytes = ENGINE_BYTES_PER_PX[engine]
    margin = margin_px(spec) if spec else 0
    shares_bytes = SHARES_BYTES_PER_PX * styles if styles > 1 else 0
    whole_bytes = max(WHOLE_BYTES_PER_PX, held_bytes_per_px) + engine_bytes + shares_bytes
    strip_bytes = STRIP_BYTES_PER_PX + shares_bytes
    whole_peak = BASE_BYTES + pixels * whole_bytes
    if whole_peak <= limit_bytes:
        return MemoryPlan(True, pixels, 0, margin, 0, whole_peak)
    if not spec:
        raise _refusal(width, height, limit_bytes, whole_peak, ", or use a style of a gallery")
    held = BASE_BYTES + FIXED_BYTES + pixels * held_bytes_per_px
    for tile in TILES_PX:
        strip = width * (tile + 2 * margin) * strip_bytes
        window = min(width, tile + 2 * margin) * min(height, tile + 2 * margin)
        tiling = held + strip + window * engine_bytes
        features = min(MOST_STRIP_BYTES, limit_bytes - held)
        if tiling <= limit_bytes and features >= LEAST_STRIP_BYTES:
            whole_px = (limit_bytes - held) // whole_bytes
            peak = max(tiling, held + features)
            return MemoryPlan(False, whole_px, tile, margin, features, peak)
    smallest = TILES_PX[-1] + 2 * margin
    window_bytes = min(width, smallest) * min(height, smallest) * engine_bytes
    needed = held + max(width * smallest * strip_bytes + window_bytes, LEAST_STRIP_BYTES)
    hint = ", or convert it to PNG or TIFF (upright), and write one of these"
    row_by_row = needed - pixels * held_bytes_per_px
    helps = held_bytes_per_px and row_by_row <= limit_bytes
    raise _refusal(width, height, limit_bytes, needed, hint if helps else "")


def _refusal(width: int, height: int, limit: int, needed: int, hint: str) -> OptionError:
    return OptionError(
        f"{width} x {height} px need {needed / 1e9:.2f} GB of memory, "
        f"--memory allows {limit / 1e9:.2f} GB",
        f"give --memory {needed / 1e9 + 0.05:.1f}GB{hint}",
    )


def margin_px(spec: NetworkSpec) -> int:
    """Return what a tile has to see beyond itself: half the receptive field, and the grid's step
    for what smoothing and enlargement add.
    """
    step = spec.multiple
    return -(-(spec.receptive_field_px // 2 + 1 + step) // step) * step


def parse_bytes(text: str) -> int:
    """Bytes from ``1GB``, ``800M``, ``1.5 GiB`` (powers of 1024) or a number.

    Raises:
        OptionError: it is none of these.
    """
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*([KMGT]?)(i?)B?", text.strip(), re.IGNORECASE)
    if not match:
        raise OptionError(f"--memory {text} is no amount of memory", "give it as 800MB or 2GB")
    number, power, binary = match.groups()
    exponent = POWERS.index(power.upper()) + 1 if power else 0
    return int(float(number) * (1024 if binary else 1000) ** exponent)
