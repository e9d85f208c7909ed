import contextlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import impasto
from impasto.errors import EngineError, InputError, OptionError, OutputError
from impasto.progress import Progress
from impasto.video import io_threads, pipeline
from impasto.video.encoding import CODECS, VIDEO_SUFFIXES, choose_encoding
from impasto.video.resume_state import Job
from impasto.video.video_stylizer import VideoStylizer
from tiny import tiny_gallery
from video.clips import (
    convert,
    damage_packet,
    frame_pixels,
    invert,
    keep,
    make_broadcast,
    make_clip,
    read_clip,
    sound_packets,
    turn_clip,
)


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io_threads, "SEGMENT_FRAMES", 6)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert [each.name for each in left if "impasto" in each.name] == []


def test_every_frame_is_painted_and_keeps_its_time(tmp_path: Path) -> None:
    times = [0, 24, 30, 100, 101, 160, 200, 300, 301, 302, 303, 304, 305, 600]
    video = make_clip(tmp_path / "clip.mp4", times=times)
    report = convert(video, tmp_path / "out.mp4")
    assert (report.frames, report.painted, report.damaged) == (14, 14, 0)
    got_times, got = read_clip(tmp_path / "out.mp4")
    assert got_times == times
    for number, pixels in enumerate(got):
        difference = pixels.astype(int) - (255 - frame_pixels(number).astype(int))
        assert np.abs(np.median(difference, axis=(0, 1))).max() <= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "out.mp4"]


def test_sound_and_metadata_are_kept_as_they_are(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=30, audio_tracks=2)
    convert(video, tmp_path / "out.mp4")
    expected = sound_packets(video)
    assert len(expected) == 2
    assert all(len(track) > 5 for track in expected)
    assert sound_packets(tmp_path / "out.mp4") == expected
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "A wandering square"
        languages = [stream.metadata["language"] for stream in container.streams.audio]
    assert languages == ["eng", "deu"]


@pytest.mark.parametrize("colors", [(1, 1), (1, 2), (6, 1), (5, 2), (2, 0)])
def test_no_shift_of_colours(tmp_path: Path, colors: tuple[int, int]) -> None:
    """A round trip without painting, for BT.709 and BT.601, video and full range, and unsaid."""
    video = make_clip(tmp_path / "clip.mp4", frames=8, colors=colors)
    convert(video, tmp_path / "out.mp4", keep)
    with av.open(str(video)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        for first, second in zip(before.decode(video=0), after.decode(video=0), strict=True):
            assert (first.colorspace, first.color_range) == (second.colorspace, second.color_range)
            difference = second.to_ndarray().astype(int) - first.to_ndarray()
            assert np.abs(difference).mean() < 1.5
            assert abs(difference.mean()) < 0.3


@pytest.mark.parametrize(
    ("codec", "name", "begin", "frames"),
    [
        ("libx264", "clip.mp4", 0, 29),  # the packet cannot be read at all
        ("libx264", "clip.mp4", 30, 30),  # its beginning can
        ("libvpx-vp9", "clip.webm", 0, 29),
        ("mpeg4", "clip.mkv", 30, 30),
    ],
)
def test_a_damaged_frame_in_the_middle_is_bridged(
    tmp_path: Path, codec: str, name: str, begin: int, frames: int
) -> None:
    """The decoder patches it, or the frame before it stays; all others are as they were."""
    video = make_clip(
        tmp_path / name,
        frames=30,
        size=(320, 240),
        codec=codec,
        audio_tracks=1 if name == "clip.mp4" else 0,
        options={"g": "10"},
    )
    times, pictures = read_clip(video)
    damage_packet(video, 14, begin=begin, size=30)
    report = convert(video, tmp_path / "out.mp4")
    assert (report.frames, report.damaged) == (frames, 1)
    got_times, got = read_clip(tmp_path / "out.mp4")
    assert len(got) == frames
    assert set(got_times) <= set(times)
    painted = dict(zip(got_times, got, strict=True))
    for number in (*range(10), *range(20, 30)):  # the groups of frames before and after
        difference = painted[times[number]].astype(int) - (255 - pictures[number].astype(int))
        assert np.abs(difference).mean() < 3
    if name == "clip.mp4":
        assert sound_packets(tmp_path / "out.mp4") == sound_packets(video)


def test_odd_sizes_and_turned_videos(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "odd.mkv", size=(63, 47), frames=4, codec="ffv1")
    convert(video, tmp_path / "out.mp4")
    _, frames = read_clip(tmp_path / "out.mp4")
    assert frames[0].shape == (48, 64, 3)  # 4:2:0 needs even sides

    video = turn_clip(make_clip(tmp_path / "turned.mp4", frames=4))
    convert(video, tmp_path / "upright.mp4")
    _, frames = read_clip(tmp_path / "upright.mp4")
    assert frames[0].shape == (64, 48, 3)
    with av.open(str(tmp_path / "upright.mp4")) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_another_size(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=4)
    convert(video, tmp_path / "out.mp4", size=(32, 24))
    _, frames = read_clip(tmp_path / "out.mp4")
    assert frames[0].shape == (24, 32, 3)
    difference = frames[0].astype(int) - (255 - frame_pixels(0).astype(int))[1::2, 1::2]
    assert np.abs(np.median(difference, axis=(0, 1))).max() <= 3
    with pytest.raises(OptionError, match="0x24"):
        convert(video, tmp_path / "none.mp4", size=(0, 24))


def test_a_part(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=50, audio_tracks=1)
    report = convert(video, tmp_path / "out.mp4", start_s=0.5, end_s=1.0)
    times, frames = read_clip(tmp_path / "out.mp4")
    assert report.frames == 12
    assert times == list(range(12, 300, 24))  # the first frame is at 0.52 s: 12/600 after the start
    difference = frames[0].astype(int) - (255 - frame_pixels(13).astype(int))
    assert np.abs(np.median(difference, axis=(0, 1))).max() <= 2
    (sound,) = sound_packets(tmp_path / "out.mp4")
    assert 0 <= sound[0][0] < 0.2
    assert sound[-1][0] < 0.5


def interrupt_at(number: int) -> Callable[..., Any]:
    def progress(event: Progress) -> None:
        if event.done == number:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("number", [1, 6, 15])
def test_what_is_done_is_playable_and_resuming_gives_the_same_frames(
    tmp_path: Path, number: int
) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=20, audio_tracks=1)
    convert(video, tmp_path / "whole.mp4")
    with pytest.raises(KeyboardInterrupt):
        convert(video, tmp_path / "parts.mp4", progress=interrupt_at(number))
    times, _ = read_clip(tmp_path / "parts.mp4")
    assert times == [24 * each for each in range(number)]
    (sound,) = sound_packets(tmp_path / "parts.mp4")
    assert sound[-1][0] < number / 25

    report = convert(video, tmp_path / "parts.mp4", resume=True)
    assert (report.frames, report.painted) == (20, 20 - number)
    expected_times, _ = read_clip(tmp_path / "whole.mp4")
    times, frames = read_clip(tmp_path / "parts.mp4")
    assert times == expected_times
    for each, pixels in enumerate(frames):
        difference = pixels.astype(int) - (255 - frame_pixels(each).astype(int))
        assert np.abs(np.median(difference, axis=(0, 1))).max() <= 2
    assert sound_packets(tmp_path / "parts.mp4") == sound_packets(video)
    assert not (tmp_path / ".parts.mp4.parts").exists()


