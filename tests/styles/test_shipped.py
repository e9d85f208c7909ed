"""What ships: files that load, fit each other, are small, and have their credits."""

import pytest

from impasto.styles import open_gallery
from impasto.styles.gallery import SHIPPED
from impasto.styles.pack import TRUNK_FILE

NAMES = ("composition-vii", "golden-horn", "great-wave", "starry-night", "the-scream", "udnie")


def test_names():
    assert open_gallery().names == NAMES


def test_the_trunk_is_small():
    assert (SHIPPED / TRUNK_FILE).stat().st_size <= 1_500_000


@pytest.mark.parametrize("name", NAMES)
def test_every_style(name):
    style = open_gallery().load_style(name)
    assert style.name == name
    assert all((style.card.title, style.card.artist, style.card.year))
    assert style.card.licence.startswith("Public domain")
    assert (SHIPPED / f"{name}.style").stat().st_size <= 8_000
