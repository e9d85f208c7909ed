"""What a video file holds beside its picture."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto.video import io_threads
from impasto.video.encoding import CODECS
from video.clips import convert, make_clip, read_clip

SUBTITLES = """1
00:00:00,200 --> 00:00:00,600
A square

2
00:00:01,000 --> 00:00:01,500
goes for a <i>walk</i>
"""
CHAPTERS = [("The beginning", 0, 800), ("The end", 800, 2000)]
MILLISECOND = Fraction(1, 1000)


def make_film(folder: Path, *, subtitles: bool = True) -> Path:
    """Two seconds with two sound tracks, subtitles, chapters and metadata, in Matroska."""
    clip = make_clip(folder / "clip.mkv", frames=50, audio_tracks=2)
    (folder / "text.srt").write_text(SUBTITLES)
    film = folder / "film.mkv"
    with (
        av.open(str(clip)) as pictures,
        av.open(str(folder / "text.srt")) as text,
        av.open(str(film), "w") as written,
    ):
        sources = [*pictures.streams, *(text.streams if subtitles else [])]
        targets = {id(source): written.add_stream_from_template(source) for source in sources}
        for source in sources:
            targets[id(source)].metadata.update(source.metadata)
        if subtitles:
            targets[id(text.streams[0])].metadata["language"] = "fra"
        written.metadata.update(title="A wandering square", artist="Nobody", comment="For a test")
        written.set_chapters(
            [
                {
                    "id": number,
                    "start": begin,
                    "end": end,
                    "time_base": MILLISECOND,
                    "metadata": {"title": title},
                }
                for number, (title, begin, end) in enumerate(CHAPTERS)
            ]
        )
        for container in (text, pictures) if subtitles else (pictures,):
            for packet in container.demux():
                if packet.size:
                    packet.stream = targets[id(packet.stream)]
                    written.mux(packet)
    return film


def read_film(
    path: Path,
) -> tuple[
    dict[str, str],
    list[tuple[str, int, int]],
    list[tuple[str, str | None]],
    list[tuple[int, bytes]],
]:
    with av.open(str(path)) as film:
        chapters = [
            (
                chapter["metadata"]["title"],
                *(_ms(chapter[end], chapter) for end in ("start", "end")),
            )
            for chapter in film.chapters()
        ]
        tracks = [(each.type, each.metadata.get("language")) for each in film.streams]
        texts = []
        if film.streams.subtitles:
            for packet in film.demux(film.streams.subtitles[0]):
                if packet.pts is not None:
                    texts.append((round(1000 * packet.pts * packet.time_base), bytes(packet)))
        return dict(film.metadata), chapters, tracks, texts


def _ms(time: int, chapter: dict[str, Any]) -> int:
    rounded: int = round(1000 * time * chapter["time_base"])
    return rounded


def test_subtitles_chapters_and_metadata_are_kept(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    convert(film, tmp_path / "out.mkv")
    metadata, chapters, tracks, texts = read_film(tmp_path / "out.mkv")
    assert {key.lower(): value for key, value in metadata.items()}.items() >= {
        "title": "A wandering square",
        "artist": "Nobody",
        "comment": "For a test",
    }.items()
    assert chapters == CHAPTERS
    assert tracks == [("video", None), ("audio", "eng"), ("audio", "deu"), ("subtitle", "fra")]
    assert texts == [(200, b"A square"), (1000, b"goes for a <i>walk</i>")]
    assert read_film(film)[1:] == (chapters, tracks, texts)


def test_those_of_a_part_move_with_it(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    convert(film, tmp_path / "out.mkv", start_s=0.5, end_s=1.5)
    _, chapters, _, texts = read_film(tmp_path / "out.mkv")
    assert [(title, begin) for title, begin, _ in chapters] == [
        ("The beginning", 0),
        ("The end", 300),
    ]
    assert texts == [(500, b"goes for a <i>walk</i>")]
    convert(film, tmp_path / "end.mkv", start_s=1)
    assert [title for title, _, _ in read_film(tmp_path / "end.mkv")[1]] == ["The end"]


def test_chapters_and_metadata_in_mp4(tmp_path: Path) -> None:
    film = make_film(tmp_path, subtitles=False)
    convert(film, tmp_path / "out.mp4")
    metadata, chapters, _, _ = read_film(tmp_path / "out.mp4")
    assert (metadata["title"], metadata["artist"]) == ("A wandering square", "Nobody")
    assert chapters == CHAPTERS


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
@pytest.mark.parametrize("codec", CODECS)
def test_every_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, name: str
) -> None:
    monkeypatch.setattr(io_threads, "SEGMENT_FRAMES", 4)
    video = make_clip(tmp_path / "clip.mp4", frames=10)
    convert(video, tmp_path / name, codec=codec)
    with av.open(str(tmp_path / name)) as container:
        got = container.streams.video[0].codec_context.codec.canonical_name
    assert got == codec
    times, frames = read_clip(tmp_path / name)
    assert times == list(range(0, 240, 24))
    _, source = read_clip(video)
    for before, after in zip(source, frames, strict=True):
        assert np.abs(255 - before.astype(int) - after).mean() < 6


@pytest.mark.parametrize("codec", CODECS)
def test_encoders_are_silent(tmp_path: Path, codec: str) -> None:
    """In a process of its own: one for AV1 asks once how much it shall say."""
    make_clip(tmp_path / "clip.mp4", frames=2)
    code = "from video.clips import *; convert(Path('clip.mp4'), Path('out.mkv'), codec="
    environment = {key: value for key, value in os.environ.items() if key != "SVT_LOG"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}{codec!r})"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_crf_is_quality(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "clip.mp4", frames=10, size=(320, 240))
    sizes = []
    for crf in (5, 45):
        convert(video, tmp_path / "out.mp4", crf=crf, overwrite=True)
        sizes.append((tmp_path / "out.mp4").stat().st_size)
    assert sizes[0] > 2 * sizes[1]
