"""Small patches of wallpaper: parts of a picture that repeat themselves where nothing else does.

    python benchmarks/rows_in_parts.py PAINTINGS [--gallery FOLDER] [--style NAME ...] [--size 768]

Three photographs of scikit-image with smooth ground (a cup on a table, a face, a sky) are painted
in each style, so that their longer side has SIZE pixels. Of each painting, the local correlation
loss (`impasto.perceptual.correlations`): how many times as regular its parts are as the calmer ones
of the original, as a natural logarithm; mean over parts, and the worst part by itself. PAINTINGS
holds those of the lists in training/.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import skimage
import torch
from numpy.typing import NDArray

import impasto
from impasto.evaluation.scores import exact_vgg
from impasto.images import read_image, resize, scale_shorter_side
from impasto.perceptual.correlations import excess_regularity
from impasto.perceptual.picture_losses import STYLE_LAYERS, PhotoTargets, StyleTargets, part_powers
from impasto.perceptual.tensors import to_tensor
from impasto.perceptual.vgg import Vgg19
from repetition_of_paintings import listed_paintings

PHOTOS = ("coffee.png", "astronaut.png", "rocket.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("--gallery", default="")
    parser.add_argument("--style", action="append", default=[])
    parser.add_argument("--size", type=int, default=768)
    options = parser.parse_args()
    gallery = impasto.open_gallery(options.gallery) if options.gallery else impasto.open_gallery()
    listed = listed_paintings(options.paintings)
    photos = {name: _photo(name, options.size) for name in PHOTOS}
    vgg = exact_vgg()
    print(f"{'style':20}" + "".join(f"{name.split('.')[0]:>20}" for name in PHOTOS) + "   median")
    for name in options.style or gallery.names:
        painting = scale_shorter_side(read_image(listed[name].path).pixels, listed[name].size_px)
        targets = StyleTargets.of(vgg, [to_tensor(painting)], parts=True)
        means, cells = [], ""
        with impasto.Stylizer(gallery.load_style(name), gallery=gallery) as stylizer:
            for photo in photos.values():
                above = _above(vgg, np.asarray(stylizer(photo)), photo, targets)
                means.append(above.mean().item())
                cells += f"{means[-1]:12.2f} {above.max().item():7.2f}"
        print(f"{name:20}{cells} {statistics.median(means):8.2f}", flush=True)


def _photo(name: str, side: int) -> NDArray[np.uint8]:
    pixels = read_image(Path(skimage.__file__).parent / "data" / name).pixels
    factor = side / max(pixels.shape)
    return resize(pixels, round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))


@torch.no_grad()
def _above(
    vgg: Vgg19, painted: NDArray[np.uint8], photo: NDArray[np.uint8], targets: StyleTargets
) -> torch.Tensor:
    """Return what `local_correlation_loss` is the mean of."""
    repeated = PhotoTargets.of(vgg, to_tensor(photo), parts=True).repeated
    far, own = part_powers(vgg(to_tensor(painted), STYLE_LAYERS))
    assert repeated is not None
    assert targets.regularity is not None
    assert targets.power is not None
    return excess_regularity(far, own, repeated, targets.regularity, targets.power)


if __name__ == "__main__":
    main()
