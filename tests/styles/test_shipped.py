"""What ships: files that load, fit each other, are small, and have their credits."""

import pytest

from impasto.styles import TRUNK_FILE, open_gallery
from impasto.styles.gallery import SHIPPED

PACKS = {
    "main": "composition-vii golden-horn great-wave starry-night the-scream udnie",
    "moderns": (
        "autumn-school edtaonisl fuchun-mountains little-blue-horse mrs-van-muyden night-snow"
        " red-horse red-wedge sea-at-satta self-portrait-1887 shipwreck sleeping-gypsy the-city"
    ),
    "oils": "blue-dancers cafe-terrace demon-seated street-berlin street-pavers wheat-field",
}
NAMES = sorted(" ".join(PACKS.values()).split())


def test_names():
    gallery = open_gallery()
    assert {pack.name: " ".join(pack.names) for pack in gallery.shipped_packs} == PACKS
    assert list(gallery.shipped) == NAMES
    assert len(NAMES) == 25


def test_it_is_small():
    for trunk in SHIPPED.rglob(TRUNK_FILE):
        assert trunk.stat().st_size <= 1_500_000
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()) <= 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_every_style(name):
    style = open_gallery().load_style(name)
    assert style.name == name
    assert all((style.card.title, style.card.artist, style.card.year))
    assert style.card.licence.startswith("Public domain")
    folder = open_gallery().pack_of(style).folder
    assert (folder / f"{name}.style").stat().st_size <= 8_000
