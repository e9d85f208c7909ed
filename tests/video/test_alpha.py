"""Videos with transparent parts."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.progress import Progress
from impasto.video import VideoSource
from impasto.video.source import VideoFrame, VideoInfo
from video.clips import convert, keep

MILLISECOND = Fraction(1, 1000)


def disc(number: int) -> NDArray[np.uint8]:
    """An orange disc, soft at its edge and wandering, on black that nobody sees."""
    y, x = np.mgrid[0:48, 0:64]
    alpha = ((16 - np.hypot(x - 24 - 2 * number, y - 24)) / 4 + 0.5).clip(0, 1)
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[alpha > 0, :3] = (230, 140, 40)
    pixels[..., 3] = np.rint(255 * alpha)
    return pixels


def make_alpha_clip(path: Path, codec: str = "libvpx-vp9", frames: int = 8) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "bgra" if codec == "ffv1" else "yuva420p"
        stream.codec_context.time_base = MILLISECOND
        stream.codec_context.options = {"auto-alt-ref": "0"} if "vpx" in codec else {}
        stream.codec_context.bit_rate = 2_000_000
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(disc(number), format="rgba")
            frame.pts, frame.time_base = 40 * number, MILLISECOND
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return path


def read(path: Path) -> tuple[VideoInfo, list[VideoFrame]]:
    with VideoSource(path) as source:
        return source.info, list(source.frames())


@pytest.mark.parametrize(
    ("name", "codec"),
    [("clip.webm", "libvpx-vp9"), ("clip.webm", "libvpx"), ("clip.mkv", "ffv1")],
)
def test_alpha_is_read(tmp_path: Path, name: str, codec: str) -> None:
    info, frames = read(make_alpha_clip(tmp_path / name, codec))
    assert info.alpha
    assert [frame.pts for frame in frames] == list(range(0, 320, 40))
    for number, frame in enumerate(frames):
        assert frame.alpha is not None
        assert np.abs(frame.alpha.astype(int) - disc(number)[..., 3]).mean() < 2
        inside = frame.pixels[frame.alpha == 255].astype(int)
        assert np.abs(inside.mean(axis=0) - (230, 140, 40)).max() < 12


def test_a_part_of_a_video_with_alpha(tmp_path: Path) -> None:
    with VideoSource(make_alpha_clip(tmp_path / "clip.webm")) as source:
        for _ in range(2):
            part = list(source.frames(0.1, 0.25))
            assert [frame.pts for frame in part] == [120, 160, 200, 240]
            assert part[0].alpha is not None
            assert np.abs(part[0].alpha.astype(int) - disc(3)[..., 3]).mean() < 2


@pytest.mark.parametrize("name", ["out.webm", "out.mkv"])
def test_alpha_is_kept_without_a_dark_fringe(tmp_path: Path, name: str) -> None:
    video = make_alpha_clip(tmp_path / "clip.webm", frames=14)
    codec = "vp9" if name == "out.mkv" else None
    report = convert(video, tmp_path / name, keep, codec=codec)
    assert report.frames == 14
    _, before = read(video)
    info, after = read(tmp_path / name)
    assert info.alpha
    for first, second in zip(before, after, strict=True):
        assert first.pts == second.pts
        assert first.alpha is not None
        assert second.alpha is not None
        assert np.abs(first.alpha.astype(int) - second.alpha).mean() < 1
        light = second.pixels @ np.array([0.2126, 0.7152, 0.0722])
        inside = light[second.alpha == 255].mean()
        assert np.abs(light[(second.alpha > 0) & (second.alpha < 255)] - inside).max() < 25


@pytest.mark.parametrize(
    ("name", "codec", "most"), [("clip.mkv", "ffv1", 2), ("clip.webm", "libvpx-vp9", 25)]
)
def test_the_painter_sees_no_black_behind_what_is_seen(
    tmp_path: Path, name: str, codec: str, most: int
) -> None:
    """In VP9, alpha is not quite 0 there, but the picture is black."""
    video = make_alpha_clip(tmp_path / name, codec)
    seen = []

    def painter(pixels: NDArray[np.uint8], time_s: float) -> Any:
        seen.append(pixels)
        return pixels

    convert(video, tmp_path / "out.webm", painter)
    light = np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(np.array(seen) @ light - light @ (230, 140, 40)).max() < most


def test_elsewhere_transparent_parts_become_white(tmp_path: Path) -> None:
    video = make_alpha_clip(tmp_path / "clip.webm")
    convert(video, tmp_path / "out.mkv", keep)  # in H.264
    info, frames = read(tmp_path / "out.mkv")
    assert not info.alpha
    assert frames[0].alpha is None
    assert frames[0].pixels[:4].min() > 245
    assert np.abs(frames[0].pixels[24, 24].astype(int) - (230, 140, 40)).max() < 15
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert "alpha_mode" not in container.streams.video[0].metadata


def test_interrupted_and_resumed_at_another_size(tmp_path: Path) -> None:
    video = make_alpha_clip(tmp_path / "clip.webm")

    def progress(event: Progress) -> None:
        if event.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(video, tmp_path / "out.webm", keep, size=(32, 24), progress=progress)
    assert len(read(tmp_path / "out.webm")[1]) == 3
    assert convert(video, tmp_path / "out.webm", keep, size=(32, 24), resume=True).painted == 5
    info, frames = read(tmp_path / "out.webm")
    assert (info.width, info.height, info.alpha) == (32, 24, True)
    assert [frame.pts for frame in frames] == list(range(0, 320, 40))
    for number, frame in enumerate(frames):
        expected = disc(number)[..., 3].reshape(24, 2, 32, 2).mean(axis=(1, 3))
        assert np.abs(frame.alpha - expected).mean() < 2
