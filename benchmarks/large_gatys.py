"""Memory and time of Gatys' optimisation on large canvases, each in a process of its own.

    python benchmarks/large_gatys.py PHOTO PAINTING [--size 4000] [--steps 64] [--tile 832]

The peak does not depend on the number of steps, once each scale has a few: L-BFGS then holds as
many pairs of vectors as it ever will. The time does: the figure is for an iteration at full size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from impasto.gatys.optimize import Iterate, paint
from impasto.gatys.options import PaintOptions
from impasto.perceptual.hardware import choose_hardware


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("--size", type=int, action="append", help="longer side; may be given again")
    parser.add_argument("--steps", type=int, default=64, help="at the coarsest scale")
    parser.add_argument("--tile", type=int, default=832)
    parser.add_argument("--coarsest", type=int, default=64, help="shorter side to begin with")
    parser.add_argument("--save", type=Path, help="keep the (last) painting")
    options = parser.parse_args()
    for size in options.size or [4000]:
        how = PaintOptions(
            size_px=size,
            steps=options.steps,
            tile_px=options.tile,
            coarsest_px=options.coarsest,
        )
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            print(pool.submit(measure, options.photo, options.painting, how, options.save).result())


def measure(photo: Path, painting: Path, options: PaintOptions, save: Path | None) -> str:
    times: list[tuple[int, int, float]] = []

    def on_iterate(iterate: Iterate) -> None:
        times.append((iterate.width, iterate.height, time.perf_counter()))

    began = time.perf_counter()
    picture = paint(photo, painting, options, on_iterate=on_iterate)
    if save:
        picture.save(save)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    full = [at for width, height, at in times if (width, height) == times[-1][:2]]
    each = (full[-1] - full[0]) / (len(full) - 1) if len(full) > 1 else float("nan")
    return (
        f"{picture.width} x {picture.height} px, {choose_hardware()}: "
        f"{time.perf_counter() - began:.0f} s, {each:.1f} s an iteration at full size, "
        f"peak {peak / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    main()
