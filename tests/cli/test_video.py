import pytest
from PIL import Image

from impasto.video.video_stylizer import VideoStylizer
from video.clips import damage_packet, make_clip, read_clip
from video.test_muxing import make_film, read_film


def test_a_video(impasto, gallery, tmp_path):
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
def test_impossible_videos(impasto, gallery, tmp_path, arguments, code, says):
    make_clip(tmp_path / "clip.mp4", frames=2)
    if not {"--style", "--timeline"} & set(arguments):
        arguments = [*arguments, "--style", "first"]
    ran = impasto("video", *arguments, "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err


def test_no_command_is_needed_for_a_video(impasto, gallery, tmp_path):
    make_clip(tmp_path / "clip.MP4", frames=2)
    ran = impasto("clip.MP4", "--style", "first", "--gallery", gallery)
    assert (ran.code, ran.err) == (0, "clip.MP4 -> clip-first.MP4\n")


def test_into_a_folder(impasto, gallery, tmp_path):
    make_clip(tmp_path / "clip.mp4", frames=2)
    (tmp_path / "out").mkdir()
    ran = impasto("video", "clip.mp4", "-s", "first", "--gallery", gallery, "-o", "out")
    assert (ran.code, ran.err) == (0, "clip.mp4 -> out/clip-first.mp4\n")
    assert len(read_clip(tmp_path / "out" / "clip-first.mp4")[0]) == 2


def test_sound_and_subtitles_can_be_left_out(impasto, gallery, tmp_path):
    make_film(tmp_path)
    ran = impasto("video", "film.mkv", "-s", "first", "--gallery", gallery, "-o", "out.webm")
    assert ran.code == 4
    assert "leave it out with --no-sound" in ran.err
    arguments = ["-o", "out.webm", "--no-sound", "--no-subtitles", "--end", "0.2"]
    ran = impasto("video", "film.mkv", "-s", "first", "--gallery", gallery, *arguments)
    assert ran.code == 0
    assert read_film(tmp_path / "out.webm")[2] == [("video", None)]


def test_styles_from_a_file(impasto, gallery, tmp_path):
    make_clip(tmp_path / "clip.mp4", frames=5)
    (tmp_path / "styles.toml").write_text(
        '[[point]]\nat = 0\nstyle = "first"\n[[point]]\nat = 0.1\nstyle = "second"\n'
    )
    ran = impasto("video", "clip.mp4", "--timeline", "styles.toml", "--gallery", gallery)
    assert ran.code == 0
    assert len(read_clip(tmp_path / "clip-first+second.mp4")[0]) == 5


def test_gifs_stay_gifs(impasto, gallery, tmp_path):
    frames = [Image.new("RGB", (64, 48), (40 * number, 90, 160)) for number in range(3)]
    options = {"append_images": frames[1:], "duration": [50, 200, 90], "loop": 2}
    frames[0].save(tmp_path / "clip.gif", save_all=True, **options)
    ran = impasto("video", "clip.gif", "--style", "first", "--gallery", gallery)
    assert ran.code == 0
    assert "clip.gif -> clip-first.gif" in ran.err
    with Image.open(tmp_path / "clip-first.gif") as image:
        assert (image.n_frames, image.info["loop"], image.info["duration"]) == (3, 2, 50)


def test_damage_is_told(impasto, gallery, tmp_path):
    damage_packet(make_clip(tmp_path / "clip.mp4", frames=10, size=(320, 240)), 5, size=30)
    ran = impasto("video", "clip.mp4", "--style", "first", "--gallery", gallery)
    assert ran.code == 0
    assert "clip.mp4: 1 damaged packets or frames were bridged" in ran.err


def test_a_video_that_is_cut_off(impasto, gallery, tmp_path):
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
    impasto, gallery, tmp_path, monkeypatch, painted, old
):
    """What was painted becomes the output, unless a whole one is there."""
    make_clip(tmp_path / "clip.mp4", frames=6)
    if old:
        make_clip(tmp_path / "out.mp4", frames=2)
    place = VideoStylizer.place

    def interrupted(self, photo, fresh, time_s):
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
