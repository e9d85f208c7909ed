from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import StyleError
from impasto.live.controls import HELP, LiveSettings, choose, packs_from, press
from impasto.networks.trunk import random_trunk
from impasto.styles import write_style
from tiny import TINY, tiny_gallery, tiny_style

START = LiveSettings([("first", "second", "third")])


def after(keys: str, settings: LiveSettings = START) -> Any:
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
        ("m", "first+second"),
        ("ppm", "second+third"),
        ("mm", "first"),
    ],
)
def test_styles(keys: str, style: str) -> None:
    assert after(keys).style == style


def test_strength_stays_in_its_range() -> None:
    assert after("--").strength == pytest.approx(0.8)
    assert after("-" * 30).strength == 0
    assert after("+" * 30).strength == 1.5
    assert after("-=").strength == 1


def test_switches() -> None:
    assert after("k").keep_colors
    assert after("c").compare
    assert after("h").help
    assert after("kchkch") == START


def test_other_keys_do_nothing() -> None:
    assert after("xyz sfrq?019") == START
    assert press(START, "escape") == START


def test_one_style_mixes_with_nothing() -> None:
    assert after("mnp", LiveSettings([("only",)])).style == "only"


def test_the_help_names_every_key() -> None:
    assert "".join(keys for keys, _ in HELP).replace(" ", "") == "np0-9m+-[]kcsrfhq"


def test_strokes_from_fine_to_large_and_no_further() -> None:
    settings = LiveSettings([("first",)])
    seen = []
    for key in "[[[]]]]]":
        settings = press(settings, key)
        seen.append(settings.stroke)
    assert seen == [0.7, 0.5, 0.5, 0.7, 1.0, 1.4, 2.0, 2.0]


PACKS = LiveSettings([("first", "second"), ("the_scream.t7",), ("third", "fourth", "fifth")])


def test_styles_go_pack_by_pack() -> None:
    settings, seen = PACKS, []
    for _ in range(7):
        seen.append(settings.style)
        settings = press(settings, "n")
    assert seen == ["first", "second", "the_scream.t7", "third", "fourth", "fifth", "first"]
    assert after("p", PACKS).style == "fifth"
    assert [choose(PACKS, number).style for number in (1, 3, 6)] == [
        "first",
        "the_scream.t7",
        "fifth",
    ]


def test_each_mixes_with_the_next_of_its_own_pack() -> None:
    settings, seen = after("m", PACKS), []
    for _ in range(6):
        seen.append(settings.style)
        settings = press(settings, "n")
    assert seen == [
        "first+second",
        "second+first",
        "the_scream.t7",
        "third+fourth",
        "fourth+fifth",
        "fifth+third",
    ]


def test_a_mixture_is_one_half_of_the_next() -> None:
    settings = LiveSettings([("first:3+second", "first", "second")])
    assert after("m", settings).style == "first:0.75+second:0.25+first:1"


def test_packs_of_a_gallery(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path, "first", "last")
    tiny_gallery(tmp_path / "oils", "irises", "tulips", seed=3)
    packs = [["first", "last"], ["irises", "tulips"]]
    assert packs_from("first", gallery) == (packs, 0)
    assert packs_from("Tulips", gallery) == (packs, 3)
    assert packs_from("irises+tulips", gallery) == (
        [["irises+tulips", "irises", "tulips"], ["first", "last"]],
        0,
    )
    assert packs_from("net.t7", gallery) == ([["net.t7"], *packs], 0)
    file = str(tmp_path / "oils" / "irises.style")  # not the gallery's style of that name
    assert packs_from(file, gallery) == ([[file, *packs[1]], packs[0]], 0)
    trunk = random_trunk(TINY, seed=8)
    deep = replace(tiny_style(trunk, "deep", 0), own_trunk=trunk)
    (tmp_path / "own").mkdir()
    write_style(tmp_path / "own" / "deep.style", deep)
    file = str(tmp_path / "own" / "deep.style")
    assert packs_from(file, gallery) == ([[file], *packs], 0)
    with pytest.raises(StyleError, match="do not mix"):
        packs_from("first+irises", gallery)