def test_after_a_crash_finished_segments_are_not_painted_again(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=20)
    painted = []

    def crashes(pixels: NDArray[np.uint8], time_s: float) -> Any:
        painted.append(1)
        if len(painted) == 15:
            raise EngineError("the power failed")
        return invert(pixels, time_s)

    with pytest.raises(EngineError, match="power"):
        convert(video, tmp_path / "out.mp4", crashes)
    assert not (tmp_path / "out.mp4").exists()
    # As if the last segment had been cut off: its file is there, but not in the list.
    folder = tmp_path / ".out.mp4.parts"
    (folder / "00009.nut").write_bytes(b"rubbish")
    report = convert(video, tmp_path / "out.mp4", resume=True)
    assert (report.frames, report.painted) == (20, 6)
    assert len(read_clip(tmp_path / "out.mp4")[0]) == 20


def test_broadcasts_are_painted_from_0_on_and_resumed(tmp_path: Path) -> None:
    """Their clock begins at ten hours; sound and pictures move to the beginning together."""
    video = make_broadcast(tmp_path, begin_s=36000, frames=30)
    convert(video, tmp_path / "whole.mkv")
    times, whole = read_clip(tmp_path / "whole.mkv")
    assert times == pytest.approx([600 * (0.128 + number / 25) for number in range(30)], abs=1)
    sound = sound_packets(tmp_path / "whole.mkv")
    assert [content for _, content in sound[0]] == [
        content for _, content in sound_packets(tmp_path / "for-broadcast.mp4")[0]
    ]
    assert float(sound[0][0][0]) == pytest.approx(0, abs=0.002)

    def crashes(pixels: NDArray[np.uint8], time_s: float) -> Any:
        if time_s > 0.7:
            raise EngineError("out of order")
        return invert(pixels, time_s)

    with pytest.raises(EngineError):
        convert(video, tmp_path / "out.mkv", crashes)
    report = convert(video, tmp_path / "out.mkv", resume=True)
    assert 0 < report.painted < report.frames == 30
    got_times, got = read_clip(tmp_path / "out.mkv")
    assert got_times == times
    assert np.abs(np.array(got).astype(int) - np.array(whole)).mean() < 2


