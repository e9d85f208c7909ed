import itertools
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import impasto
from impasto.errors import InputError, OptionError
from impasto.styles.gallery import Gallery
from impasto.stylizer import Stylizer
from impasto.video.temporal_consistency import SteadyStylizer, StrokeMemory
from tiny import picture, tiny_gallery
from video.test_optical_flow import texture


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return tiny_gallery(tmp_path / "gallery")


@pytest.fixture
def stylizer(gallery: Gallery) -> Iterator[Stylizer]:
    with Stylizer("first", gallery=gallery, precision="f32") as opened:
        yield opened


def walk(frames: int = 12) -> list[NDArray[np.uint8]]:
    """A window that wanders over a large picture, one pixel at a time."""
    large = texture(220, 160)
    return [large[n : n + 120, 2 * n : 2 * n + 160] for n in range(frames)]


def unrest(paintings: list[NDArray[np.uint8]]) -> float:
    """The mean difference between a painting and the next, moved back over it."""
    pairs = itertools.pairwise(paintings)
    return statistics.mean(
        float(np.abs(now[20:-21, 20:-22].astype(int) - before[21:-20, 22:-20]).mean())
        for before, now in pairs
    )


def test_strokes_stay_on_what_moves(stylizer: Stylizer) -> None:
    single = [stylizer(frame) for frame in walk()]
    calm = {}
    for stability in (0.3, 0.5, 1.0):
        painter = SteadyStylizer(stylizer, stability)
        calm[stability] = [painter(frame) for frame in walk()]
    # Renewed after an odd number of pixels: the network paints every second one alike.
    assert unrest(calm[0.5]) < 0.5 * unrest(single)
    assert unrest(calm[1.0]) < unrest(calm[0.5]) < unrest(calm[0.3]) < unrest(single)


def test_strokes_stay_sharp(stylizer: Stylizer) -> None:
    """Their detail is that of frames painted one by one, to a fifth."""

    def detail(painting: Any) -> Any:
        return np.abs(np.diff(painting.astype(int), axis=1)).mean()

    painter = SteadyStylizer(stylizer, 0.5)
    for frame in walk():
        painting = painter(frame)
    assert detail(painting) == pytest.approx(detail(stylizer(walk()[-1])), rel=0.2)


def test_without_stability_frame_by_frame(gallery: Gallery) -> None:
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        painter = SteadyStylizer(stylizer, 0)
        for frame in walk(3):
            np.testing.assert_array_equal(painter(frame), stylizer(frame))


def test_a_cut_begins_anew(stylizer: Stylizer) -> None:
    painter = SteadyStylizer(stylizer, 1.0)
    for frame in walk(4):
        painter(frame)
    other = texture(seed=5)
    np.testing.assert_array_equal(painter(other), stylizer(other))


def test_a_new_size_begins_anew(stylizer: Stylizer) -> None:
    painter = SteadyStylizer(stylizer, 1.0)
    painter(walk(1)[0])
    smaller = texture(96, 80)
    np.testing.assert_array_equal(painter(smaller), stylizer(smaller))


def test_every_stroke_is_renewed_at_last(stylizer: Stylizer) -> None:
    """On a still picture, a canvas of another painting is gone after two renewals."""
    photo = texture()
    painter = SteadyStylizer(stylizer, 0.5)
    painter(photo)
    assert painter.memory is not None
    painter.memory = StrokeMemory(np.zeros_like(photo), painter.memory.photo, None, 0, 0)
    for _ in range(14):
        painting = painter(photo)
    difference = np.abs(painting.astype(int) - stylizer(photo)).mean(axis=2)
    assert (difference > 20).mean() < 0.1  # soft edges of patches keep a little


def test_colours_and_strength_apply_to_the_calm_painting(stylizer: Stylizer) -> None:
    frames = walk(4)
    plain, weak = SteadyStylizer(stylizer, 0.5), SteadyStylizer(stylizer, 0.5)
    for frame in frames:
        stylizer.strength = 1.0
        painting = plain(frame)
        stylizer.strength = 0.5
        half = weak(frame)
    expected = (painting.astype(float) + frames[-1]) / 2
    assert np.abs(half - expected).max() <= 1


@pytest.mark.parametrize("after", [1, 4, 6])
def test_memory_outlives_the_painter(stylizer: Stylizer, after: int) -> None:
    """Exactly; without memory, a frame is far from that."""
    frames = walk()
    warm_up = SteadyStylizer(stylizer, 0.5)
    for frame in frames:  # OpenVINO rounds its first pictures otherwise than later ones
        warm_up(frame)
    whole = SteadyStylizer(stylizer, 0.5)
    expected = [whole(frame) for frame in frames]
    first, second = SteadyStylizer(stylizer, 0.5), SteadyStylizer(stylizer, 0.5)
    for frame in frames[:after]:
        first(frame)
    assert first.memory is not None
    second.memory = StrokeMemory.of(first.memory.arrays())
    for number in range(after, len(frames)):
        np.testing.assert_array_equal(second(frames[number]), expected[number])
    forgetful = SteadyStylizer(stylizer, 0.5)(frames[after])
    assert np.abs(forgetful.astype(float) - expected[after]).max() > 20


@pytest.mark.parametrize("stability", [-0.1, 1.1, float("nan")])
def test_impossible_stabilities(stylizer: Stylizer, stability: float) -> None:
    with pytest.raises(OptionError, match="stability"):
        SteadyStylizer(stylizer, stability)


def test_frames_of_ones_own(gallery: Gallery) -> None:
    """They come one by one, as a generator gives them."""
    taken = []

    def frames() -> Iterator[Any]:
        for frame in walk(4):
            taken.append(frame)
            yield frame

    paintings = impasto.stylize_frames(frames(), "first", gallery=gallery, precision="f32")
    first = next(paintings)
    assert len(taken) == 1
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        np.testing.assert_array_equal(first, stylizer(taken[0]))
    assert [each.shape for each in paintings] == [(120, 160, 3)] * 3


def test_what_is_no_frame(gallery: Gallery) -> None:
    with pytest.raises(InputError, match="give uint8, height x width x 3, RGB"):
        next(impasto.stylize_frames([np.zeros((40, 60))], "first", gallery=gallery))  # type: ignore[list-item]


@pytest.mark.parametrize("size", [(1, 1), (11, 9), (64, 12), (3, 320)])
def test_small_and_narrow_frames(stylizer: Stylizer, size: tuple[int, int]) -> None:
    """Optical flow needs larger ones."""
    painter = SteadyStylizer(stylizer, 0.4)
    for number in range(10):
        frame = picture(*size, seed=number)
        assert painter(frame).shape == frame.shape
