from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import impasto
from impasto.errors import InputError, OptionError, StyleError
from impasto.progress import Progress
from impasto.styles import Gallery, mix_vectors, write_style
from impasto.stylizer import Stylizer
from impasto.video import Timeline, TimelinePoint, parse_timeline, read_timeline, stylize_frames
from impasto.video.timeline import parse_time
from tiny import picture, tiny_gallery, with_last_layer
from video.clips import make_clip, read_clip


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return tiny_gallery(tmp_path / "gallery")


def test_points_and_what_lies_between_them() -> None:
    timeline = parse_timeline("first@0s..second:2+first@1:10 , ../candy.t7@80.5s")
    assert timeline.points == (
        TimelinePoint(0, "first"),
        TimelinePoint(70, "second:2+first"),
        TimelinePoint(80.5, "../candy.t7", at_once=True),
    )
    assert str(timeline) == "first@0s..second:2+first@70s,../candy.t7@80.5s"
    assert parse_timeline(str(timeline)) == timeline
    assert [timeline.stretch_at(each) for each in (0, 69.9, 70, 80.5, 1e6)] == [0, 0, 1, 2, 2]
    assert [timeline.share_at(each) for each in (0, 35, 70, 75, 90)] == [0, 0.5, 0, 0, 0]


def test_a_style_alone_lasts_throughout() -> None:
    assert parse_timeline("a:0.7+b").points == (TimelinePoint(0, "a:0.7+b"),)
    assert str(parse_timeline("a")) == "a"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1:30", 90), ("0:01:30.5", 90.5), ("0", 0)]
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "soon", "-1", "1:2:3:4", "nan", "inf", "1e99"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a message of float's
        parse_time(text)


def test_a_name_that_no_file_can_have() -> None:
    assert parse_timeline("x" * 300 + "@0s..b@1s").names == ["x" * 300, "b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a@0s..b@soon", "--style, entry 2: 'soon' is no time"),
        ("a@0s..", "entry 2"),
        ("@0s..b@1", "entry 1"),
        ("a@5..b@5", r"entry 2 \(b@5s\) is not after"),
        ("a@0s..b", "entry 2"),
        ("a@-1..b@5", "entry 1"),
    ],
)
def test_errors_name_the_entry(text: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        parse_timeline(text, "--style")


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "styles.toml"
    file.write_text(
        '[[point]]\nat = 0\nstyle = "first"\n'
        '[[point]]\nat = "0:10"\nstyle = "second"\n'
        '[[point]]\nat = 12.5\nstyle = "first"\nat_once = true\n'
    )
    assert str(read_timeline(file)) == "first@0s..second@10s,first@12.5s"


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("point = ", InputError, "no TOML"),
        ("", OptionError, "something else"),
        ("point = []", OptionError, "0 entries"),
        ("point = [1]", OptionError, "entry 1 is no table"),
        ('[[point]]\nat = 0\nstlye = "a"', OptionError, "entry 1 has 'stlye'"),
        ("[[point]]\nat = 0", OptionError, "entry 1 has no style"),
        ('[[point]]\nat = true\nstyle = "a"', OptionError, "entry 1: at = True is no time"),
        ('[[point]]\nat = nan\nstyle = "a"', OptionError, "entry 1: at = nan is no time"),
        ('[[point]]\nstyle = "a"', OptionError, "at = None is no time"),
        ('[[point]]\nat = 0\nstyle = "a"\nat_once = 1', OptionError, "at_once is 1"),
    ],
)
def test_files_that_are_wrong(
    tmp_path: Path, text: str, error: type[InputError | OptionError], says: str
) -> None:
    (tmp_path / "styles.toml").write_text(text)
    with pytest.raises(error, match=says):
        read_timeline(tmp_path / "styles.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_timeline(tmp_path / "none.toml")


def paint(
    gallery: Gallery, timeline: Timeline | str, frames: Iterable[NDArray[np.uint8]], **options: Any
) -> list[NDArray[np.uint8]]:
    return list(stylize_frames(frames, timeline, gallery=gallery, precision="f32", **options))


def test_the_mixture_moves_with_time(gallery: Gallery) -> None:
    """Before, halfway and after, as a stylizer of that mixture paints."""
    photo = picture(96, 96)
    got = paint(gallery, "first@1s..second@3s", [photo] * 5, rate=1, stability=0)
    for number, style in enumerate(["first", "first", "first+second", "second", "second"]):
        with Stylizer(style, gallery=gallery, precision="f32") as stylizer:
            difference = got[number].astype(int) - stylizer(photo)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("own", [("first",), ("second",), ("first", "second")])
def test_a_last_layer_of_its_own_comes_and_goes(gallery: Gallery, own: tuple[str, ...]) -> None:
    """Two levels of 255: both paintings are rounded before they are blended."""
    for seed, name in enumerate(gallery.names):
        style = gallery.load_style(name)
        style = replace(style, vector=0.03 * style.vector)  # pale: nothing is clipped
        if name in own:
            style = with_last_layer(style, gallery.trunk, seed)
        write_style(gallery.folder / f"{name}.style", style)
    changed = Gallery(gallery.folder)
    photo = picture(96, 96)
    got = paint(changed, "first@1s..second@5s", [photo] * 6, rate=1, stability=0)
    for number, name in enumerate(["first", "first", "first:3+second", "first+second"]):
        with Stylizer(name, gallery=changed, precision="f32") as stylizer:
            expected = stylizer(photo).astype(int)
        assert 0 < expected.min() < expected.max() < 255
        assert np.abs(got[number] - expected).max() <= 2
        assert expected.std() > 5
    with Stylizer("second", gallery=changed, precision="f32") as stylizer:
        assert np.abs(got[5].astype(int) - stylizer(photo)).max() <= 1


def test_a_comma_changes_at_once_and_drops_the_strokes(gallery: Gallery) -> None:
    photo = picture(96, 96)
    got = paint(gallery, "first@0,second@2", [photo] * 4, rate=1, stability=1.0)
    for number, style in enumerate(["first", "first", "second", "second"]):
        with Stylizer(style, gallery=gallery, precision="f32") as stylizer:
            assert np.abs(got[number].astype(int) - stylizer(photo)).mean() < 1


def test_even_strokes_that_stay_take_the_new_style(gallery: Gallery) -> None:
    photo = picture(96, 96)
    got = paint(gallery, "first@0s..second@4s", [photo] * 130, rate=25, stability=1.0)
    with Stylizer("second", gallery=gallery) as stylizer:
        second = stylizer(photo).astype(int)
    assert np.abs(got[-1] - second).mean() < 0.2 * np.abs(got[0] - second).mean()


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("first@0s..frist@9s", StyleError, r"entry 2 \(frist@9s\): no style 'frist'"),
        ("first@0,none.t7@9", InputError, r"entry 2 \(none.t7@9s\)"),
    ],
)
def test_styles_are_checked_before_the_first_frame(
    gallery: Gallery, text: str, error: type[InputError | StyleError], says: str
) -> None:
    with pytest.raises(error, match=says):
        paint(gallery, text, iter(lambda: pytest.fail("a frame was taken"), 0), rate=1)


