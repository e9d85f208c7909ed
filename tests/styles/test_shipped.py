"""What ships: files that load, fit each other, are small, and have their credits."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from impasto.defaults import DEFAULT_STYLE
from impasto.networks.spec import FINE_DRAFT, FINE_REVISION, STANDARD, TURBO
from impasto.style_model import StyleModel
from impasto.styles import TRUNK_FILE, open_gallery
from impasto.styles.gallery import FINE, SHIPPED
from impasto.styles.gallery import TURBO as TURBO_FOLDER
from impasto.styles.predict import predict_style
from impasto.stylizer import Stylizer
from impasto.two_part_model import TwoPartModel
from tiny import picture

PACKS = {
    "main": "golden-horn starry-night the-scream",
    "moderns": (
        "autumn-school boulevard-montmartre concentric-circles fuchun-mountains ia-orana-maria"
        " impression-sunrise little-blue-horse metzinger mrs-van-muyden red-horse red-wedge"
        " sea-at-satta self-portrait-1887 shipwreck sleeping-gypsy sunflowers the-city the-kiss"
        " water-lilies yellow-cow yellow-red-blue"
    ),
    "kandinsky": "composition-vii",
    "oils": "blue-dancers cafe-terrace demon-seated street-berlin street-pavers wheat-field",
    "prints": "great-wave night-snow udnie",
}
SMALL = {
    "main": "golden-horn the-scream udnie",
    "moderns": (
        "little-blue-horse mrs-van-muyden red-horse red-wedge sea-at-satta shipwreck sleeping-gypsy"
    ),
    "oils": "cafe-terrace demon-seated street-berlin street-pavers wheat-field",
    "van-gogh": "self-portrait-1887",
}

FINE_STYLES = (
    "cafe-terrace composition-vii concentric-circles golden-horn great-wave impression-sunrise"
    " metzinger starry-night street-berlin sunflowers the-city the-kiss the-scream udnie"
    " water-lilies wheat-field yellow-cow yellow-red-blue"
)

GALLERIES = {
    None: (STANDARD, PACKS),
    "turbo": (TURBO, SMALL),
}
EVERY = [
    (gallery, name)
    for gallery, (_, packs) in GALLERIES.items()
    for names in packs.values()
    for name in names.split()
]


@pytest.mark.parametrize("name", GALLERIES)
def test_names(name: str | None) -> None:
    spec, packs = GALLERIES[name]
    gallery = open_gallery(name)
    assert {pack.name: " ".join(pack.names) for pack in gallery.shipped_packs} == packs
    assert list(gallery.shipped) == sorted(" ".join(packs.values()).split())
    specs = {pack.trunk.spec for pack in gallery.shipped_packs}
    assert {replace(each, coarse_grain=0.0) for each in specs} == {spec}


@pytest.mark.parametrize("name", GALLERIES)
def test_nobody_has_to_name_a_style(name: str | None) -> None:
    assert DEFAULT_STYLE in open_gallery(name).shipped


def test_there_are_34() -> None:
    assert len(open_gallery().shipped) == 34


@pytest.mark.parametrize(
    ("folder", "trunk_bytes", "bytes_in_all"),
    [
        (SHIPPED, 1_500_000, 8_600_000),
        (TURBO_FOLDER, 700_000, 2_500_000),
        (FINE, 4_700_000, 15_000_000),
    ],
)
def test_it_is_small(folder: Any, trunk_bytes: int, bytes_in_all: int) -> None:
    for trunk in folder.rglob(TRUNK_FILE):
        assert trunk.stat().st_size <= trunk_bytes
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= bytes_in_all


@pytest.mark.parametrize(("gallery", "name"), EVERY)
def test_every_style(gallery: Any, name: str) -> None:
    opened = open_gallery(gallery)
    style = opened.load_style(name)
    assert style.name == name
    assert style.card == open_gallery().load_style(name).card
    assert all((style.card.title, style.card.artist, style.card.year))
    assert style.card.licence.startswith("Public domain")
    folder = opened.pack_of(style).folder
    assert (
        folder / f"{name}.style"
    ).stat().st_size <= 12_000  # those of the Kiss and others have a last layer of their own


def test_paintings_lend_their_colours() -> None:
    """The shipped encoder: in a warm picture's style, a photo is warmer than in a cold one's."""
    assert open_gallery().open_pack.name == "moderns"
    photo, painting = picture(96, 80, seed=1), picture(160, 128, seed=2)
    redness = {}
    for name, tint in (("warm", (1, 0.6, 0.2)), ("cold", (0.2, 0.6, 1))):
        style = predict_style((painting * np.array(tint)).astype(np.uint8))
        assert open_gallery().pack_of(style).name == "moderns"
        with Stylizer(style) as stylizer:
            painted = np.asarray(stylizer(photo), dtype=np.float32)
        redness[name] = float(painted[..., 0].mean() - painted[..., 2].mean())
    assert redness["warm"] > redness["cold"] + 20


def test_fine_styles_are_of_one_trunk_in_two_parts() -> None:
    fine, live = open_gallery().fine, open_gallery()
    assert fine
    assert fine.trunk.revision
    assert " ".join(fine.names) == FINE_STYLES
    assert (fine.trunk.spec, fine.trunk.revision.spec) == (FINE_DRAFT, FINE_REVISION)
    for name in fine.names:
        assert fine.load_style(name).card == live.load_style(name).card


@pytest.mark.parametrize(
    ("style", "kind"),
    [
        ("starry-night", TwoPartModel),
        ("starry-night:0.5+udnie:0.5", TwoPartModel),
        ("night-snow", StyleModel),
    ],
)
def test_photos_are_painted_in_two_parts_where_the_style_has_them(style: str, kind: Any) -> None:
    with Stylizer(style) as stylizer:
        assert isinstance(stylizer.model, kind)
