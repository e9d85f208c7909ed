"""Strokes of any size from a network that knows one.

A network's strokes are so and so many pixels long, whatever the picture's size: on a large photo
they shrink to a texture. So a large photo is painted reduced first; then that painting, enlarged,
is painted again, which makes its edges sharp and fills its strokes with finer ones. For finer
strokes than the network's own, the photo is painted enlarged. (Gatys et al. 2017, "Controlling
perceptual factors in neural style transfer", section 6, go from coarse to fine with their
optimisation.)
"""

from __future__ import annotations

import math

MIN_STROKE, MAX_STROKE = 0.5, 2.0
MAX_SIDE_PX = 16384
"""The longest side that may be asked for."""

NATURAL_PX = 512
"""Photos whose shorter side is no longer than this are painted as they are."""

FRAME_NATURAL_PX = 768
"""Frames of videos: painted once up to this size, for speed, though strokes are a third smaller."""

MAX_STEP = 3.0  # enlarged by more at once, a painting is too blurred to be painted again
SMALLEST_PX = 16


def pass_sizes(
    width: int, height: int, stroke: float, natural_px: float = NATURAL_PX
) -> list[tuple[int, int]]:
    """Return the sizes at which a picture is painted one after the other, each from the one before.

    Args:
        width, height: of the picture, in pixels.
        stroke: how large strokes are, from `MIN_STROKE` to `MAX_STROKE`; 1 is the network's own at
            up to ``natural_px``, and in proportion to the picture above that.
        natural_px: pictures whose shorter side is no longer than this are painted as they are.

    Returns:
        widths and heights; the last is the picture's own, or larger for fine strokes.
    """
    shorter = min(width, height)
    # Small pictures are not reduced beyond recognition, whatever the stroke.
    first = max(min(shorter, natural_px) / stroke, min(shorter, SMALLEST_PX))
    if first >= shorter:
        scales = [first / shorter]
    else:
        steps = math.ceil(math.log(shorter / first, MAX_STEP) - 1e-9)
        scales = [(first / shorter) ** (1 - n / steps) for n in range(steps + 1)]
    return [(max(1, round(width * each)), max(1, round(height * each))) for each in scales]
