"""Against FFmpeg's own converter."""

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from impasto.images import resize
from impasto.video.source import EXACT_COLORS, Colors
from impasto.video.yuv import knows, to_yuv420
from tiny import picture


def round_trip_error(
    pixels: NDArray[np.uint8], frame: VideoFrame, colors: Colors
) -> NDArray[np.int64]:
    frame.colorspace, frame.color_range = colors.matrix, colors.range
    decoded = frame.to_ndarray(format="rgb24", interpolation=EXACT_COLORS)
    return np.abs(decoded.astype(int) - pixels)


@pytest.mark.parametrize("matrix", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("color_range", [0, 1, 2])
def test_what_is_decoded_is_as_near(matrix: int, color_range: int) -> None:
    colors = Colors(matrix, color_range, 1, 1)
    pixels = resize(picture(40, 30), 160, 120)
    ours = av.VideoFrame.from_ndarray(to_yuv420(pixels, colors), format="yuv420p")
    theirs = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=matrix,
        dst_color_range=color_range,
        interpolation=EXACT_COLORS,
    )
    luma = np.abs(ours.to_ndarray()[:120].astype(int) - theirs.to_ndarray()[:120])
    assert luma.max() <= 1
    error = round_trip_error(pixels, ours, colors)
    assert error.mean() <= round_trip_error(pixels, theirs, colors).mean() + 0.1


@pytest.mark.parametrize("color_range", [1, 2])
def test_greys_have_no_colour(color_range: int) -> None:
    levels = np.repeat(np.arange(256, dtype=np.uint8), 2)
    pixels = np.stack([np.stack([levels] * 3, axis=1)] * 2)
    samples = to_yuv420(pixels, Colors(1, color_range, 1, 1))
    assert (samples[2:] == 128).all()
    first, last = (0, 255) if color_range == 2 else (16, 235)
    assert (samples[0, 0], samples[0, -1]) == (first, last)


def test_planes_lie_where_they_belong() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:2, :2] = (255, 0, 0)
    samples = to_yuv420(pixels, Colors(1, 2, 1, 1)).reshape(-1)
    assert len(samples) == 36
    blue, red = samples[24:30], samples[30:]
    assert red.tolist() == [255, 128, 128, 128, 128, 128]
    assert blue[0] < 128 == blue[1]


def test_unknown_matrices_are_left_to_ffmpeg() -> None:
    assert knows(Colors(1, 1, 1, 1))
    assert not knows(Colors(8, 1, 1, 1))