def test_times_need_a_rate(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="rate"):
        paint(gallery, "first@0..second@1", [picture(96, 96)])
    with pytest.raises(OptionError, match="rate is 0"):
        paint(gallery, "first", [picture(96, 96)], rate=0)


def test_only_steered_stylizers_change_their_style(gallery: Gallery) -> None:
    vector = mix_vectors([gallery.load_style("first").vector], [1])
    with Stylizer("first", gallery=gallery) as stylizer, pytest.raises(OptionError, match="fixed"):
        stylizer.restyle(vector)
    with (
        Stylizer("first", gallery=gallery, steered=True) as stylizer,
        pytest.raises(OptionError, match="fixed"),
    ):
        stylizer.restyle(vector[1:])


def test_a_part_of_a_video_and_its_resumption(gallery: Gallery, tmp_path: Path) -> None:
    """Times are those of the whole video; work on another timeline is not gone on with."""
    video = make_clip(tmp_path / "clip.mp4", size=(96, 96), frames=20)

    def convert(name: str, style: Any, **changes: Any) -> Any:
        impasto.stylize_video(
            video,
            tmp_path / name,
            style,
            stability=0,
            start_s=0.4,
            crf=0,
            gallery=gallery,
            **changes,
        )
        return read_clip(tmp_path / name)[1]

    def interrupt(event: Progress) -> None:
        if event.done == 4:
            raise KeyboardInterrupt

    timeline = "first@0s..second@0.8s"
    whole = convert("whole.mkv", timeline)
    mixed = convert("mixed.mkv", "first+second")
    assert np.abs(whole[0].astype(int) - mixed[0]).mean() < 2  # at 0.4 s
    assert np.abs(whole[9].astype(int) - mixed[9]).mean() > 4
    with pytest.raises(KeyboardInterrupt):
        convert("parts.mkv", timeline, progress=interrupt)
    with pytest.raises(OptionError, match="another style"):
        convert("parts.mkv", "first@0s..second@0.9s", resume=True)
    parts = convert("parts.mkv", timeline, resume=True)
    assert len(parts) == len(whole) == 10
    for one, other in zip(parts, whole, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2


def test_one_style_as_a_timeline(gallery: Gallery) -> None:
    photo = picture(96, 96)
    style = gallery.load_style("first")
    got = paint(gallery, Timeline.constant(style), [photo])
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        np.testing.assert_array_equal(got[0], stylizer(photo))