@pytest.mark.parametrize("resumed", [False, True])
def test_an_interruption_never_replaces_what_was_there(tmp_path: Path, resumed: bool) -> None:
    """Not even if it may be replaced: what is there is whole, and what is painted is not."""
    video = make_clip(tmp_path / "clip.mp4", frames=20)
    output = tmp_path / "out.mp4"
    output.write_bytes(b"whole")
    for number in (8, 12)[: 1 + resumed]:
        with pytest.raises(KeyboardInterrupt):
            convert(video, output, overwrite=True, resume=number > 8, progress=interrupt_at(number))
        assert output.read_bytes() == b"whole"
    with pytest.raises(OutputError, match="exists already: give --overwrite, too"):
        convert(video, output, resume=True)
    report = convert(video, output, resume=True, overwrite=True)
    assert (report.frames, report.painted) == (20, 8 if resumed else 12)
    assert len(read_clip(output)[0]) == 20


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=8)
    output = tmp_path / "out.mp4"

    def appears(event: Progress) -> None:
        output.write_bytes(b"mine")

    with pytest.raises(OutputError, match=r"out.mp4 was made by somebody else meanwhile"):
        convert(video, output, progress=appears)
    assert output.read_bytes() == b"mine"
    output.rename(tmp_path / "mine.mp4")
    assert convert(video, output, resume=True).painted == 0
    assert len(read_clip(output)[0]) == 8


def test_a_part_that_somebody_changed_is_not_replaced(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=8)
    output = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        convert(video, output, progress=interrupt_at(4))
    output.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        convert(video, output, resume=True)
    assert output.read_bytes() == b"mine"


@pytest.mark.skipif(os.name == "nt", reason="there are no limits for files")
@pytest.mark.parametrize("limit_bytes", [600, 4_000])
def test_a_full_disk_is_said_while_frames_come_and_at_their_end(
    tmp_path: Path, limit_bytes: int
) -> None:
    """Nobody waits for ever, whichever thread finds it."""
    import resource

    video = make_clip(tmp_path / "clip.mp4", frames=20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        with pytest.raises(OutputError, match=r"File too large"):
            convert(video, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_two_at_once_on_one_output(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=8)

    def second(pixels: NDArray[np.uint8], time_s: float) -> Any:
        for resume in (False, True):
            with pytest.raises(OutputError, match=r"out.mp4 is being painted already"):
                convert(video, tmp_path / "out.mp4", resume=resume)
        return invert(pixels, time_s)

    assert convert(video, tmp_path / "out.mp4", second).frames == 8
    assert len(read_clip(tmp_path / "out.mp4")[0]) == 8


@pytest.mark.parametrize("name", ["out.mp4", "out.gif"])
def test_killed_when_all_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=8)

    def killed(job: Any) -> None:
        raise EngineError("the power failed")

    with monkeypatch.context() as patched:
        patched.setattr(Job, "remove", killed)
        with pytest.raises(EngineError):
            convert(video, tmp_path / name)
    assert convert(video, tmp_path / name, resume=True).painted == 0


def test_resuming_something_else(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=20)
    with pytest.raises(OptionError, match="no unfinished work"):
        convert(video, tmp_path / "out.mp4", resume=True)
    with pytest.raises(KeyboardInterrupt):
        convert(video, tmp_path / "out.mp4", progress=interrupt_at(8))
    with pytest.raises(OptionError, match="another end"):
        convert(video, tmp_path / "out.mp4", resume=True, end_s=0.5)
    assert convert(video, tmp_path / "out.mp4", resume=True).painted == 12


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=3)
    with pytest.raises(OptionError, match="replace the video"):
        convert(video, video)
    with pytest.raises(OutputError, match="no folder"):
        convert(video, tmp_path / "nowhere" / "out.mp4")
    (tmp_path / "out.mp4").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already: give another output, or --overwrite"):
        convert(video, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == b"mine"
    convert(video, tmp_path / "out.mp4", overwrite=True)
    assert len(read_clip(tmp_path / "out.mp4")[0]) == 3


def test_a_broadcast_without_a_whole_frame(tmp_path: Path) -> None:
    video = make_broadcast(tmp_path)
    video.write_bytes(video.read_bytes()[:2500])
    with pytest.raises(InputError, match=r"clip\.ts has no frame that is whole: get it anew"):
        convert(video, tmp_path / "out.mp4")


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, None), (2, 1), (float("nan"), None)])
def test_impossible_parts(tmp_path: Path, start_s: float, end_s: int | None) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=3)
    with pytest.raises(OptionError):
        convert(video, tmp_path / "out.mp4", start_s=start_s, end_s=end_s)
    with pytest.raises(InputError, match=r"no frame at or after .* s: it lasts about"):
        convert(video, tmp_path / "out.mp4", start_s=100)


