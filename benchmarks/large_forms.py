"""Seconds and pictures of `impasto paint`: one large scale, as it was once, against many.

    python benchmarks/large_forms.py PHOTOS PAINTINGS -o FOLDER [--size 512] [--steps 200]

Each photo of a folder is painted like each painting of the other: first from a longer side of
256 px on, without self-similarity, as `impasto paint` once did; then with every effect. In one
process, one after the other, so that seconds can be compared. A row of the sheet has a photo, a
painting, and what was painted.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from impasto.errors import InputError
from impasto.gatys.optimize import paint
from impasto.gatys.options import EFFECTS, PaintOptions
from impasto.images import Picture, contact_sheet, read_image
from impasto.perceptual.hardware import choose_hardware, keep_freed_memory

BEFORE_PX = 256  # the longer side of the coarsest scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="a folder")
    parser.add_argument("paintings", type=Path, help="a folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a folder")
    parser.add_argument("--size", type=int, default=512, help="longer side")
    parser.add_argument("--steps", type=int, default=PaintOptions().steps)
    parser.add_argument("--effect", action="append", choices=list(EFFECTS), help="default: all")
    parser.add_argument("--no-before", action="store_true", help="no pictures of one scale")
    parser.add_argument("--sheet", default="sheet.jpg")
    parser.add_argument("--tile", type=int, default=300, help="width of the sheet's pictures")
    options = parser.parse_args()

    options.output.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    print(f"{choose_hardware()}; seconds:")
    tiles, columns = [], 0
    for photo_file, photo in pictures_in(options.photos):
        ways = {
            effect: PaintOptions(effect=effect, size_px=options.size, steps=options.steps)
            for effect in options.effect or EFFECTS
        }
        if not options.no_before:
            ways = {"one scale": before(photo, options.size, options.steps), **ways}
        for painting_file, painting in pictures_in(options.paintings):
            tiles += [("photo", photo.pixels), (painting_file.stem, painting.pixels)]
            for name, how in ways.items():
                began = time.perf_counter()
                painted = paint(photo, painting, how)
                print(f"{photo_file.stem:30} {painting_file.stem:40} {name:10}", end="")
                print(f"{time.perf_counter() - began:7.1f}", flush=True)
                stem = f"{photo_file.stem}-{painting_file.stem}-{name.replace(' ', '-')}"
                painted.save(options.output / f"{stem}.png")
                tiles.append((name, painted.pixels))
            columns = 2 + len(ways)
    sheet = contact_sheet(tiles, columns=columns, tile_px=options.tile)
    Picture(sheet).save(options.output / options.sheet, quality=88)


def before(photo: Picture, size_px: int, steps: int) -> PaintOptions:
    """Return the defaults of the time when there were no small scales."""
    shorter, longer = sorted((photo.width, photo.height))
    return PaintOptions(
        style_weight=15.0,
        tv_weight=0.5,
        pooling="max",
        self_similarity_weight=0.0,
        face_weight=0.0,
        steps=steps,
        size_px=size_px,
        coarsest_px=round(min(BEFORE_PX, size_px) * shorter / longer),
    )


def pictures_in(folder: Path) -> list[tuple[Path, Picture]]:
    found = []
    for file in sorted(folder.iterdir()):
        try:
            found.append((file, read_image(file)))
        except InputError:
            continue  # credits, for one
    return found


if __name__ == "__main__":
    main()
