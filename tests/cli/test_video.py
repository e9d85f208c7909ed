from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cli.calls import Run
from impasto.video.video_stylizer import VideoStylizer
from video.clips import damage_packet, make_clip, read_clip
from video.test_muxing import make_film, read_film


def test_a_video(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", frames=10)
    ran = impasto(
        "-v", "video", "clip.mp4", "--style", "first", "--gallery", gallery, "--end", ".2"
    )
    assert ran.code == 0
    assert "clip.mp4 -> clip-first.mp4" in ran.err
    assert "5 frames in" in ran.err
    assert len(read_clip(tmp_path / "clip-first.mp4")[0]) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 3, "nothing.mp4 does not exist"),
        (["clip.mp4", "--start", "soon"], 2, "--start 'soon' is no time"),
        (["clip.mp4", "--codec", "divx"], 2, "codec 'divx' is unknown"),
        (["clip.mp4", "-o", "out.avi"], 2, "no video format"),
        (["clip.mp4", "-o", "out"], 2, "out: no ending tells a format: end it in .mp4"),
        (["clip.mp4", "--style", "frist"], 5, "did you mean first"),
        (["clip.mp4", "--start", "9"], 3, "no frame at or after 9 s: it lasts about 0.08 s"),
        (["clip.mp4", "--resume"], 2, "no unfinished work"),
        (["clip.mp4", "--style", "first@0s..second@soon"], 2, "--style, entry 2: 'soon' is no"),
        (["clip.mp4", "--style", "first@0s..frist@1s"], 5, "entry 2 (frist@1s): no style"),
        (["clip.mp4", "--style", "first", "--timeline", "a.toml"], 2, "--style and --timeline"),
        (["clip.mp4", "--timeline", "none.toml"], 3, "none.toml cannot be read"),
    ],
)
def test_impossible_videos(
    impasto: Run, gallery: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    make_clip(tmp_path / "clip.mp4", frames=2)
    if not {"--style", "--timeline"} & set(arguments):
        arguments = [*arguments, "--style", "first"]
    ran = impasto("video", *arguments, "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err


def test_no_command_is_needed_for_a_video(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.MP4", frames=2)
    ran = impasto("clip.MP4", "--style", "first", "--gallery", gallery)
    assert (ran.code, ran.err) == (0, "clip.MP4 -> clip-first.MP4\n")


def test_into_a_folder(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", frames=2)
    for output in ("out/", "out"):
        ran = impasto("video", "clip.mp4", "-s", "first", "--gallery", gallery, "-o", output)
        assert (ran.code, ran.err) == (0, "clip.mp4 -> out/clip.mp4\n")
        (tmp_path / "out" / "clip.mp4").unlink()


def test_several_videos(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    """One that fails is named, and does not keep the others from it."""
    for name in ("a.mp4", "c.avi"):
        make_clip(tmp_path / name, frames=2, codec="mpeg4")
    (tmp_path / "b.mp4").write_bytes(b"no video")
    arguments = ["-s", "first", "--gallery", gallery, "-o", "out"]
    ran = impasto("video", "a.mp4", "b.mp4", "c.avi", *arguments)
    assert ran.code == 9
    first, second, third, last = ran.err.splitlines()
    assert first == "a.mp4 -> out/a.mp4"
    assert second.startswith("impasto: b.mp4 is no video that can be read")
    assert third == "c.avi -> out/c.mp4"
    assert last == "impasto: 1 of 3 files failed: the lines above name each and why"
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a.mp4", "c.mp4"]
    (tmp_path / "b.mp4").unlink()
    make_clip(tmp_path / "b.mp4", frames=2)
    ran = impasto("video", "a.mp4", "b.mp4", "c.avi", *arguments, "--resume")
    assert ran.code == 0
    assert ran.err == "out/a.mp4 is done\nb.mp4 -> out/b.mp4\nout/c.mp4 is done\n"


@pytest.mark.parametrize("folder", ["clips", ".", ".."])
def test_a_folder_of_videos(
    impasto: Run, gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """What is no video, and what is hidden, is left alone."""
    (tmp_path / "clips").mkdir()
    for name in ("a.mp4", "b.MKV", ".hidden.mp4"):
        make_clip(tmp_path / "clips" / name, frames=1)
    (tmp_path / "clips" / "notes.txt").touch()
    (tmp_path / "clips" / "folder.mp4").mkdir()
    (tmp_path / "clips" / "below").mkdir()
    here = {"clips": ".", ".": "clips", "..": "clips/below"}
    monkeypatch.chdir(tmp_path / here[folder])
    ran = impasto("video", folder, "-s", "first", "--gallery", gallery)
    assert ran.code == 0
    painted = tmp_path / "clips-first"
    assert sorted(each.name for each in painted.iterdir()) == ["a.mp4", "b.MKV"]


def test_paintings_of_an_earlier_run_are_not_painted(
    impasto: Run, gallery: Path, tmp_path: Path
) -> None:
    make_clip(tmp_path / "clip.mp4", frames=1)
    for _ in range(2):
        names = sorted(each.name for each in tmp_path.glob("*.mp4"))
        ran = impasto("video", *names, "-s", "first", "--gallery", gallery, "--overwrite")
        assert ran.err == "clip.mp4 -> clip-first.mp4\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["a/clip.mp4", "b/clip.mp4", "-o", "out"], 2, "two videos would have the same name"),
        (["a/clip.mp4", "b", "-o", "out.mp4"], 2, "out.mp4 is called as one video"),
        (["a", "-o", "a/clip.mp4/"], 4, "a/clip.mp4 cannot be made"),
        (["empty"], 3, "empty holds no videos"),
        (["https://a.org/clip.mp4"], 3, "https://a.org/clip.mp4 is an address: download it"),
        (["x" * 300 + ".mp4"], 3, "name too long"),
        (["a/clip.mp4", "-o", "x" * 300 + ".mp4"], 4, "name too long"),
    ],
)
def test_impossible_sets_of_videos(
    impasto: Run, gallery: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    for folder in ("a", "b", "empty"):
        (tmp_path / folder).mkdir()
    make_clip(tmp_path / "a" / "clip.mp4", frames=1)
    make_clip(tmp_path / "b" / "clip.mp4", frames=1)
    ran = impasto("video", *arguments, "-s", "first", "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err.replace("File name", "name")


def test_sound_and_subtitles_can_be_left_out(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    make_film(tmp_path)
    ran = impasto("video", "film.mkv", "-s", "first", "--gallery", gallery, "-o", "out.webm")
    assert ran.code == 4
    assert "leave it out with --no-sound" in ran.err
    arguments = ["-o", "out.webm", "--no-sound", "--no-subtitles", "--end", "0.2"]
    ran = impasto("video", "film.mkv", "-s", "first", "--gallery", gallery, *arguments)
    assert ran.code == 0
    assert read_film(tmp_path / "out.webm")[2] == [("video", None)]


def test_styles_from_a_file(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", frames=5)
    (tmp_path / "styles.toml").write_text(
        '[[point]]\nat = 0\nstyle = "first"\n[[point]]\nat = 0.1\nstyle = "second"\n'
    )
    ran = impasto("video", "clip.mp4", "--timeline", "styles.toml", "--gallery", gallery)
    assert ran.code == 0
    assert len(read_clip(tmp_path / "clip-first+second.mp4")[0]) == 5


def test_gifs_stay_gifs(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), (40 * number, 90, 160)) for number in range(3)]
    options: dict[str, Any] = {"append_images": frames[1:], "duration": [50, 200, 90], "loop": 2}
    frames[0].save(tmp_path / "clip.gif", save_all=True, **options)
    ran = impasto("video", "clip.gif", "--style", "first", "--gallery", gallery)
    assert ran.code == 0
    assert "clip.gif -> clip-first.gif" in ran.err
    with Image.open(tmp_path / "clip-first.gif") as image:
        count = getattr(image, "n_frames", 1)
        assert (count, image.info["loop"], image.info["duration"]) == (3, 2, 50)


def test_damage_is_told(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    damage_packet(make_clip(tmp_path / "clip.mp4", frames=10, size=(320, 240)), 5, size=30)
    ran = impasto("video", "clip.mp4", "--style", "first", "--gallery", gallery)
    assert ran.code == 0
    assert "clip.mp4: 1 damaged packets or frames were bridged" in ran.err


def test_a_video_that_is_cut_off(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    """What there is of it is painted, and the code tells that it is not all."""
    video = make_clip(tmp_path / "clip.mkv", frames=20)
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 4 // 5])
    ran = impasto("video", "clip.mkv", "--style", "first", "--gallery", gallery)
    assert ran.code == 3
    assert ran.err == (
        "clip.mkv -> clip-first.mkv\n"
        "impasto: clip.mkv is cut off: what there is of it was painted: get it anew\n"
    )
    assert 0 < len(read_clip(tmp_path / "clip-first.mkv")[0]) < 20


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_interrupted_before_and_after_the_first_frames(
    impasto: Run,
    gallery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    painted: bool,
    old: bool,
) -> None:
    """What was painted becomes the output, unless a whole one is there."""
    make_clip(tmp_path / "clip.mp4", frames=6)
    if old:
        make_clip(tmp_path / "out.mp4", frames=2)
    place = VideoStylizer.place

    def interrupted(
        self: Any, photo: NDArray[np.uint8], fresh: NDArray[np.uint8], time_s: float
    ) -> Any:
        if not painted or time_s > 0.1:
            raise KeyboardInterrupt
        return place(self, photo, fresh, time_s)

    monkeypatch.setattr(VideoStylizer, "place", interrupted)
    arguments = ["-s", "first", "--gallery", gallery, "-o", "out.mp4", "--overwrite"]
    ran = impasto("video", "clip.mp4", *arguments)
    assert ran.code == 130
    state = "is as it was" if old else "has what was painted so far"
    says = f"out.mp4 {state}; the same command with --resume goes on\n" if painted else ""
    assert ran.err == says + "impasto: interrupted\n"
    if old or painted:
        assert len(read_clip(tmp_path / "out.mp4")[0]) == 2 if old else 3
    monkeypatch.setattr(VideoStylizer, "place", place)
    if painted:
        assert impasto("video", "clip.mp4", *arguments, "--resume").code == 0
        assert len(read_clip(tmp_path / "out.mp4")[0]) == 6
