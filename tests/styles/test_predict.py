"""Styles that are predicted from paintings, and mixed with others."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto import predict_style, stylize_frames
from impasto.engines import open_engine
from impasto.errors import InputError, StyleError
from impasto.images import Picture, read_image, write_image
from impasto.live.controls import packs_from
from impasto.networks.encoder import write_encoder
from impasto.networks.trunk import random_trunk
from impasto.styles import Gallery, predict
from impasto.styles.predict import find_style, styles_in
from impasto.stylizer import Stylizer
from tiny import TINY, picture, tiny_encoder, tiny_gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    made = tiny_gallery(tmp_path / "gallery")
    write_encoder(made.folder / "encoder.safetensors", tiny_encoder(made.trunk))
    return made


@pytest.fixture
def cow(tmp_path: Path) -> Any:
    write_image(tmp_path / "Yellow Cow.png", Picture(picture(90, 70, seed=3)))
    return tmp_path / "Yellow Cow.png"


def test_a_style_of_a_painting(gallery: Gallery, cow: Path) -> None:
    style = predict_style(cow, gallery=gallery)
    assert (style.name, style.card.title, style.card.painting) == (
        "yellow-cow",
        "Yellow Cow",
        "Yellow Cow.png",
    )
    gallery.check(style, "it")
    assert style.thumbnail[:2] == b"\xff\xd8"  # JPEG
    as_array = predict_style(picture(90, 70, seed=3), gallery=gallery)
    np.testing.assert_array_equal(as_array.vector, style.vector)
    other = predict_style(picture(90, 70, seed=4), gallery=gallery)
    assert np.abs(other.vector - style.vector).max() > 0.01


def test_a_share_of_what_its_paintings_lack_is_added(gallery: Gallery) -> None:
    """By hand: what the encoder sees in a painting, and in photographs that are painted so."""
    painting, share = picture(96, 70, seed=3), predict.FEEDBACK
    encoder = tiny_encoder(gallery.trunk)
    encoder = replace(encoder, spec=replace(encoder.spec, painting_px=70))
    write_encoder(gallery.folder / "encoder.safetensors", encoder)
    with open_engine(encoder.graph, precision="f32") as eyes:
        wanted = eyes.encode(painting)
        style = replace(gallery.load_style("first"), vector=wanted)
        with Stylizer(style, gallery=gallery, precision="f32") as stylizer:
            photos = [read_image(path).pixels for path in predict.REFERENCES.glob("*.jpg")]
            given = [eyes.encode(stylizer(photo)) for photo in photos]
    assert len(given) == 3
    expected = wanted + share * (wanted - np.mean(given, axis=0))
    predicted = predict_style(painting, gallery=Gallery(gallery.folder)).vector
    np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(expected - wanted).max() > 0.01


def test_it_paints_at_the_photos_size(gallery: Gallery, cow: Path) -> None:
    with Stylizer(str(cow), gallery=gallery) as stylizer:
        assert stylizer(picture(203, 151)).shape == (151, 203, 3)


def test_paintings_mix_with_names(gallery: Gallery, cow: Path) -> None:
    predicted, first = predict_style(cow, gallery=gallery), gallery.load_style("first")
    mixed = find_style(f"{cow}:3+first", gallery)
    expected = 0.75 * predicted.vector + 0.25 * first.vector
    np.testing.assert_allclose(mixed.vector, expected, rtol=1e-5, atol=1e-6)
    assert [style.name for style in styles_in(f"first+{cow}", gallery)] == ["first", "yellow-cow"]


def test_a_painting_is_looked_at_once_until_it_changes(gallery: Gallery, cow: Path) -> None:
    before = find_style(str(cow), gallery)
    assert find_style(str(cow), gallery) is before
    write_image(cow, Picture(picture(90, 70, seed=5)))
    assert np.abs(find_style(str(cow), gallery).vector - before.vector).max() > 0.01


def test_a_file_with_a_plus_or_a_colon(gallery: Gallery, cow: Path) -> None:
    odd = cow.with_name("salt+pepper: a study.png")
    odd.write_bytes(cow.read_bytes())
    assert find_style(str(odd), gallery).name == "salt-pepper-a-study"


def test_without_an_encoder(tmp_path: Path, cow: Path) -> None:
    bare = tiny_gallery(tmp_path / "bare")
    with pytest.raises(StyleError, match="no encoder") as caught:
        find_style(f"{cow}:0.5+first", bare)
    assert "impasto learn" in caught.value.remedy


def test_an_encoder_of_another_trunk_is_refused(gallery: Gallery, cow: Path) -> None:
    alien = tiny_encoder(random_trunk(TINY, seed=9))
    write_encoder(gallery.folder / "encoder.safetensors", alien)
    with pytest.raises(StyleError, match=f"is for trunk {alien.trunk}"):
        predict_style(cow, gallery=Gallery(gallery.folder))


def test_paintings_that_are_none(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_style("nothing.jpg", gallery)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.jpg"):
        predict_style(tmp_path / "broken.jpg", gallery=gallery)
    write_image(tmp_path / "tiny.png", Picture(picture(63, 80)))
    with pytest.raises(InputError, match=r"tiny\.png is 63 x 80 px"):
        predict_style(tmp_path / "tiny.png", gallery=gallery)
    with pytest.raises(InputError):  # a row of numbers is no picture; grey ones are
        predict_style(np.zeros(80, np.uint8), gallery=gallery)
    hidden = Picture(picture(80, 80), alpha=np.zeros((80, 80), np.uint8))
    with pytest.raises(InputError, match="transparent all over"):
        predict_style(hidden, gallery=gallery)


def test_what_is_transparent_does_not_count(gallery: Gallery) -> None:
    """Black under full transparency, as programs write it, is no part of the painting."""
    alpha = np.full((80, 80), 255, np.uint8)
    alpha[:, 40:] = 0
    flat = np.full((80, 80, 3), 200, np.uint8)
    punched = flat * (alpha[..., None] > 0)
    seen = predict_style(Picture(punched, alpha=alpha), gallery=gallery)
    np.testing.assert_allclose(seen.vector, predict_style(flat, gallery=gallery).vector, atol=1e-2)


def test_grey_animated_and_long_paintings(gallery: Gallery, tmp_path: Path) -> None:
    from PIL import Image

    grey = Image.fromarray(picture(90, 70)[..., 0])
    grey.save(tmp_path / "grey.png")
    frames = [Image.fromarray(picture(90, 70, seed)) for seed in (3, 4)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    Image.fromarray(picture(6000, 64)).save(tmp_path / "scroll.png")
    for name in ("grey.png", "moving.gif", "scroll.png"):
        assert np.isfinite(predict_style(tmp_path / name, gallery=gallery).vector).all()


def test_a_video_goes_from_a_painting_to_a_style(gallery: Gallery, cow: Path) -> None:
    frames = [picture(48, 40)] * 3
    mixture = f"{cow}@0s..first@1s"
    first, _, last = stylize_frames(frames, mixture, rate=2, stability=0, gallery=gallery)
    for frame, style in ((first, str(cow)), (last, "first")):
        (alone,) = stylize_frames(frames[:1], style, stability=0, gallery=gallery)
        assert np.abs(frame.astype(int) - alone).mean() < 2


def test_live_begins_with_a_painting(gallery: Gallery, cow: Path) -> None:
    assert packs_from(str(cow), gallery) == ([[str(cow), "first", "second"]], 0)
    with pytest.raises(InputError, match="does not exist"):
        packs_from("nothing.jpg", gallery)
