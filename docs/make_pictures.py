"""Makes the pictures of the README and the docs from the example photographs.

python docs/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import impasto

ROOT = Path(__file__).parent.parent
GAP_PX, CAPTION_PX = 8, 26


def main() -> None:
    names = impasto.open_gallery().names
    photo = impasto.read_image(ROOT / "examples" / "coffee.jpg")
    overview = [(name, impasto.stylize(photo, name).pixels) for name in names]
    save(grid(overview, columns=3, width=420), "styles.jpg")

    mixtures = [
        (f"{a:.0%} great-wave, {1 - a:.0%} udnie", f"great-wave:{a}+udnie:{1 - a}")
        for a in (0.75, 0.5, 0.25)
    ]
    cat = impasto.read_image(ROOT / "examples" / "chelsea.jpg")
    tiles = [(text, impasto.stylize(cat, style).pixels) for text, style in mixtures]
    tiles += [
        (f"strength {s}", impasto.stylize(cat, "composition-vii", strength=s).pixels)
        for s in (0.4, 0.7, 1.0)
    ]
    save(grid(tiles, columns=3, width=420), "mixing.jpg")


def grid(tiles: list[tuple[str, np.ndarray]], columns: int, width: int) -> Image.Image:
    """Pictures under each other in columns, each with its caption."""
    height = round(width * tiles[0][1].shape[0] / tiles[0][1].shape[1])
    rows = -(-len(tiles) // columns)
    sheet = Image.new(
        "RGB",
        (columns * (width + GAP_PX) - GAP_PX, rows * (height + CAPTION_PX + GAP_PX) - GAP_PX),
        "white",
    )
    font = ImageFont.load_default(size=16)
    for number, (caption, pixels) in enumerate(tiles):
        x = number % columns * (width + GAP_PX)
        y = number // columns * (height + CAPTION_PX + GAP_PX)
        tile = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(tile, (x, y))
        ImageDraw.Draw(sheet).text((x + 2, y + height + 3), caption, fill="black", font=font)
    return sheet


def save(picture: Image.Image, name: str) -> None:
    picture.save(ROOT / "docs" / "images" / name, quality=88)


if __name__ == "__main__":
    main()
