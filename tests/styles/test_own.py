"""Styles that a user keeps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.errors import StyleError
from impasto.networks.trunk import random_trunk
from impasto.styles import (
    Gallery,
    add_style,
    mixed_style,
    read_style,
    remove_style,
    write_style,
)
from impasto.styles.gallery import own_folder
from impasto.stylizer import Stylizer
from tiny import TINY, picture, tiny_gallery, tiny_style


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    shipped = tiny_gallery(tmp_path / "shipped")
    return Gallery(shipped.folder, own=own_folder())


def cow(gallery: Any, name: str = "cow") -> Any:
    return replace(tiny_style(gallery.trunk, name, seed=5), thumbnail=b"a small JPEG")


def test_added_styles_are_known_by_name_at_once(gallery: Gallery, tmp_path: Path) -> None:
    assert gallery.names == ("first", "second")
    write_style(tmp_path / "x.style", cow(gallery))
    add_style(tmp_path / "x.style", gallery)
    add_style(cow(gallery), gallery, name="My Cow!")
    assert list(gallery.names) == ["cow", "first", "my-cow", "second"]
    assert gallery.load_style("my cow").vector == pytest.approx(cow(gallery).vector, abs=1e-3)
    assert gallery.load_style("cow").thumbnail == b"a small JPEG"
    remove_style("cow")
    assert list(gallery.names) == ["first", "my-cow", "second"]
    assert read_style(tmp_path / "x.style").name == "cow"  # the file that was added stays


def test_what_ships_is_neither_replaced_nor_removed(gallery: Gallery) -> None:
    with pytest.raises(StyleError, match="'first' already"):
        add_style(cow(gallery, "first"), gallery)
    with pytest.raises(StyleError, match="no style 'first' was added"):
        remove_style("first")


def test_a_style_of_another_trunk_is_refused(gallery: Gallery) -> None:
    alien = tiny_style(random_trunk(TINY, seed=7), "alien", 0)
    with pytest.raises(StyleError, match="belongs to trunk"):
        add_style(alien, gallery)
    own_folder().mkdir(parents=True)
    write_style(own_folder() / "alien.style", alien)  # by an earlier version, say
    (own_folder() / "broken.style").write_bytes(b"?")
    assert gallery.names == ("first", "second")
    with pytest.raises(StyleError, match="belongs to trunk"):
        gallery.load_style("alien")


def test_names_need_letters(gallery: Gallery) -> None:
    with pytest.raises(StyleError, match="letters"):
        add_style(cow(gallery), gallery, name="...")


def deep_cow(gallery: Any, name: str = "deep-cow") -> Any:
    trunk = random_trunk(TINY, seed=11)
    return replace(tiny_style(trunk, name, seed=6), own_trunk=trunk)


def test_a_style_with_its_own_trunk_is_a_pack_of_one(gallery: Gallery, tmp_path: Path) -> None:
    write_style(tmp_path / "x.style", deep_cow(gallery))
    assert (tmp_path / "x.style").stat().st_size > 1000
    add_style(tmp_path / "x.style", gallery)
    assert gallery.names == ("deep-cow", "first", "second")
    style = gallery.load_style("deep-cow")
    assert gallery.trunk_of(style).fingerprint == deep_cow(gallery).trunk
    paintings = []
    for each in ("deep-cow", read_style(tmp_path / "x.style")):
        with Stylizer(each, gallery=gallery) as stylizer:
            paintings.append(stylizer(picture(40, 30)))
    np.testing.assert_array_equal(paintings[0], paintings[1])
    with pytest.raises(StyleError, match="deep-cow and first do not mix"):
        mixed_style("deep-cow+first", gallery)
    remove_style("deep-cow")
    assert list(gallery.names) == ["first", "second"]
    assert not (own_folder() / "deep-cow").exists()


def test_learned_anew_in_the_other_way_it_replaces_what_was(gallery: Gallery) -> None:
    add_style(cow(gallery, "deep-cow"), gallery)
    add_style(deep_cow(gallery), gallery)
    assert gallery.load_style("deep-cow").trunk == deep_cow(gallery).trunk
    add_style(cow(gallery, "deep-cow"), gallery)
    assert gallery.load_style("deep-cow").trunk == gallery.trunk.fingerprint
    assert gallery.names == ("deep-cow", "first", "second")


def test_a_pack_of_several_is_not_lost_with_one(gallery: Gallery) -> None:
    add_style(deep_cow(gallery), gallery)
    calf = replace(deep_cow(gallery, "calf"), own_trunk=None)
    write_style(own_folder() / "deep-cow" / "calf.style", calf)
    remove_style("deep-cow")
    assert gallery.names == ("calf", "first", "second")


def test_a_trunk_that_is_not_the_styles_own(gallery: Gallery, tmp_path: Path) -> None:
    wrong = replace(deep_cow(gallery), own_trunk=random_trunk(TINY, seed=12))
    write_style(tmp_path / "x.style", wrong)
    with pytest.raises(StyleError, match="another trunk than its own"):
        read_style(tmp_path / "x.style")
