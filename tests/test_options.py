import numpy as np
import pytest

from impasto.errors import ImpastoError, InputError, OptionError
from impasto.images import Picture, write_image
from impasto.masks.parse import read_mask
from impasto.masks.subject import Subject
from impasto.options import Recipe, preset_names, read_preset, write_preset
from tiny import picture, tiny_gallery


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.options.user_data_folder", lambda: tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "mask.png", Picture(picture(20, 10)))
    return tmp_path


@pytest.fixture
def gallery(tmp_path):
    return tiny_gallery(tmp_path / "gallery")


def test_what_is_saved_comes_back(home):
    recipe = Recipe(
        style='odd "name"',
        strength=0.5,
        keep_colors="linear",
        mask=str(home / "mask.png"),
        invert_mask=True,
        regions=("subject:udnie",),
        seed=3,
        detail=1.0,
    )
    path = write_preset("soft one", recipe)
    assert path == home / "data" / "presets" / "soft one.toml"
    assert read_preset("soft one") == recipe
    assert read_preset(path) == recipe
    assert preset_names() == ["soft one"]


def test_only_what_differs_is_written(home):
    path = write_preset(home / "a.toml", Recipe(style="udnie", stroke=2.0))
    assert path.read_text() == 'style = "udnie"\nstroke = 2.0\n'


def test_the_rest_becomes_the_style(home):
    write_preset("a", Recipe(regions=("subject:udnie", "rest:great-wave:0.7+udnie")))
    assert read_preset("a") == Recipe("great-wave:0.7+udnie", regions=("subject:udnie",))


def test_files_are_named_by_full_paths(home):
    write_preset("a", Recipe(palette="mask.png", regions=("mask.png:udnie",)))
    read = read_preset("a")
    assert read.palette == str(home / "mask.png")
    assert read.regions == (f"{home}/mask.png:udnie",)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("strenght = 1", OptionError, "unknown key 'strenght'"),
        ("strength = 'much'", OptionError, "strength is 'much'.*a number"),
        ("seed = 1.5", OptionError, "seed is 1.5.*a whole number"),
        ("regions = [1]", OptionError, "regions is .*a list of texts"),
        ("invert_mask = 1", OptionError, "invert_mask is 1.*true or false"),
        ("strength = true", OptionError, "strength is True"),
        ("strength", InputError, "is no TOML"),
        ("#" * (1 << 20 | 1), InputError, "too large for a preset"),
    ],
)
def test_impossible_presets(home, text, error, says):
    (home / "a.toml").write_text(text)
    with pytest.raises(error, match=says):
        read_preset("a.toml")


def test_names_that_are_none(home):
    with pytest.raises(OptionError, match="is no name"):
        write_preset("../a", Recipe())
    write_preset("mine", Recipe())
    with pytest.raises(InputError, match="no preset your: there are: mine"):
        read_preset("your")


def test_whole_numbers_will_do(home):
    (home / "a.toml").write_text("strength = 1\ndetail = 0")
    assert read_preset("a.toml") == Recipe()


def test_regions(home, gallery):
    recipe = Recipe(regions=("mask.png:second:1+first:2", "rest:first", "subject:second"))
    assert recipe.placed_styles() == (
        "first",
        [("mask.png", "second:1+first:2"), ("subject", "second")],
    )
    with recipe.open(gallery=gallery) as stylizer:
        assert [region.style for region in stylizer.regions] == ["second:1+first:2", "second"]
        assert stylizer.regions[1].area == Subject()
        assert stylizer.mask is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"subject": "found"}, Subject()),
        ({"subject": "1,2,30,40"}, Subject((1, 2, 30, 40))),
        ({"subject": "1,2,30,40", "invert_mask": True}, Subject((1, 2, 30, 40), inverted=True)),
        ({"mask": "background"}, Subject(inverted=True)),
        ({"mask": "background", "invert_mask": True}, Subject()),
        ({"subject": "1,2,30,40", "regions": ("subject:second",)}, None),
    ],
)
def test_subjects(options, expected, gallery):
    with Recipe("first", **options).open(gallery=gallery) as stylizer:
        assert stylizer.mask == expected
        if stylizer.regions:
            assert stylizer.regions[0].area == Subject((1, 2, 30, 40))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"regions": ("mask.png",)}, "not PLACE:STYLE"),
        ({"regions": ("rest:first", "rest:second")}, "2 regions called rest"),
        ({"regions": ("mask.png:first:x",)}, "mixture"),
        ({"regions": ("lost.png:first",)}, "lost.png does not exist"),
        ({"subject": "1,2,3"}, "no box"),
        ({"invert_mask": True}, "no mask to invert"),
        ({"mask": "lost.png"}, "lost.png does not exist"),
        ({"style": "a.onnx", "regions": ("mask.png:first",)}, "different kinds of networks"),
    ],
)
def test_what_makes_no_sense_is_named(home, gallery, options, says):
    with pytest.raises(ImpastoError, match=says):
        Recipe(**{"style": "first", **options}).open(gallery=gallery)


def test_masks(tmp_path):
    alpha = np.zeros((4, 6), np.uint8)
    alpha[:, 3:] = 255
    white = np.full((4, 6, 3), 255, np.uint8)
    white[0] = 0
    write_image(tmp_path / "a.png", Picture(white, alpha))
    mask = read_mask(tmp_path / "a.png")
    assert mask[:, :3].max() == 0
    assert mask[0].max() == 0
    assert mask[1:, 3:].min() == 255


def test_a_damaged_mask_is_refused(tmp_path):
    write_image(tmp_path / "a.png", Picture(picture(40, 30)))
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[-100] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png is damaged"):
        read_mask(tmp_path / "a.png")
