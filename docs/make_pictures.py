"""Makes the pictures of the README and the docs from the example photographs.

python docs/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import impasto
from impasto.defaults import Quality
from impasto.images import contact_sheet, resize
from impasto.two_part_model import TwoPartModel, revision_sizes

ROOT = Path(__file__).parent.parent


def main() -> None:
    names = impasto.open_gallery().names
    for photo in ("coffee", "chelsea", "astronaut"):
        picture = impasto.read_image(ROOT / "examples" / f"{photo}.jpg")
        tiles = [("the photo", picture)]
        tiles += [(name, impasto.stylize(picture, name)) for name in names]
        save(tiles, f"gallery/{photo}.jpg", columns=5, tile_px=360)

    coffee = impasto.read_image(ROOT / "examples" / "coffee.jpg")
    tiles = [(name, impasto.stylize(coffee, name)) for name in names]
    save(tiles, "styles.jpg", columns=7, tile_px=280)

    small = impasto.open_gallery("turbo")
    tiles = [(name, impasto.stylize(coffee, name, gallery=small)) for name in small.names]
    save(tiles, "gallery/turbo.jpg", columns=5, tile_px=336)

    cat = impasto.read_image(ROOT / "examples" / "chelsea.jpg")
    tiles = []
    for style in ("great-wave", "udnie"):
        for strength in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5):
            painting = impasto.stylize(cat, style, strength=strength)
            tiles.append((f"{style}, strength {strength}", painting))
    for percent in (100, 83, 67, 50, 33, 17, 0):
        parts = {"great-wave": percent, "udnie": 100 - percent}
        mixture = "+".join(f"{name}:{part}" for name, part in parts.items() if part)
        tiles.append((mixture, impasto.stylize(cat, mixture)))
    save(tiles, "strength-and-mixing.jpg", columns=7, tile_px=240)

    tiles = []
    for share in (0.75, 0.5, 0.25):
        mixture = f"great-wave:{share}+udnie:{1 - share}"
        caption = f"{share:.0%} great-wave, {1 - share:.0%} udnie"
        tiles.append((caption, impasto.stylize(cat, mixture)))
    for strength in (0.4, 0.7, 1.0):
        painting = impasto.stylize(cat, "composition-vii", strength=strength)
        tiles.append((f"composition-vii, strength {strength}", painting))
    save(tiles, "mixing.jpg")

    astronaut = impasto.read_image(ROOT / "examples" / "astronaut.jpg")
    subject = impasto.Subject()
    in_two_styles = [impasto.Region(subject, "composition-vii")]
    tiles = [
        ("the subject alone", impasto.stylize(astronaut, "starry-night", mask=subject)),
        (
            "composition-vii for the subject, great-wave for the rest",
            impasto.stylize(astronaut, "great-wave", regions=in_two_styles),
        ),
        ("the face protected", impasto.stylize(astronaut, "composition-vii", protect_faces=0.7)),
    ]
    save(tiles, "where.jpg")
    tiles = [
        (f"detail {detail}", impasto.stylize(cat, "starry-night", detail=detail))
        for detail in (0.0, 0.5, 1.0)
    ]
    save(tiles, "detail.jpg")
    large_forms()
    head()


def head() -> None:
    """Make the picture at the head of the README."""
    pictures = {
        name: impasto.read_image(ROOT / "examples" / f"{name}.jpg")
        for name in ("astronaut", "chelsea", "coffee")
    }
    chosen = {
        "astronaut": ("starry-night", "great-wave", "yellow-red-blue"),
        "chelsea": ("composition-vii", "the-kiss", "the-scream"),
        "coffee": ("cafe-terrace", "sunflowers", "udnie"),
    }
    tiles = []
    for photo, styles in chosen.items():
        tiles.append(("the photo", pictures[photo]))
        tiles += [(style, impasto.stylize(pictures[photo], style)) for style in styles]
    save(tiles, "head.jpg", columns=4, tile_px=360)


def large_forms() -> None:
    """Make the pictures of docs/large-forms.md."""
    compared = ("composition-vii", "great-wave", "starry-night", "the-scream", "udnie")
    astronaut = impasto.read_image(ROOT / "examples" / "astronaut.jpg")
    ways: tuple[tuple[Quality, str], ...] = (("live", "one scale"), ("fine", "in two parts"))
    tiles = [
        (f"{style}, {words}", impasto.stylize(astronaut, style, quality=quality))
        for quality, words in ways
        for style in compared
    ]
    save(tiles, "large-forms.jpg", columns=len(compared), tile_px=336)

    cat = impasto.read_image(ROOT / "examples" / "chelsea.jpg").pixels
    with impasto.Stylizer("composition-vii", quality="fine") as stylizer:
        model = stylizer.model
        assert isinstance(model, TwoPartModel)
        first, sizes = revision_sizes(cat.shape[1], cat.shape[0])
        painting = model.draft(resize(cat, *first))
        tiles = [("the draft", impasto.Picture(painting))]
        for size in sizes:
            painting = model.revise(resize(cat, *size), resize(painting, *size))
            tiles.append((f"revised at {size[0]} x {size[1]} px", impasto.Picture(painting)))
    save(tiles, "large-forms-revisions.jpg", columns=len(tiles))

    coffee = impasto.read_image(ROOT / "examples" / "coffee.jpg")
    tiles = [
        (f"{style}, strength {strength}", impasto.stylize(coffee, style, strength=strength))
        for style in ("starry-night", "the-scream")
        for strength in (0.25, 0.5, 1.0, 1.5)
    ]
    save(tiles, "large-forms-strength.jpg", columns=4, tile_px=336)


def save(
    tiles: list[tuple[str, impasto.Picture]], name: str, columns: int = 3, tile_px: int = 420
) -> None:
    path = ROOT / "docs" / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = [(caption, picture.pixels) for caption, picture in tiles]
    sheet = impasto.Picture(contact_sheet(pixels, columns=columns, tile_px=tile_px))
    sheet.save(path, quality=88)


if __name__ == "__main__":
    main()
