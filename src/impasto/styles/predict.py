"""Styles by what people call them: names, mixtures, and any painting, from which one is predicted.

A prediction is made by a small network, the gallery's encoder (`impasto.networks.encoder`), on the
same engines that paint. It looks twice (a departure from Ghiasi et al. 2017): at the painting, then
at what the predicted style makes of some photographs. What it sees there should be what it saw in
the painting; a share of the difference is added to the prediction.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np

from impasto._util.arrays import Floats, Pixels
from impasto._util.atomic_files import exists
from impasto.engines import open_engine
from impasto.errors import StyleError
from impasto.images import PictureSource, read_image, scale_shorter_side
from impasto.networks.encoder import Encoder
from impasto.networks.padding import paint_whole
from impasto.networks.trunk import Trunk
from impasto.styles import (
    Gallery,
    GallerySource,
    Style,
    StyleCard,
    StyleRef,
    mixed_style,
    open_gallery,
    read_painting,
    thumbnail,
)
from impasto.styles.reference import names_painting
from impasto.styles.style import STYLE_SUFFIX, check_name, read_style

LONGEST = 4
"""A longer side of more times the shorter one is looked at in its middle."""

FEEDBACK = 0.15
"""How much of what its paintings lack is added to a prediction. With more, they gain in style what
they lose of the photo, or little more: this is where the content loss is that of learned styles."""

REFERENCES = Path(__file__).parent / "references"
"""Photographs to look at in a predicted style, 256 x 256 px."""

Vector = Floats


def predict_style(painting: PictureSource, *, gallery: GallerySource = None) -> Style:
    """Return a style from any painting, at once.

    Args:
        painting: a picture of it, as `impasto.images.as_picture` takes it, at least 64 px on each
            side.
        gallery: as `open_gallery` takes it; the style is for the trunk of its `Gallery.open_pack`.

    Raises:
        InputError: the painting cannot be read, or is too small.
        StyleError: the gallery has no encoder, or one for another trunk.
        EngineError: no engine can run it.
    """
    gallery = open_gallery(gallery)
    pack = gallery.open_pack
    encoder = pack.encoder  # before a large picture is read in vain
    pixels = read_painting(painting)
    is_file = isinstance(painting, str | Path)
    title = Path(painting).stem if isinstance(painting, str | Path) else "painting"
    try:
        name = check_name(title)
    except StyleError:  # a title without latin letters
        name = "painting"
    card = StyleCard(title=title, painting=Path(str(painting)).name if is_file else "")
    return Style(
        name,
        _predict(encoder, pack.trunk, _reduced(pixels, encoder.spec.painting_px)),
        encoder.trunk,
        card,
        thumbnail(pixels),
        encoder.spec.painting_px,
    )


def find_style(style: str | StyleRef, gallery: Gallery) -> Style:
    """Return a style by its name, by a painting's file, or a mixture of such.

    Raises:
        OptionError: the mixture cannot be read.
        StyleError: a style in it is unknown, they are of different packs, or there is no encoder.
        InputError: a painting cannot be read.
    """
    return mixed_style(style, gallery, partial(_load, gallery=gallery))


def find_fine_style(style: str | Style | StyleRef, gallery: Gallery) -> Style | None:
    """Return a style for the gallery's trunk in two parts; None where it has none.

    Raises:
        OptionError: the mixture cannot be read.
    """
    ref, fine = StyleRef.parse(style), gallery.fine
    if fine is None or ref.is_network:
        return None
    if ref.style:
        return ref.style if ref.style.trunk == fine.trunk.fingerprint else None
    return mixed_style(ref, fine) if all(_has(fine, name) for name, _ in ref.parts) else None


def _has(gallery: Gallery, name: str) -> bool:
    """Return whether a gallery has a style, or a trunk that paints in a style's file."""
    if Path(name).suffix != STYLE_SUFFIX or not exists(name):
        return gallery.has(name)
    style = read_style(name)
    return any(pack.fits(style) for pack in gallery.packs)


def styles_in(style: str | StyleRef, gallery: Gallery) -> list[Style]:
    """Return the styles of a mixture, or the one of a name or painting, as `find_style` does."""
    return [_load(name, gallery) for name, _ in StyleRef.parse(style).parts]


def _load(name: str, gallery: Gallery) -> Style:
    if not names_painting(name):
        return gallery.load_style(name)
    path = Path(name)
    return _predicted(path, path.stat().st_mtime_ns if exists(path) else 0, gallery)


@lru_cache(maxsize=16)
def _predicted(path: Path, changed_ns: int, gallery: Gallery) -> Style:
    """Predict a style from a painting; one that is asked for again, and has not changed, is looked
    at once.
    """
    return predict_style(path, gallery=gallery)


def _predict(encoder: Encoder, trunk: Trunk, painting: Pixels) -> Vector:
    with open_engine(encoder.graph, precision="f32") as eyes:
        wanted = _checked(eyes.encode(painting))
        with open_engine(trunk.bake(wanted), precision="f32") as engine:
            paintings = [
                paint_whole(engine, trunk.spec.input_spec, photo) for photo in _references()
            ]
        given = np.mean([eyes.encode(each) for each in paintings], axis=0)
    return _checked(wanted + FEEDBACK * (wanted - given))


def _checked(vector: Vector) -> Vector:
    if not np.isfinite(vector).all():
        raise StyleError("the encoder gave no numbers for this painting", "try another picture")
    return vector


def _reduced(painting: Pixels, shorter_px: int) -> Pixels:
    """Return what an encoder sees of a painting."""
    height, width = painting.shape[:2]
    longest = LONGEST * min(width, height)
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    middle = painting[top : top + longest, left : left + longest]
    return scale_shorter_side(middle, shorter_px)


@cache
def _references() -> tuple[Pixels, ...]:
    return tuple(read_image(path).pixels for path in sorted(REFERENCES.glob("*.jpg")))
