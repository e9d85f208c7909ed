"""Gatys' optimisation: ours against pastiche 1.6.0 (its defaults), side by side in one run.

    python benchmarks/gatys_against_pastiche.py PHOTO PAINTING [--json FILE] [--pictures FOLDER]

Both get the same two pictures, scaled to the area of 500 x 500 px. Ours runs on pastiche's
objective (its layers and weights, expressed in the paper's losses), from coarse to fine. What is
compared is pastiche's own loss, computed by its own code in float32, on both results as 8-bit
pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.gatys.optimize import paint
from impasto.gatys.options import PaintOptions
from impasto.images import Picture, read_image
from impasto.perceptual.hardware import choose_hardware
from impasto.perceptual.vgg import Vgg19

AREA_PX = 500 * 500
STYLE_CHANNELS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}
COARSEST_PX = 171  # half of its steps at full size: its objective is about brushwork
CONTENT_CHANNELS, CONTENT_STRIDE = 512, 8  # of relu4_2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("--pastiche-steps", type=int, default=300)
    parser.add_argument("--steps", type=int, default=160, help="ours, at the coarsest scale")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--pictures", type=Path, help="save both results in this folder")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        photo = scale(options.photo, Path(folder, "photo.png"))
        painting = scale(options.painting, Path(folder, "painting.png"))
        warm_up(photo)
        began = time.perf_counter()
        ours = paint(photo, painting, our_options(photo, painting, options.steps))
        our_seconds = time.perf_counter() - began

        artist, pastiche_seconds = run_pastiche(photo, painting, options.pastiche_steps)
        theirs = Path(folder, "theirs.png")
        save_pastiche(artist, theirs)
        ours.save(Path(folder, "ours.png"))
        figures = {
            "pastiche loss": pastiche_loss(artist, theirs),
            "our loss": pastiche_loss(artist, Path(folder, "ours.png")),
            "photo's loss": pastiche_loss(artist, photo),
            "pastiche seconds": pastiche_seconds,
            "our seconds": our_seconds,
            "time ratio": our_seconds / pastiche_seconds,
            "threads": torch.get_num_threads(),
            "our precision": str(choose_hardware()),
        }
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            read_image(theirs).save(options.pictures / "pastiche.png")
            ours.save(options.pictures / "impasto.png")
    for name, value in figures.items():
        print(f"{name:>16}  {value:.4g}" if isinstance(value, float) else f"{name:>16}  {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def scale(source: Path, target: Path) -> Path:
    picture = Image.fromarray(read_image(source).pixels)
    factor = math.sqrt(AREA_PX / (picture.width * picture.height))
    size = (round(picture.width * factor), round(picture.height * factor))
    picture.resize(size, Image.Resampling.LANCZOS).save(target)
    return target


def our_options(photo: Path, painting: Path, steps: int) -> PaintOptions:
    """Return Pastiche's objective in the paper's terms.

    It has 0.01 times the mean squared difference for content, and 10 / C^2 times the mean squared
    difference of Gram matrices for style, where equation 1 has half the sum, and equation 4 the sum
    over 4 C^2. It takes the painting as large as it is.
    """
    picture, style = read_image(photo), read_image(painting)
    positions = (picture.width // CONTENT_STRIDE) * (picture.height // CONTENT_STRIDE)
    return PaintOptions(
        losses="paper",
        content_weight=0.01 * 2 / (CONTENT_CHANNELS * positions),
        style_weight=1,
        tv_weight=0,
        style_layers={layer: 40 / channels**2 for layer, channels in STYLE_CHANNELS.items()},
        pooling="max",
        steps=steps,
        size_px=max(picture.width, picture.height),
        coarsest_px=COARSEST_PX,
        painting_scale=min(style.width, style.height) / min(picture.width, picture.height),
    )


def warm_up(photo: Path) -> None:
    """Load the weights and the libraries' kernels for both, outside of the times."""
    Vgg19(choose_hardware())
    small = Picture(read_image(photo).pixels[:64, :64])
    paint(small, small, PaintOptions(steps=1, coarsest_px=64))


def run_pastiche(photo: Path, painting: Path, steps: int) -> tuple[Any, float]:
    from pastiche.pastiche import PasticheArtist

    began = time.perf_counter()
    artist = PasticheArtist(str(photo), [str(painting)], device="cpu")
    for _ in range(steps):
        artist.draw()
    return artist, time.perf_counter() - began


def save_pastiche(artist: Any, path: Path) -> None:
    from pastiche.pastiche import save_image

    save_image(artist.pastiche, str(path))


def pastiche_loss(artist: Any, picture: Path) -> float:
    """Return Pastiche's loss, by its own code, of a picture in a file."""
    from pastiche.pastiche import load_image

    artist.pastiche = load_image(str(picture))
    with torch.no_grad():
        return float(artist._calc_loss())


if __name__ == "__main__":
    main()
