"""Time and memory of large pictures, each in a process of its own; and tiles against one piece.

    python benchmarks/large_pictures.py PHOTO [--style NAME] [--size 2309x1732] [--memory 1.5GB]

PHOTO is enlarged to each size, written as a PNG row by row, and painted by the command that users
give. Its peak of memory is said beside the one that was predicted (`impasto.large.memory_plan`):

    python benchmarks/large_pictures.py PHOTO --size 6000x4000 --memory 20GB --precision bf16

With --compare, a picture is painted in one piece and in tiles, and what differs is said.
600 megapixels (the files, and pixels and features that wait, take some 20 GB of disk):

    python benchmarks/large_pictures.py PHOTO --size 30000x20000 --memory 1GB --folder /tmp
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from impasto._util.atomic_files import write_atomically
from impasto.images import Picture, check_format, read_image, resize
from impasto.images.spool import PixelRows
from impasto.images.streams import RowTarget
from impasto.images.tiles import cut
from impasto.images.windows import enlarged_rows
from impasto.large.memory_plan import MemoryPlan, margin_px
from impasto.large.tiled import paint_tiled
from impasto.styles import open_gallery
from impasto.stylizer import Stylizer

SIZES = ["2309x1732", "11548x8660"]  # 4 and 100 megapixels
STRIP_BYTES = 64 << 20
TILE_PX = 1024
STRIP_ROWS = 256

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--style", default="starry-night")
    parser.add_argument("--size", action="append", help="WIDTHxHEIGHT; may be given again")
    parser.add_argument("--memory", default="1.5GB")
    parser.add_argument("--stroke", default="1")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--gallery")
    parser.add_argument("--suffix", default="png", help="of the files read and written")
    parser.add_argument("--folder", default=".", help="where they are made, and deleted")
    parser.add_argument("--compare", metavar="WIDTHxHEIGHT", help="tiles against one piece")
    options = parser.parse_args()
    if options.compare:
        compare(options.photo, options.style, size_of(options.compare))
        return
    base = None
    for size in map(size_of, options.size or SIZES):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            source = Path(folder, f"photo.{options.suffix}")
            target = Path(folder, f"painting.{options.suffix}")
            run(enlarge, options.photo, size, source)
            names = ("style", "memory", "stroke", "engine", "precision")
            how = [each for name in names for each in (f"--{name}", getattr(options, name))]
            how += ["--gallery", options.gallery] if options.gallery else []
            seconds, peak, plan = run(paint, source, target, how)
        per_megapixel = seconds / (size[0] * size[1] / 1e6)
        base = base or per_megapixel
        print(
            f"{size[0]} x {size[1]}: {seconds:.1f} s, {per_megapixel:.3f} s a megapixel "
            f"({per_megapixel / base:.2f} of the first), peak {peak / 1e9:.2f} GB; {plan}"
        )


def size_of(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return width, height


def run(function: Callable[..., T], *arguments: object) -> T:
    """Run in a fresh process, whose peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def enlarge(photo: Path, size: tuple[int, int], target: Path) -> None:
    pixels = PixelRows(read_image(photo).pixels)
    with write_atomically(target) as file:
        rows = RowTarget(file, check_format(target), *size, quality=95)
        for top in range(0, size[1], STRIP_ROWS):
            bottom = min(size[1], top + STRIP_ROWS)
            rows.write(Picture(enlarged_rows(pixels, size, top, bottom)))
        rows.finish()


def paint(source: Path, target: Path, how: list[str]) -> tuple[float, int, str]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "impasto", str(source), "-o", str(target), *how, "-v"]
    told = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
    seconds = time.perf_counter() - began
    plan = told.strip().splitlines()[-1].partition(", ")[2]
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, plan


def compare(photo: Path, style: str, size: tuple[int, int]) -> None:
    pixels = resize(read_image(photo).pixels, *size)
    with Stylizer(style) as stylizer, tempfile.TemporaryDirectory() as folder:
        whole = stylizer(pixels).astype(np.int16)
        spec = open_gallery().trunk.spec
        margin = margin_px(spec)
        plan = MemoryPlan(False, 2_000_000, TILE_PX, margin, STRIP_BYTES, 0)
        with paint_tiled(stylizer, PixelRows(pixels), plan, Path(folder)) as painting:
            difference = np.abs(painting.rows(0, size[1]) - whole)
        print(f"mean difference {difference.mean():.2f} of 255")
        for axis, length in ((0, size[1]), (1, size[0])):
            spans = cut(length, TILE_PX, margin, spec.multiple)
            seams = [span.start + side for span in spans[1:] for side in (-1, 0)]
            beside = np.take(difference, seams, axis=axis).max()
            elsewhere = np.delete(difference, seams, axis=axis).max()
            print(f"  largest beside seams {beside}, elsewhere {elsewhere}")


if __name__ == "__main__":
    main()
