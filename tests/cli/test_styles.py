import json
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.cli.styles import TILE_PX
from impasto.images import read_image
from impasto.images.sheet import CAPTION_PX, GAP_PX
from impasto.styles.gallery import FINE


def test_a_table(impasto: Run, gallery: Path) -> None:
    ran = impasto("styles", "--gallery", gallery)
    assert ran.code == 0
    for text in ("first", "second", "Painting 0", "Nobody", "CC0"):
        assert text in ran.out


def test_json(impasto: Run, gallery: Path) -> None:
    rows = json.loads(impasto("styles", "--gallery", gallery, "--json").out)
    assert [row["name"] for row in rows] == ["first", "second"]
    assert rows[1]["title"] == "Painting 1"


def test_what_ships(impasto: Run) -> None:
    ran = impasto("styles", "--json")
    rows = {row["name"]: row for row in json.loads(ran.out)}
    assert rows["great-wave"]["title"] == "The Great Wave off Kanagawa"
    assert (rows["great-wave"]["fine"], rows["red-horse"]["fine"]) == (True, False)
    assert "fine" in impasto("styles").out
    file = FINE / "udnie.style"
    assert "(pack fine)" in impasto("styles", "show", file).out


def test_a_sheet(impasto: Run, gallery: Path, photo: Path) -> None:
    ran = impasto("styles", "--gallery", gallery, "--sheet", photo, "--columns", 2)
    assert ran.code == 0
    assert "photo-styles.jpg" in ran.err
    sheet = read_image("photo-styles.jpg")
    assert sheet.width == 2 * TILE_PX + GAP_PX  # the photo and two styles, in two rows
    assert sheet.height == 2 * (TILE_PX * 30 // 40 + CAPTION_PX) + GAP_PX
    again = impasto("styles", "--gallery", gallery, "--sheet", photo)
    assert (again.code, "--overwrite" in again.err) == (4, True)
    assert impasto("styles", "--gallery", gallery, "--sheet", photo, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--sheet", "nothing.jpg"], 3, "nothing.jpg does not exist"),
        (["--sheet", "photo.png", "-o", "photo.png"], 2, "would replace"),
        (["--sheet", "photo.png", "-o", "nowhere/sheet.jpg"], 4, "no folder"),
        (["--sheet", "photo.png", "--columns", "0"], 2, "--columns"),
        (["-o", "sheet.jpg"], 2, "--sheet"),
    ],
)
def test_impossible_sheets(
    impasto: Run, gallery: Path, photo: Path, arguments: list[str], code: int, says: str
) -> None:
    ran = impasto("styles", "--gallery", gallery, *arguments)
    assert ran.code == code
    assert says in ran.err
