import shutil
from pathlib import Path

import av
import pytest

from impasto.video.cut_off import is_cut_off
from video.clips import convert, make_broadcast, make_clip, read_clip


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path


def make_fast_start(folder: Path) -> Path:
    """An MP4 whose index is in front, as those for the web are."""
    clip, path = make_clip(folder / "index-last.mp4", frames=50), folder / "clip.mp4"
    with (
        av.open(str(clip)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as written,
    ):
        target = written.add_stream_from_template(source.streams[0], opaque=True)
        for packet in source.demux():
            if packet.size:
                packet.stream = target
                written.mux(packet)
    return path


def make(folder: Path, name: str) -> Path:
    if name == "clip.ts":
        return make_broadcast(folder)
    if name == "clip.mp4":
        return make_fast_start(folder)
    codecs = {"clip.webm": "libvpx-vp9", "clip.avi": "mpeg4"}
    return make_clip(folder / name, frames=50, codec=codecs.get(name, "libx264"))


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm", "clip.mp4", "clip.mov", "clip.avi"])
def test_whole_and_cut_files(tmp_path: Path, name: str) -> None:
    video = make(tmp_path, name)
    assert not is_cut_off(video)
    for share in (0.99, 0.5, 0.1, 0.02):
        assert is_cut_off(cut(Path(shutil.copy(video, tmp_path / "cut")), share))


def test_files_that_do_not_say(tmp_path: Path) -> None:
    broadcast = make(tmp_path, "clip.ts")
    assert not is_cut_off(cut(broadcast, 0.5))
    recording = make(tmp_path, "clip.mkv").read_bytes()
    # A size of eight bytes follows the segment's name; one that nobody came to write is all ones.
    head, tail = recording.split(b"\x18\x53\x80\x67", 1)
    (tmp_path / "recording").write_bytes(head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + tail[8:200])
    assert not is_cut_off(tmp_path / "recording")
    for content in (b"", b"\0", b"\x1a\x45\xdf\xa3", b"RIFF", b"no video at all" * 9):
        (tmp_path / "other").write_bytes(content)
        assert not is_cut_off(tmp_path / "other")
    assert not is_cut_off(tmp_path)


def test_more_after_the_end(tmp_path: Path) -> None:
    """Some cameras and tools append what is theirs."""
    for name in ("clip.mkv", "clip.mp4", "clip.avi"):
        video = make(tmp_path, name)
        video.write_bytes(video.read_bytes() + b"\x7f\0\0\0mine" * 9)
        assert not is_cut_off(video)


@pytest.mark.parametrize(
    ("name", "share"),
    [("clip.mkv", 0.6), ("clip.mp4", 0.6), ("clip.avi", 0.3)],  # half of an AVI is its index
)
def test_what_is_left_is_painted_and_the_report_tells(
    tmp_path: Path, name: str, share: float
) -> None:
    video = cut(make(tmp_path, name), share)

    report = convert(video, tmp_path / "out.mkv")
    assert report.cut_off
    assert 10 < report.frames < 50
    assert len(read_clip(tmp_path / "out.mkv")[0]) == report.frames
    assert not convert(
        video, tmp_path / "part.mkv", end_s=0.2
    ).cut_off  # nothing is missing of this part
