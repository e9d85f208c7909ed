from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import InputError
from impasto.images import Picture, write_image
from impasto.video import VideoSource, read_frames
from tiny import picture
from video.clips import BASE, frame_pixels, make_broadcast, make_clip, turn_clip


def test_frames_and_what_the_video_says_of_itself(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=10)
    with VideoSource(path) as source:
        info = source.info
        frames = list(source.frames())
    assert (info.width, info.height, info.rate, info.frame_count) == (64, 48, Fraction(25), 10)
    assert [round(frame.pts * info.time_base / BASE) for frame in frames] == list(range(0, 240, 24))
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(10) / 25)
    for number, frame in enumerate(frames):
        difference = frame.pixels.astype(int) - frame_pixels(number)
        assert np.abs(difference).mean() < 3  # chroma of 4:2:0 at the square's edges
        assert np.abs(np.median(difference, axis=(0, 1))).max() <= 1


def test_variable_frame_rate(tmp_path: Path) -> None:
    times = [0, 10, 17, 100, 101, 600]
    path = make_clip(tmp_path / "clip.mkv", times=times)  # Matroska's times are milliseconds
    assert [round(frame.time_s * 600) for frame in read_frames(path)] == times


def test_telephones_turn_their_videos(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=3)
    with VideoSource(path) as source:
        lying = [frame.pixels for frame in source.frames()]
    with VideoSource(turn_clip(path)) as source:
        upright = [frame.pixels for frame in source.frames()]
        assert (source.info.width, source.info.height) == (48, 64)
    np.testing.assert_array_equal(upright[1], np.rot90(lying[1], -1))


def test_a_part(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=50)
    with VideoSource(path) as source:
        part = [frame.time_s for frame in source.frames(0.5, 1.0)]
        again = [frame.time_s for frame in source.frames(0.5, 1.0)]
    assert part == pytest.approx(np.arange(13, 25) / 25)
    assert again == part


@pytest.mark.parametrize("begin_s", [0, 36000])
def test_broadcasts_begin_at_any_time_and_do_not_know_their_key_frames(
    tmp_path: Path, begin_s: int
) -> None:
    """Sound begins 0.128 s before pictures: AAC's run-up, at 8 kHz."""
    with VideoSource(make_broadcast(tmp_path, begin_s=begin_s)) as source:
        whole = list(source.frames())
        part = list(source.frames(0.5, 1.0))
        assert source.damaged == 0
    expected = 0.128 + np.arange(50) / 25
    assert [frame.time_s for frame in whole] == pytest.approx(expected, abs=1e-3)
    assert [frame.time_s for frame in part] == [
        frame.time_s for frame in whole if 0.5 <= frame.time_s < 1.0
    ]
    np.testing.assert_array_equal(part[0].pixels, whole[10].pixels)


def test_a_video_that_is_cut_off(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", frames=50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with VideoSource(path) as source:
        assert 10 < len(list(source.frames())) < 40


def test_a_broadcast_that_is_cut_off_in_its_first_frame(tmp_path: Path) -> None:
    path = make_broadcast(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"clip\.ts has no frame that can be decoded"):
        VideoSource(path)


def test_a_picture_is_no_video(tmp_path: Path) -> None:
    for name in ("photo.jpg", "photo.png"):
        write_image(tmp_path / name, Picture(picture(16, 16)))
        with pytest.raises(InputError, match=f"{name} is a picture: paint it by itself: impasto"):
            VideoSource(tmp_path / name)


def test_damage_in_the_middle_is_counted(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", frames=50)
    content = bytearray(path.read_bytes())
    place = len(content) * 4 // 5  # the first half is the key frame
    content[place : place + 60] = bytes(60)
    path.write_bytes(content)
    with VideoSource(path) as source:
        assert len(list(source.frames())) > 25
        assert source.damaged > 0


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.mp4", None, "does not exist"),
        ("empty.mp4", b"", "no video"),
        ("text.mp4", b"hello, world\n" * 50, "no video"),
    ],
)
def test_no_video(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name} .*{says}"):
        VideoSource(tmp_path / name)


def test_a_folder_and_a_file_of_sound(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        VideoSource(tmp_path)
    path = make_clip(tmp_path / "clip.mp4", frames=5, audio_tracks=1)
    import av

    with av.open(str(path)) as whole, av.open(str(tmp_path / "sound.m4a"), "w") as sound:
        track = sound.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(whole.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                sound.mux(packet)
    with pytest.raises(InputError, match="no picture"):
        VideoSource(tmp_path / "sound.m4a")
