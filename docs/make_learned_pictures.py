"""Makes the pictures of docs/a-style-of-your-own.md.

python docs/make_learned_pictures.py [--minutes 5]

The painting is drawn here, so that nobody holds rights in it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import impasto
from impasto.images import contact_sheet, resize
from impasto.training.run import TrainingRun

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT, STROKES = 640, 512, 2600
BLUES = ((20, 44, 92), (34, 87, 140), (64, 132, 170), (150, 190, 196))
GOLDS = ((226, 168, 52), (240, 206, 110), (196, 92, 44), (250, 236, 200))
FRAMES, FRAME_WIDTH, FRAME_HEIGHT = 3, 400, 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()

    painting = draw_painting()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "harbour.png")
        painting.save(file)
        run = TrainingRun(Path(folder, "run"))
        style = impasto.learn(file, minutes=options.minutes, run=run)
    tiles = [("the picture of the painting", np.asarray(painting))]
    for name in ("coffee", "chelsea"):
        photo = impasto.read_image(ROOT / "examples" / f"{name}.jpg")
        tiles += [("a photo", photo.pixels), ("painted", impasto.stylize(photo, style).pixels)]
    save(tiles, "learned.jpg", columns=5)

    frames = pan(impasto.read_image(ROOT / "examples" / "astronaut.jpg").pixels)
    painted = impasto.stylize_frames(frames, style, rate=25)
    save([(f"frame {n}", frame) for n, frame in enumerate(painted, 1)], "learned-video.jpg")


def draw_painting() -> Image.Image:
    """Draw evening over a harbour, in short strokes."""
    random = np.random.default_rng(7)
    picture = Image.new("RGB", (WIDTH, HEIGHT), BLUES[1])
    draw = ImageDraw.Draw(picture)
    for _ in range(STROKES):
        x, y = random.uniform(0, WIDTH), random.uniform(0, HEIGHT)
        from_sun = math.hypot(x - 430, y - 190)
        colours = GOLDS if from_sun < random.uniform(60, 230) else BLUES
        colour = [int(c + random.normal(0, 10)) for c in colours[random.integers(len(colours))]]
        angle = math.atan2(y - 190, x - 430) + math.pi / 2 if y < 330 else random.normal(0, 0.12)
        length, width = random.uniform(14, 40), int(random.integers(4, 10))
        reach = (math.cos(angle) * length / 2, math.sin(angle) * length / 2)
        ends = (x - reach[0], y - reach[1], x + reach[0], y + reach[1])
        draw.line(ends, fill=(colour[0], colour[1], colour[2]), width=width)
    return picture.filter(ImageFilter.SMOOTH)


def pan(photo: np.ndarray) -> list[np.ndarray]:
    """Move a camera over a photo."""
    large = resize(photo, FRAME_WIDTH * 3 // 2, FRAME_WIDTH * 3 // 2 * len(photo) // len(photo[0]))
    return [large[20 * n :, 60 * n :][:FRAME_HEIGHT, :FRAME_WIDTH] for n in range(FRAMES)]


def save(tiles: list[tuple[str, np.ndarray]], name: str, columns: int = 3) -> None:
    sheet = contact_sheet(tiles, columns=columns, tile_px=320)
    impasto.Picture(sheet).save(IMAGES / name)


if __name__ == "__main__":
    main()
