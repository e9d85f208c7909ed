from dataclasses import replace
from pathlib import Path

import pytest

from impasto.errors import StyleError
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.styles import TRUNK_FILE, Gallery, open_gallery, write_style
from tiny import TINY, tiny_gallery, tiny_style, with_last_layer


def test_names_and_loading(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path, "great-wave", "the-scream")
    assert gallery.names == ("great-wave", "the-scream")
    assert gallery.load_style("great-wave").name == "great-wave"
    assert gallery.trunk.spec == TINY


@pytest.mark.parametrize("name", ["Great Wave", "GREAT_WAVE", " great-wave "])
def test_names_forgive(tmp_path: Path, name: str) -> None:
    assert tiny_gallery(tmp_path, "great-wave").load_style(name).name == "great-wave"


@pytest.mark.parametrize("name", ["graet-wave", "wave", "great"])
def test_did_you_mean(tmp_path: Path, name: str) -> None:
    gallery = tiny_gallery(tmp_path, "great-wave", "udnie")
    with pytest.raises(StyleError, match="did you mean great-wave"):
        gallery.load_style(name)


def test_nothing_near(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="there are great-wave, udnie"):
        tiny_gallery(tmp_path, "great-wave", "udnie").load_style("xyz")


def test_turbo_says_which_styles_only_the_larger_networks_have() -> None:
    with pytest.raises(StyleError, match="only the larger networks paint it"):
        open_gallery("turbo").load_style("Great Wave")


@pytest.mark.parametrize("name", ["../great-wave", "/etc/passwd", "", "."])
def test_a_name_is_not_a_path(tmp_path: Path, name: str) -> None:
    tiny_gallery(tmp_path, "great-wave")
    gallery = tiny_gallery(tmp_path / "inner", "udnie")
    with pytest.raises(StyleError, match="no style"):
        gallery.load_style(name)


def test_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"holds no trunk\.safetensors"):
        Gallery(tmp_path)


def test_turbo_is_a_gallery_unless_it_is_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_gallery(tmp_path / "turbo", "great-wave")
    monkeypatch.chdir(tmp_path)
    assert open_gallery("turbo").trunk.spec.name == "turbo"
    assert open_gallery("turbo") is open_gallery("turbo")
    assert open_gallery("./turbo").trunk.spec == TINY
    assert open_gallery(tmp_path / "turbo").trunk.spec == TINY


def test_a_style_of_another_trunk(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path)
    alien = replace(tiny_style(random_trunk(TINY, seed=7), "alien", 0))
    write_style(tmp_path / "alien.style", alien)
    with pytest.raises(StyleError, match="belongs to trunk"):
        Gallery(tmp_path).load_style("alien")
    assert gallery.load_style("first")


def test_packs(tmp_path: Path) -> None:
    tiny_gallery(tmp_path, "great-wave", "udnie")
    add_pack(tmp_path / "oils", "irises", seed=3)
    gallery = Gallery(tmp_path)
    assert gallery.names == gallery.shipped == ("great-wave", "irises", "udnie")
    assert [pack.name for pack in gallery.packs] == ["main", "oils"]
    irises = gallery.load_style("Irises")
    assert gallery.pack_of(irises).name == "oils"
    assert gallery.pack_of(irises).trunk.fingerprint == irises.trunk != gallery.trunk.fingerprint
    assert [style.name for style in gallery.styles_of(gallery.trunk)] == ["great-wave", "udnie"]


def test_a_folder_without_a_trunk_is_no_pack(tmp_path: Path) -> None:
    tiny_gallery(tmp_path)
    (tmp_path / "notes").mkdir()
    assert len(Gallery(tmp_path).packs) == 1


def test_packs_of_ones_own(tmp_path: Path) -> None:
    tiny_gallery(tmp_path / "shipped")
    gallery = Gallery(tmp_path / "shipped", own=tmp_path / "own")
    assert gallery.names == ("first", "second")
    add_pack(tmp_path / "own" / "mine", "mine", seed=3)
    assert list(gallery.names) == ["first", "mine", "second"]
    assert gallery.shipped == ("first", "second")
    mine = gallery.load_style("mine")
    assert gallery.pack_of(mine) is gallery.pack_of(mine)
    add_pack(tmp_path / "own" / "mine", "mine", seed=4)
    assert gallery.load_style("mine").trunk != mine.trunk
    with pytest.raises(StyleError, match="belongs to trunk"):
        gallery.pack_of(mine)


def add_pack(folder: Path, name: str, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    trunk = random_trunk(TINY, seed=seed)
    write_trunk(folder / TRUNK_FILE, trunk)
    write_style(folder / f"{name}.style", tiny_style(trunk, name, seed))


def test_vectors_that_fit_a_trunk(tmp_path: Path) -> None:
    """Without a last layer of their own, or with one; nothing between."""
    gallery = tiny_gallery(tmp_path, "great-wave")
    style = gallery.load_style("great-wave")
    own = with_last_layer(style, gallery.trunk)
    gallery.check(own, "it")
    for wrong in (own.vector[:-1], style.vector[:-1]):
        with pytest.raises(StyleError, match="it belongs to trunk"):
            gallery.check(replace(style, vector=wrong), "it")
