from pathlib import Path
from typing import Any

import pytest

from impasto.errors import InputError, OptionError
from impasto.images import Picture, write_image
from impasto.options import StylizeOptions
from impasto.presets import preset_names, preset_values, read_preset, write_preset
from impasto.styles.gallery import Gallery
from tiny import picture, tiny_gallery


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("impasto.presets.user_data_folder", lambda: tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "mask.png", Picture(picture(20, 10)))
    return tmp_path


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return tiny_gallery(tmp_path / "gallery")


def test_what_is_saved_comes_back(home: Path) -> None:
    options = StylizeOptions(
        style='odd "name"',
        strength=0.5,
        keep_colors="linear",
        mask=str(home / "mask.png"),
        invert_mask=True,
        regions=("subject:udnie",),
        seed=3,
        detail=1.0,
    )
    path = write_preset("soft one", options)
    assert path == home / "data" / "presets" / "soft one.toml"
    assert read_preset("soft one") == options
    assert read_preset(path) == options
    assert preset_names() == ["soft one"]


def test_only_what_differs_is_written(home: Path) -> None:
    path = write_preset(home / "a.toml", StylizeOptions(style="udnie", stroke=2.0))
    assert path.read_text() == 'style = "udnie"\nstroke = 2.0\n'


def test_the_rest_becomes_the_style(home: Path) -> None:
    write_preset("a", StylizeOptions(regions=("subject:udnie", "rest:great-wave:0.7+udnie")))
    assert read_preset("a") == StylizeOptions("great-wave:0.7+udnie", regions=("subject:udnie",))


def test_files_are_named_by_full_paths(home: Path) -> None:
    write_preset("a", StylizeOptions(palette="mask.png", regions=("mask.png:udnie",)))
    read = read_preset("a")
    assert read.palette == str(home / "mask.png")
    assert read.regions == (f"{home}/mask.png:udnie",)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("strenght = 1", OptionError, "unknown key 'strenght'"),
        ("strength = 'much'", OptionError, "a.toml: strength is 'much'.*a number"),
        ("seed = 1.5", OptionError, "seed is 1.5.*a whole number"),
        ("regions = [1]", OptionError, "regions is .*a list of texts"),
        ("invert_mask = 1", OptionError, "invert-mask is 1"),
        ("strength = true", OptionError, "strength is True"),
        ("strength", InputError, "is no TOML"),
        ("#" * (1 << 20 | 1), InputError, "too large for a preset"),
    ],
)
def test_impossible_presets(home: Path, text: str, error: Any, says: str) -> None:
    (home / "a.toml").write_text(text)
    with pytest.raises(error, match=says):
        read_preset("a.toml")


def test_names_that_are_none(home: Path) -> None:
    with pytest.raises(OptionError, match="is no name"):
        write_preset("../a", StylizeOptions())
    write_preset("mine", StylizeOptions())
    with pytest.raises(InputError, match="no preset your: there are: mine"):
        read_preset("your")


def test_whole_numbers_will_do(home: Path) -> None:
    (home / "a.toml").write_text("strength = 1\ndetail = 0")
    assert read_preset("a.toml") == StylizeOptions()


def test_presets_hold_names(home: Path) -> None:
    """Not the pictures themselves."""
    with pytest.raises(OptionError, match="holds names, and there is a ndarray"):
        write_preset("a", StylizeOptions(palette=picture(4, 4)))
    options = StylizeOptions(palette=Path("mask.png"), strength=1, gallery="turbo")
    assert preset_values(options) == {"style": "udnie", "palette": "mask.png"}
