import pytest

from impasto.live.controls import HELP, LiveSettings, press

START = LiveSettings(("first", "second", "third"))


def after(keys, settings=START):
    for key in keys:
        settings = press(settings, key)
    return settings


@pytest.mark.parametrize(
    ("keys", "style"),
    [
        ("", "first"),
        ("n", "second"),
        ("nnn", "first"),
        ("p", "third"),
        ("3", "third"),
        ("9", "first"),
        ("0", "first"),
        ("m", "first+second"),
        ("3m", "third+first"),
        ("mm", "first"),
    ],
)
def test_styles(keys, style):
    assert after(keys).style == style


def test_strength_stays_in_its_range():
    assert after("--").strength == pytest.approx(0.8)
    assert after("-" * 30).strength == 0
    assert after("+" * 30).strength == 1.5
    assert after("-=").strength == 1


def test_switches():
    assert after("k").keep_colors
    assert after("c").compare
    assert after("h").help
    assert after("kchkch") == START


def test_other_keys_do_nothing():
    assert after("xyz sfrq?") == START
    assert press(START, "escape") == START


def test_one_style_mixes_with_nothing():
    assert after("mnp", LiveSettings(("only",))).style == "only"


def test_the_help_names_every_key():
    assert "".join(keys for keys, _ in HELP).replace(" ", "") == "np1-9m+-[]kcsrfhq"


def test_strokes_from_fine_to_large_and_no_further():
    settings = LiveSettings(("first",))
    seen = []
    for key in "[[[]]]]]":
        settings = press(settings, key)
        seen.append(settings.stroke)
    assert seen == [0.7, 0.5, 0.5, 0.7, 1.0, 1.4, 2.0, 2.0]


def test_networks_of_their_own_do_not_mix():
    settings = LiveSettings(("the_scream.t7", "first", "second"))
    assert after("m", settings).style == "the_scream.t7"
    assert after("nm", settings).style == "first+second"
    assert after("pm", settings).style == "second"
