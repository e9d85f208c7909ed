"""R of paintings themselves: how little one motif stands in rows there, to compare networks with.

    python benchmarks/repetition_of_paintings.py PAINTINGS

PAINTINGS holds those of the lists in training/. Three corners of 256 px of each, at the size that
its style was learned at, are scored as if a network had painted them.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import numpy as np

from impasto.evaluation.scores import Scorer, exact_vgg
from impasto.images import read_image, scale_shorter_side
from impasto.training.paintings import Painting, read_paintings

LISTS = ("main.json", "oils.json", "moderns.json", "prints.json", "kandinsky.json")
SIDE = 256


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    vgg = exact_vgg()
    figures = []
    for style, painting in listed_paintings(Path(sys.argv[1])).items():
        pixels = scale_shorter_side(read_image(painting.path).pixels, painting.size_px)
        scorer = Scorer(vgg, pixels)
        corners = (pixels[:SIDE, :SIDE], pixels[:SIDE, -SIDE:], pixels[-SIDE:, -SIDE:])
        parts = [np.ascontiguousarray(corner) for corner in corners]
        figures.append(statistics.median(scorer(part, part).repetition for part in parts))
        print(f"{style:24} {figures[-1]:.2f}")
    low, high = np.percentile(figures, [10, 90])
    print(f"median {statistics.median(figures):.2f}, eight of ten from {low:.2f} to {high:.2f}")


def listed_paintings(folder: Path) -> dict[str, Painting]:
    """Return the paintings of the lists in training/, by the names of their styles."""
    lists = (Path(__file__).parents[1] / "training" / name for name in LISTS)
    return {name: each for path in lists for name, each in read_paintings(path, folder).items()}


if __name__ == "__main__":
    main()
