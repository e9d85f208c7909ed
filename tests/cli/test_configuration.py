"""Defaults that users choose, and what is stronger than they are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.cli.configuration import config_file


@pytest.fixture
def configure() -> Callable[[str], object]:
    def write(text: str) -> None:
        config_file().parent.mkdir(parents=True, exist_ok=True)
        config_file().write_text(text)

    return write


@pytest.fixture
def plan(impasto: Run, photo: Path, gallery: Path) -> Callable[..., str]:
    """Which painting would be painted, and how large."""

    def run(*arguments: object) -> str:
        ran = impasto(photo, "--gallery", gallery, "--dry-run", *arguments)
        return ran.out.partition(" -> ")[2].partition(" px")[0].rpartition("/")[2] or ran.err

    return run


def test_each_layer_is_stronger_than_the_one_before(
    plan: Callable[..., str],
    impasto: Run,
    gallery: Path,
    configure: Callable[[str], object],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("impasto.presets.user_data_folder", lambda: tmp_path / "data")
    assert "no style 'udnie'" in plan()
    configure('style = "first"\nmax_size = 20\n')
    assert plan() == "photo-first.png: first, 20 x 15"
    monkeypatch.setenv("IMPASTO_STYLE", "second")
    assert plan() == "photo-second.png: second, 20 x 15"
    monkeypatch.setenv("IMPASTO_FORMAT", "webp")
    assert impasto("--style", "first", "--save-preset", "soft", "--gallery", gallery).code == 0
    assert plan("--preset", "soft") == "photo-first.webp: first, 20 x 15"
    assert plan("--preset", "soft", "--style", "first+second", "--max-size", "30") == (
        "photo-first+second.webp: first+second, 30 x 22"
    )


def test_a_preset_is_whole(
    configure: Callable[[str], object], impasto: Run, gallery: Path, photo: Path, tmp_path: Path
) -> None:
    """What it leaves out has the defaults that ship, so that it paints alike for everybody."""
    (tmp_path / "plain.toml").write_text('style = "first"\n')
    configure("strength = 0.0\n")
    assert impasto(photo, "--preset", "plain.toml", "--gallery", gallery, "-o", "a.png").code == 0
    assert (tmp_path / "a.png").read_bytes() != photo.read_bytes()
    ran = impasto(photo, "--gallery", gallery, "--style", "first", "--save-preset", "faint.toml")
    assert ran.code == 0
    assert (tmp_path / "faint.toml").read_text() == 'style = "first"\nstrength = 0.0\n'


def test_lists_and_flags(
    plan: Callable[..., str],
    configure: Callable[[str], object],
    monkeypatch: pytest.MonkeyPatch,
    impasto: Run,
    photo: Path,
    gallery: Path,
) -> None:
    configure('style = ["first", "second"]\ncompare = true\n')
    ran = impasto(photo, "--gallery", gallery, "--dry-run")
    assert ran.out.count("-compared.png") == 2
    monkeypatch.setenv("IMPASTO_STYLE", "no such")  # one style, not two
    assert "no style 'no such'" in plan()
    monkeypatch.setenv("IMPASTO_STYLE", "")  # as if it were not there
    monkeypatch.setenv("IMPASTO_COMPARE", "no")
    assert plan() == "photo-first.png: first, 40 x 30"


def test_flags_are_switched_off_again(
    configure: Callable[[str], object], impasto: Run, photo: Path, gallery: Path
) -> None:
    flags = "recursive skip_existing strip open invert_mask compare overwrite"
    configure('style = "first"\n' + "".join(f"{each} = true\n" for each in flags.split()))
    off = [f"--no-{each.replace('_', '-')}" for each in flags.split()]
    ran = impasto(photo, "--gallery", gallery, *off)
    assert ran.code == 0, ran.err
    assert ran.err.endswith("photo-first.png\n")


def test_flags_of_videos_are_switched_off_again(
    configure: Callable[[str], object], impasto: Run
) -> None:
    flags = "overwrite", "resume"
    configure("[video]\n" + "".join(f"{each} = true\n" for each in ("no_sound", *flags)))
    ran = impasto("no.mp4", "--sound", "--subtitles", *(f"--no-{each}" for each in flags))
    assert "no.mp4 does not exist" in ran.err


def test_tables_are_for_one_command(
    configure: Callable[[str], object], impasto: Run, plan: Callable[..., str]
) -> None:
    configure('style = "first"\n[stylize]\nmax_size = 20\n[video]\nstyle = "frist"\ncrf = 18\n')
    assert plan() == "photo-first.png: first, 20 x 15"
    assert "no style 'frist'" in impasto("video", "clip.mp4").err


def test_what_the_command_line_excludes(
    plan: Callable[..., str],
    configure: Callable[[str], object],
    photo: Path,
    impasto: Run,
    gallery: Path,
) -> None:
    configure('style = "first"\nskip_existing = true\nkeep_colors = "linear"\n')
    photo.with_name("photo-first.png").touch()
    assert plan("--overwrite", "--palette", photo) == "photo-first.png: first, 40 x 30"
    ran = impasto(photo, "--gallery", gallery, "--overwrite", "--skip-existing")
    assert "exclude each other" in ran.err
    configure('[video]\ntimeline = "a.toml"\n')
    assert "a.toml cannot be read" in impasto("video", "clip.mp4").err
    assert "no style 'frist'" in impasto("video", "clip.mp4", "--style", "frist").err


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("strenght = 1", 2, "has an unknown key 'strenght': did you mean strength?"),
        ("[video]\nquality = 1", 2, "[video] has an unknown key 'quality'"),
        ("video = 1", 2, "[video] is 1: make it a table"),
        ("strength = 'much'", 2, "strength is 'much'"),
        ("strength = true", 2, "strength is True"),
        ("strength = [1]", 2, "strength is [1]"),
        ("max_size = 0", 2, "max_size is 0"),
        ("file_quality = 300", 2, "file_quality is 300"),
        ("jobs = 0", 2, "jobs is 0"),
        ("strength = 9", 2, "strength is 9.0: give a number from 0 to 1.5"),
        ("protect_faces = 2", 2, "protect-faces is 2.0"),
        ("keep_colors = 'all'", 2, "keep-colors is 'all'"),
        ("memory = 'lots'", 2, "--memory lots is no amount"),
        ("format = 'psd'", 2, "--format psd is no format"),
        ("overwrite = 'maybe'", 2, "overwrite is 'maybe'"),
        ("strength", 3, "is no TOML"),
    ],
)
def test_impossible_defaults_are_one_line(
    impasto: Run, photo: Path, configure: Callable[[str], object], text: str, code: int, says: str
) -> None:
    configure(text)
    ran = impasto(photo)
    assert (ran.code, ran.err.count("\n")) == (code, 1), ran.err
    assert f"impasto: {config_file()}" in ran.err
    assert says in ran.err
    assert impasto("--help").code == 0


def test_only_what_comes_from_there_is_said_to(
    configure: Callable[[str], object], impasto: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("strength = 9\nstroke = 9\n")
    assert impasto(photo, "--strength", "8").err.startswith("impasto: strength is 8.0: give")
    monkeypatch.setenv("IMPASTO_STRENGTH", "7")
    assert impasto(photo).err.startswith("impasto: IMPASTO_STRENGTH: strength is 7.0: give")


def test_impossible_defaults_of_videos_and_cameras(
    configure: Callable[[str], object], impasto: Run
) -> None:
    for command, text in (
        ("video", "size = 'big'"),
        ("video", "start = 'now'"),
        ("live", "strength = 2"),
    ):
        configure(text)
        assert f"{config_file()}: " in impasto(command, "clip.mp4").err


def test_an_impossible_variable_is_one_line(
    impasto: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_STRENGTH", "much")
    ran = impasto(photo)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "impasto: IMPASTO_STRENGTH is 'much': " in ran.err
