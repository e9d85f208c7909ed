"""What the networks of the research logs painted: photographs in the weights of earlier commits.

    python docs/research/draw_history.py

Weights that once shipped are in the repository's history; each run that led to some is a column of
docs/images/research/*.jpg. A clone with its history is needed.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from impasto import Picture, Stylizer, open_gallery
from impasto.images import contact_sheet, read_image, scale_shorter_side
from impasto.styles import Gallery

ROOT = Path(__file__).parents[2]
SHIPPED = "src/impasto/styles/shipped"
TURBO = "src/impasto/styles/turbo"
FINE = "src/impasto/styles/fine"
TILE_PX = 260

# Commits and what was new in them, oldest first; the styles that all of them have.
SHEETS: dict[str, tuple[str, list[tuple[str, str]], list[str]]] = {
    "main": (
        SHIPPED,
        [
            ("2b6cf62", "first trunk"),
            ("49b34bd", "no mirrored rims"),
            ("469d403", "sharper crops"),
            ("437f169", "against wallpaper"),
        ],
        ["great-wave", "starry-night", "the-scream", "composition-vii"],
    ),
    "rows": (
        SHIPPED,
        [
            ("437f169", "against wallpaper"),
            ("94caeef", "patches of rows"),
            ("e60358d", "coarse grain"),
            ("HEAD", "today"),
        ],
        ["great-wave", "udnie", "composition-vii", "cafe-terrace", "street-berlin"],
    ),
    "moderns": (
        SHIPPED,
        [
            ("c3fc8ca", "eleven that carry"),
            ("437f169", "against wallpaper"),
            ("d48af16", "patches of rows"),
            ("3e787f1", "coarse grain"),
        ],
        ["fuchun-mountains", "edtaonisl", "red-horse", "mrs-van-muyden"],
    ),
    "large-crops": (
        SHIPPED,
        [("437f169", "crops of 320 px"), ("HEAD", "448 and 512 px, grain")],
        ["golden-horn", "starry-night", "the-scream"],
    ),
    "turbo": (
        TURBO,
        [("437f169", "against wallpaper"), ("36e6efe", "patches of rows"), ("HEAD", "today")],
        ["udnie", "the-scream", "golden-horn"],
    ),
    "kernels-of-a-style": (
        FINE,
        [("39f544c", "shared kernels"), ("7c78db6", "and its own")],
        ["starry-night", "great-wave", "composition-vii"],
    ),
    "plain-ground": (
        FINE,
        [("7c78db6", "everywhere"), ("b19bb74", "at detail")],
        ["starry-night", "great-wave", "composition-vii"],
    ),
    "plain-grain": (
        FINE,
        [("b19bb74", "without"), ("9da2be0", "with")],
        ["great-wave", "composition-vii", "yellow-cow"],
    ),
}

# Of each sheet the photo, and the left and top edge of the part that is shown.
FACE_AND_WALL = "astronaut", 220, 60
SKY = "rocket", 560, 40
PARTS = {"plain-ground": SKY, "plain-grain": SKY}


def main() -> None:
    for name, (folder, commits, styles) in SHEETS.items():
        part = PARTS.get(name, FACE_AND_WALL)
        columns = [column(folder, commit, label, styles, part) for commit, label in commits]
        rows = [tile for row in zip(*columns, strict=True) for tile in row]
        sheet = Picture(contact_sheet(rows, columns=len(columns), tile_px=TILE_PX))
        sheet.save(ROOT / "docs" / "images" / "research" / f"{name}.jpg", quality=85)


def column(
    folder: str, commit: str, label: str, styles: list[str], part: tuple[str, int, int]
) -> list[tuple[str, np.ndarray]]:
    """Paint a part of a photo in some styles, with captions, by a gallery as it was in a commit."""
    archive = subprocess.run(
        ["git", "archive", commit, folder], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(place, filter="data")
        gallery = open_gallery(Path(place, folder))
        return [(f"{label}: {style}", paint(style, gallery, *part)) for style in styles]


def paint(style: str, gallery: Gallery, name: str, left: int, top: int) -> np.ndarray:
    photo = scale_shorter_side(read_image(ROOT / "examples" / f"{name}.jpg").pixels, 768)
    with Stylizer(style, gallery=gallery) as stylizer:
        painted = stylizer(photo)
    return painted[top : top + 2 * TILE_PX, left : left + 2 * TILE_PX]


if __name__ == "__main__":
    main()
