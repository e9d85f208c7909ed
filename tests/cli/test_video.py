import pytest

from video.clips import make_clip, read_clip


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
        (["clip.mp4", "--codec", "divx"], 2, "unknown codec 'divx'"),
        (["clip.mp4", "-o", "out.avi"], 2, "no video format"),
        (["clip.mp4", "--style", "frist"], 5, "did you mean first"),
        (["clip.mp4", "--resume"], 2, "no unfinished work"),
        (["clip.mp4", "--style", "first@0s..second@soon"], 2, "--style, entry 2: 'soon' is no"),
        (["clip.mp4", "--style", "first@0s..frist@1s"], 5, "entry 2 (frist@1s): no style"),
        (["clip.mp4", "--timeline", "none.toml"], 3, "none.toml cannot be read"),
    ],
)
def test_impossible_videos(impasto, gallery, tmp_path, arguments, code, says):
    make_clip(tmp_path / "clip.mp4", frames=2)
    if "--style" not in arguments:
        arguments = [*arguments, "--style", "first"]
    ran = impasto("video", *arguments, "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert says in ran.err


def test_styles_from_a_file(impasto, gallery, tmp_path):
    make_clip(tmp_path / "clip.mp4", frames=5)
    (tmp_path / "styles.toml").write_text(
        '[[point]]\nat = 0\nstyle = "first"\n[[point]]\nat = 0.1\nstyle = "second"\n'
    )
    ran = impasto("video", "clip.mp4", "--timeline", "styles.toml", "--gallery", gallery)
    assert ran.code == 0
    assert len(read_clip(tmp_path / "clip-first+second.mp4")[0]) == 5
