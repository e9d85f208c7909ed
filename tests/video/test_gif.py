from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OptionError
from impasto.progress import Progress
from impasto.video import VideoSource, read_frames
from impasto.video.encoding import choose_encoding
from video.clips import convert, frame_pixels, keep, make_clip, read_clip

DURATIONS_MS = [40, 100, 250, 30, 700]


def make_gif(
    path: Path, *, loop: int | None = 3, alpha: bool = False, size: tuple[int, int] = (63, 47)
) -> Path:
    """Five frames; the left 20 columns of the last three are transparent with ``alpha``."""
    images = []
    for number in range(5):
        pixels = np.dstack([frame_pixels(number, *size), np.full(size[::-1], 255, np.uint8)])
        if alpha and number >= 2:
            pixels[:, :20] = 0
        images.append(Image.fromarray(pixels if alpha else pixels[..., :3]))
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=DURATIONS_MS,
        disposal=2 if alpha else 0,
        **options,
    )
    return path


def read_gif(path: Path) -> tuple[int | None, list[int], list[NDArray[np.uint8]]]:
    """Loop, milliseconds that each frame is shown, and RGBA pixels."""
    durations, frames = [], []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            durations.append(image.info["duration"])
            frames.append(np.asarray(image.convert("RGBA")))
        return image.info.get("loop"), durations, frames


@pytest.mark.parametrize("loop", [None, 0, 3])
def test_a_gif_keeps_its_times_and_its_loop(tmp_path: Path, loop: int | None) -> None:
    gif = make_gif(tmp_path / "in.gif", loop=loop)
    report = convert(gif, tmp_path / "out.gif", keep)
    assert (report.frames, report.damaged) == (5, 0)
    got_loop, durations, frames = read_gif(tmp_path / "out.gif")
    assert got_loop == loop
    assert durations == DURATIONS_MS
    _, _, before = read_gif(gif)
    for first, second in zip(before, frames, strict=True):
        assert second.shape == (47, 63, 4)  # odd sizes are no trouble here
        assert (second[..., 3] == 255).all()
        assert np.abs(first.astype(int) - second).mean() < 6  # in 255 colours for all frames


def test_a_gif_becomes_a_video_and_the_other_way_round(tmp_path: Path) -> None:
    gif = make_gif(tmp_path / "in.gif", size=(64, 48))
    convert(gif, tmp_path / "out.mp4")
    times, frames = read_clip(tmp_path / "out.mp4")
    assert times == [0, 24, 84, 234, 252]
    with VideoSource(tmp_path / "out.mp4") as source:
        assert source.duration_s(round(0.42 / source.info.time_base)) == pytest.approx(0.7)
    for number, pixels in enumerate(frames):
        difference = pixels.astype(int) - (255 - frame_pixels(number).astype(int))
        assert np.abs(np.median(difference, axis=(0, 1))).max() <= 6  # the GIF's own colours

    convert(tmp_path / "out.mp4", tmp_path / "again.gif")
    loop, durations, frames = read_gif(tmp_path / "again.gif")
    assert (loop, durations) == (0, DURATIONS_MS)
    for number, pixels in enumerate(frames):
        difference = pixels[..., :3].astype(int) - frame_pixels(number)
        assert np.abs(difference.mean(axis=(0, 1))).max() <= 3


def test_what_a_gif_has_no_time_for_is_left_out(tmp_path: Path) -> None:
    """Of 100 frames a second, every other one; of 60, two of three. Sound has no place."""
    video = make_clip(tmp_path / "fast.mp4", times=range(0, 120, 6), audio_tracks=1)
    assert convert(video, tmp_path / "out.gif", keep).frames == 10
    _, durations, _ = read_gif(tmp_path / "out.gif")
    assert durations == [20] * 10
    video = make_clip(tmp_path / "sixty.mp4", times=range(0, 120, 10))
    assert convert(video, tmp_path / "sixty.gif", keep).frames == 8
    _, durations, _ = read_gif(tmp_path / "sixty.gif")
    assert durations == [20, 30] * 3 + [20, 20]  # at the end of 0.2 s, a sixtieth is left


def test_a_part_of_a_gif(tmp_path: Path) -> None:
    gif = make_gif(tmp_path / "in.gif")
    assert convert(gif, tmp_path / "out.gif", keep, start_s=0.1, end_s=0.4).frames == 2
    _, durations, _ = read_gif(tmp_path / "out.gif")
    assert durations == [250, 20]  # the last 0.01 s of the part is too short for a GIF


def test_interrupted_and_resumed(tmp_path: Path) -> None:
    gif = make_gif(tmp_path / "in.gif")

    def progress(event: Progress) -> None:
        if event.task == "painting" and event.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(gif, tmp_path / "out.gif", keep, progress=progress)
    assert read_gif(tmp_path / "out.gif")[:2] == (3, DURATIONS_MS[:3])
    assert convert(gif, tmp_path / "out.gif", keep, resume=True).painted == 2
    assert read_gif(tmp_path / "out.gif")[:2] == (3, DURATIONS_MS)


def test_transparent_parts_of_a_gif_stay(tmp_path: Path) -> None:
    gif = make_gif(tmp_path / "in.gif", alpha=True)
    seen = []

    def painter(pixels: NDArray[np.uint8], time_s: float) -> Any:
        seen.append(pixels)
        return 255 - pixels

    convert(gif, tmp_path / "out.gif", painter)
    _, durations, _ = read_gif(tmp_path / "out.gif")
    assert durations == DURATIONS_MS
    transparent = 0
    for first, second in zip(read_frames(gif), read_frames(tmp_path / "out.gif"), strict=True):
        assert second.alpha is not None
        if first.alpha is None:
            assert np.count_nonzero(second.alpha < 255) == 1  # see `impasto.video.gif._pierced`
            assert second.alpha[-1, -1] == 0
        else:
            transparent += 1
            np.testing.assert_array_equal(first.alpha, second.alpha)
        shown = (255 - first.pixels.astype(int) - second.pixels)[second.alpha > 0]
        assert np.abs(shown).mean() < 6
    assert transparent == 2  # Pillow wrote the third so that the second shows through
    assert (seen[4][:, :20] > 20).any(axis=2).all()  # no black is painted behind what is unseen


def test_a_gif_has_no_codec(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="GIF does not hold h264"):
        choose_encoding(tmp_path / "out.gif", "h264", 20)
