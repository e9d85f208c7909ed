"""Sound and subtitles in the formats that hold them, and in those that do not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import av
import pytest

from impasto.errors import OutputError
from impasto.video.tracks import check_tracks
from video.clips import convert, make_clip, read_clip, sound_packets
from video.test_muxing import make_film, read_film

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.20,0:00:00.60,Default,,0,0,0,,{\\pos(10,10)}A square
"""


def make_silent_film(folder: Path, *, text: str = "text.srt", content: str | None = None) -> Path:
    """Pictures and one subtitle track, whatever it is."""
    clip = make_clip(folder / "clip.mkv", frames=5)
    (folder / text).write_bytes((content or "1\n00:00:00,020 --> 00:00:00,100\nHi\n").encode())
    film = folder / "silent.mkv"
    with (
        av.open(str(clip)) as pictures,
        av.open(str(folder / text)) as texts,
        av.open(str(film), "w") as written,
    ):
        for source in (pictures, texts):
            target = written.add_stream_from_template(source.streams[0])
            source.streams[0].metadata["target"] = str(target.index)
        for source in (texts, pictures):
            for packet in source.demux():
                if packet.size:
                    packet.stream = written.streams[int(packet.stream.metadata["target"])]
                    written.mux(packet)
    return film


def read_subtitles(path: Path) -> tuple[str, str, list[tuple[int, int, str]]]:
    """Language, and begin, end (in milliseconds) and text as ASS has it."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        lines = []
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            begin, length = (
                round(1000 * each * packet.time_base) for each in (packet.pts, packet.duration)
            )
            for subtitle in stream.decode(packet):
                text = subtitle.ass.decode().split(",", 8)[-1]
                lines.append((begin, begin + length, text.removesuffix("{\\i0}")))
        return stream.codec_context.codec.canonical_name, stream.metadata["language"], lines


WALK = [(200, 600, "A square"), (1000, 1500, "goes for a {\\i1}walk")]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("o.mp4", "mov_text"), ("o.mov", "mov_text"), ("o.webm", "webvtt"), ("o.mkv", "subrip")],
)
def test_text_is_written_as_the_format_has_it(tmp_path: Path, name: str, codec: str) -> None:
    """Words, times, emphasis and language are the same, and the same on the way back."""
    film = make_film(tmp_path)
    convert(film, tmp_path / name, sound=False)
    assert read_subtitles(tmp_path / name) == (codec, "fra", WALK)
    convert(tmp_path / name, tmp_path / "back.mkv", sound=False)
    assert read_subtitles(tmp_path / "back.mkv")[1:] == ("fra", WALK)


def test_text_of_a_part_in_mp4(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    convert(film, tmp_path / "out.mp4", start_s=0.5, end_s=1.5)
    assert read_subtitles(tmp_path / "out.mp4")[2] == [(500, 1000, "goes for a {\\i1}walk")]


def test_a_damaged_line_of_text_is_left_out(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    content = film.read_bytes()
    assert content.count(b"A square") == 1
    film.write_bytes(content.replace(b"A square", b"A squ\xff\xfee"))
    convert(film, tmp_path / "out.mp4")
    assert read_subtitles(tmp_path / "out.mp4")[2] == WALK[1:]


@pytest.mark.parametrize(
    ("film", "name", "says"),
    [
        (
            make_film,
            "out.webm",
            r"sound track 1 of .*film.mkv \(aac\): write \.mp4 or \.mov or \.mkv, or leave it out "
            "with --no-sound",
        ),
        (
            lambda folder: make_silent_film(folder, text="text.ass", content=ASS),
            "out.mp4",
            r"subtitle track 1 of .* \(ass\): write \.mkv, or leave it out with --no-subtitles",
        ),
    ],
)
def test_what_a_format_has_no_place_for_is_said_before_painting(
    tmp_path: Path, film: Callable[..., Any], name: str, says: str
) -> None:
    video = film(tmp_path)
    before = set(tmp_path.iterdir())
    painter = Mock()
    with pytest.raises(OutputError, match=says):
        convert(video, tmp_path / name, painter)
    painter.assert_not_called()
    assert set(tmp_path.iterdir()) == before


def test_sound_that_no_format_holds(tmp_path: Path) -> None:
    """As FFmpeg sees it; from old cameras."""
    clip = make_clip(tmp_path / "clip.avi", frames=5, audio_tracks=1, sound_codec="adpcm_ms")
    with pytest.raises(OutputError, match=r"track 1 .*\(adpcm_ms\): leave it out with --no-sound"):
        check_tracks(clip, tmp_path / "out.mkv", "matroska")


def test_both_can_be_left_out(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    convert(film, tmp_path / "out.webm", sound=False)
    assert read_film(tmp_path / "out.webm")[2] == [("video", None), ("subtitle", "fra")]
    convert(film, tmp_path / "out.mkv", subtitles=False)
    assert read_film(tmp_path / "out.mkv")[2] == [
        ("video", None),
        ("audio", "eng"),
        ("audio", "deu"),
    ]
    assert sound_packets(tmp_path / "out.mkv") == sound_packets(film)


def test_which_track_plays_by_itself_is_kept(tmp_path: Path) -> None:
    film = make_film(tmp_path)
    with av.open(str(film)) as source, av.open(str(tmp_path / "second.mkv"), "w") as written:
        targets = [written.add_stream_from_template(each) for each in source.streams]
        targets[2].disposition = av.stream.Disposition.default
        targets[3].disposition = av.stream.Disposition.forced
        for packet in source.demux():
            if packet.size:
                packet.stream = targets[packet.stream.index]
                written.mux(packet)
    convert(tmp_path / "second.mkv", tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        kept = [each.disposition for each in container.streams]
    assert [bool(each & av.stream.Disposition.default) for each in kept[1:]] == [False, True, False]
    assert kept[3] & av.stream.Disposition.forced


def test_fonts_stay_in_matroska(tmp_path: Path) -> None:
    film = make_silent_film(tmp_path, text="text.ass", content=ASS)
    with av.open(str(film)) as source, av.open(str(tmp_path / "fonts.mkv"), "w") as written:
        targets = [written.add_stream_from_template(each) for each in source.streams]
        written.add_attachment("hand.ttf", "font/ttf", b"glyphs")
        for packet in source.demux():
            if packet.size:
                packet.stream = targets[packet.stream.index]
                written.mux(packet)
    convert(tmp_path / "fonts.mkv", tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.mimetype, font.data) == ("hand.ttf", "font/ttf", b"glyphs")
    convert(tmp_path / "fonts.mkv", tmp_path / "out.mp4", subtitles=False)
    assert len(read_clip(tmp_path / "out.mp4")[0]) == 5