@pytest.mark.parametrize(
    ("name", "codec", "crf", "says"),
    [
        ("out.avi", None, 20, "avi"),
        ("out.mp4", "h265", 20, "h265"),
        ("out.webm", "h264", 20, r"\.webm does not hold h264: take vp9 or av1, or write \.mkv"),
        ("out.mov", "vp9", 20, r"\.mov does not hold vp9: take h264 or hevc, or write \.mkv"),
        ("out.MOV", "av1", 20, r"\.MOV does not hold av1"),
        ("out.mp4", None, 64, "crf"),
    ],
)
def test_impossible_encodings(
    tmp_path: Path, name: str, codec: str | None, crf: int, says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        choose_encoding(tmp_path / name, codec, crf)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("suffix", sorted(set(VIDEO_SUFFIXES) - {".gif"}))
def test_what_is_not_refused_can_be_written(suffix: str, codec: str) -> None:
    try:
        encoding = choose_encoding(Path(f"out{suffix}"), codec, 20)
    except OptionError:
        encoding = None
    written = av.open(io.BytesIO(), "w", format=VIDEO_SUFFIXES[suffix])
    try:
        stream: Any = written.add_stream(CODECS[codec], rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        written.start_encoding()
    except ValueError:
        assert encoding is None
    else:
        assert encoding


def test_a_size_that_the_encoder_does_not_take(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mkv", frames=2, size=(2, 2), codec="ffv1")
    with pytest.raises(OutputError, match=r"libx265 does not take 2 x 2 px .*another --size"):
        convert(video, tmp_path / "out.mkv", codec="hevc")


def test_stylize_video(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery")
    video = make_clip(tmp_path / "clip.mp4", frames=5)
    events: list[Progress] = []
    report = impasto.stylize_video(
        video,
        tmp_path / "out.mkv",
        "first:0.5+second:0.5",
        strength=0.2,
        gallery=gallery,
        crf=5,
        progress=events.append,
    )
    assert report.frames == 5
    assert [event.done for event in events] == [1, 2, 3, 4, 5]
    _, frames = read_clip(tmp_path / "out.mkv")
    source = next(iter(impasto.read_frames(video)))
    with impasto.Stylizer("first:0.5+second:0.5", strength=0.2, gallery=gallery) as stylizer:
        expected = stylizer(source.pixels).astype(int)
    assert np.abs(expected - source.pixels).mean() > 15
    off = frames[0] - expected
    assert np.abs(off.mean(axis=(0, 1))).max() < 4  # a noisy little painting loses chroma in 4:2:0
    assert np.abs(off @ (0.2126, 0.7152, 0.0722)).mean() < 4  # but no light and dark


@pytest.mark.parametrize("number", [4, 6, 15])
def test_resuming_remembers_the_strokes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """What is painted after an interruption is what would have been painted, to within 2 levels:
    engines round a little differently in their first few frames.
    """
    gallery = tiny_gallery(tmp_path / "gallery")
    video = make_clip(tmp_path / "clip.mp4", size=(160, 120))
    paintings = []

    class Recording(VideoStylizer):
        def place(self, photo: NDArray[np.uint8], fresh: NDArray[np.uint8], time_s: float) -> Any:
            paintings.append(super().place(photo, fresh, time_s))
            return paintings[-1]

    monkeypatch.setattr(pipeline, "VideoStylizer", Recording)

    def paint(name: str, stability: float = 1.0, **changes: Any) -> Any:
        paintings.clear()
        with contextlib.suppress(KeyboardInterrupt):
            impasto.stylize_video(
                video,
                tmp_path / name,
                "first",
                stability=stability,
                gallery=gallery,
                precision="f32",
                **changes,
            )
        return list(paintings)

    whole, single = paint("whole.mkv"), paint("single.mkv", stability=0)
    assert len(paint("parts.mkv", progress=interrupt_at(number))) == number
    rest = paint("parts.mkv", resume=True)
    assert np.abs(np.subtract(rest, whole[number:], dtype=int)).max() <= 2
    assert np.abs(rest[0].astype(int) - single[number]).max() > 20  # which is not that of a start
    assert len(read_clip(tmp_path / "parts.mkv")[0]) == 20


def test_a_segment_whose_memory_is_gone_is_painted_again(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery")
    video = make_clip(tmp_path / "clip.mp4")
    with pytest.raises(KeyboardInterrupt):
        impasto.stylize_video(
            video, tmp_path / "out.mkv", "first", gallery=gallery, progress=interrupt_at(12)
        )
    (tmp_path / ".out.mkv.parts" / "00001.npz").unlink()
    report = impasto.stylize_video(
        video, tmp_path / "out.mkv", "first", gallery=gallery, resume=True
    )
    assert (report.frames, report.painted) == (20, 14)
