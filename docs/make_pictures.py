"""Makes the pictures of the README and the docs from the example photographs.

python docs/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import impasto
from impasto.images import contact_sheet

ROOT = Path(__file__).parent.parent


def main() -> None:
    coffee = impasto.read_image(ROOT / "examples" / "coffee.jpg")
    names = impasto.open_gallery().names
    save([(name, impasto.stylize(coffee, name)) for name in names], "styles.jpg")

    cat = impasto.read_image(ROOT / "examples" / "chelsea.jpg")
    tiles = []
    for share in (0.75, 0.5, 0.25):
        mixture = f"great-wave:{share}+udnie:{1 - share}"
        caption = f"{share:.0%} great-wave, {1 - share:.0%} udnie"
        tiles.append((caption, impasto.stylize(cat, mixture)))
    for strength in (0.4, 0.7, 1.0):
        painting = impasto.stylize(cat, "composition-vii", strength=strength)
        tiles.append((f"composition-vii, strength {strength}", painting))
    save(tiles, "mixing.jpg")


def save(tiles: list[tuple[str, impasto.Picture]], name: str) -> None:
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    pixels = [(caption, picture.pixels) for caption, picture in tiles]
    sheet = impasto.Picture(contact_sheet(pixels, columns=3, tile_px=420))
    sheet.save(folder / name, quality=88)


if __name__ == "__main__":
    main()
