"""Styles that a user keeps."""

from dataclasses import replace

import pytest

from impasto.errors import StyleError
from impasto.network.trunk import random_trunk
from impasto.styles import Gallery, add_style, read_style, remove_style, write_style
from impasto.styles.gallery import own_folder
from tiny import TINY, tiny_gallery, tiny_style


@pytest.fixture
def gallery(tmp_path):
    shipped = tiny_gallery(tmp_path / "shipped")
    return Gallery(shipped.folder, own=own_folder())


def cow(gallery, name="cow"):
    return replace(tiny_style(gallery.trunk, name, seed=5), thumbnail=b"a small JPEG")


def test_added_styles_are_known_by_name_at_once(gallery, tmp_path):
    assert gallery.names == ("first", "second")
    write_style(tmp_path / "x.style", cow(gallery))
    add_style(tmp_path / "x.style", gallery)
    add_style(cow(gallery), gallery, name="My Cow!")
    assert gallery.names == ("cow", "first", "my-cow", "second")
    assert gallery.load_style("my cow").vector == pytest.approx(cow(gallery).vector, abs=1e-3)
    assert gallery.load_style("cow").thumbnail == b"a small JPEG"
    remove_style("cow")
    assert gallery.names == ("first", "my-cow", "second")
    assert read_style(tmp_path / "x.style").name == "cow"  # the file that was added stays


def test_what_ships_is_neither_replaced_nor_removed(gallery):
    with pytest.raises(StyleError, match="'first' already"):
        add_style(cow(gallery, "first"), gallery)
    with pytest.raises(StyleError, match="no style 'first' was added"):
        remove_style("first")


def test_a_style_of_another_trunk_is_refused(gallery):
    alien = tiny_style(random_trunk(TINY, seed=7), "alien", 0)
    with pytest.raises(StyleError, match="belongs to trunk"):
        add_style(alien, gallery)
    own_folder().mkdir(parents=True)
    write_style(own_folder() / "alien.style", alien)  # by an earlier version, say
    (own_folder() / "broken.style").write_bytes(b"?")
    assert gallery.names == ("first", "second")
    with pytest.raises(StyleError, match="belongs to trunk"):
        gallery.load_style("alien")


def test_names_need_letters(gallery):
    with pytest.raises(StyleError, match="letters"):
        add_style(cow(gallery), gallery, name="...")
