from dataclasses import replace

import pytest

from impasto.errors import StyleError
from impasto.network.trunk import random_trunk
from impasto.styles import Gallery, write_style
from tiny import TINY, tiny_gallery, tiny_style


def test_names_and_loading(tmp_path):
    gallery = tiny_gallery(tmp_path, "great-wave", "the-scream")
    assert gallery.names == ("great-wave", "the-scream")
    assert gallery.load_style("great-wave").name == "great-wave"
    assert gallery.trunk.spec == TINY


@pytest.mark.parametrize("name", ["Great Wave", "GREAT_WAVE", " great-wave "])
def test_names_forgive(tmp_path, name):
    assert tiny_gallery(tmp_path, "great-wave").load_style(name).name == "great-wave"


@pytest.mark.parametrize("name", ["graet-wave", "wave", "great"])
def test_did_you_mean(tmp_path, name):
    gallery = tiny_gallery(tmp_path, "great-wave", "udnie")
    with pytest.raises(StyleError, match="did you mean great-wave"):
        gallery.load_style(name)


def test_nothing_near(tmp_path):
    with pytest.raises(StyleError, match="there are great-wave, udnie"):
        tiny_gallery(tmp_path, "great-wave", "udnie").load_style("xyz")


@pytest.mark.parametrize("name", ["../great-wave", "/etc/passwd", "", "."])
def test_a_name_is_not_a_path(tmp_path, name):
    tiny_gallery(tmp_path, "great-wave")
    gallery = tiny_gallery(tmp_path / "inner", "udnie")
    with pytest.raises(StyleError, match="no style"):
        gallery.load_style(name)


def test_no_gallery(tmp_path):
    with pytest.raises(StyleError, match=r"holds no trunk\.safetensors"):
        Gallery(tmp_path)


def test_a_style_of_another_trunk(tmp_path):
    gallery = tiny_gallery(tmp_path)
    alien = replace(tiny_style(random_trunk(TINY, seed=7), "alien", 0))
    write_style(tmp_path / "alien.style", alien)
    with pytest.raises(StyleError, match="belongs to trunk"):
        Gallery(tmp_path).load_style("alien")
    assert gallery.load_style("first")
