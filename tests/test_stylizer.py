import io
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import impasto
from converters import foreign
from converters.write_t7 import johnson, write_t7
from impasto.defaults import ColorWay
from impasto.engines import open_engine
from impasto.errors import EngineError, ImpastoError, InputError, OptionError, StyleError
from impasto.images import Picture, resize
from impasto.multiscale import pass_sizes
from impasto.networks.padding import paint_whole
from impasto.options import StylizeOptions
from impasto.style_model import StyleModel, open_network
from impasto.styles import open_gallery
from impasto.styles.gallery import Gallery
from impasto.stylizer import Stylizer, stylize
from tiny import picture, tiny_gallery


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def stylizer(gallery: Gallery) -> Iterator[Stylizer]:
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        yield stylizer


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(width=st.integers(1, 90), height=st.integers(1, 90))
def test_any_size(stylizer: Stylizer, width: int, height: int) -> None:
    painted = stylizer(picture(width, height))
    assert painted.shape == (height, width, 3)
    assert painted.dtype == np.uint8
    assert painted.flags.c_contiguous


def test_one_photo_in_a_gallery_of_ones_own(gallery: Gallery, stylizer: Stylizer) -> None:
    photo = picture(45, 30)
    painted = stylize(photo, "first", gallery=gallery, precision="f32")
    np.testing.assert_array_equal(painted.pixels, stylizer(photo))
    with pytest.raises(StyleError, match="udnie"):
        stylize(photo, "udnie", gallery=gallery)


def test_the_photo_is_not_touched(stylizer: Stylizer) -> None:
    photo = picture(32, 24)
    before = photo.copy()
    stylizer(photo)
    np.testing.assert_array_equal(photo, before)


def test_strength(gallery: Gallery) -> None:
    photo = picture(40, 32)
    paintings = {}
    for strength in (0, 0.5, 1, 1.5):
        with Stylizer("first", strength=strength, gallery=gallery, precision="f32") as stylizer:
            paintings[strength] = stylizer(photo).astype(int)
    np.testing.assert_array_equal(paintings[0], photo)
    half = (photo.astype(int) + paintings[1]) / 2
    assert np.abs(paintings[0.5] - half).max() <= 1
    distance = [np.abs(paintings[s] - photo.astype(int)).mean() for s in (0, 0.5, 1, 1.5)]
    assert distance == sorted(distance)
    assert distance[3] > distance[2]


def test_large_strokes_are_painted_small_and_painted_again(gallery: Gallery) -> None:
    photo = picture(64, 48)
    with Stylizer("first", gallery=gallery, precision="f32") as plain:
        expected = plain(resize(plain(resize(photo, 32, 24)), 64, 48))
        finer = resize(plain(resize(photo, 128, 96)), 64, 48)
    with Stylizer("first", stroke=2, gallery=gallery, precision="f32") as stylizer:
        np.testing.assert_array_equal(stylizer(photo), expected)
    with Stylizer("first", stroke=0.5, gallery=gallery, precision="f32") as stylizer:
        np.testing.assert_array_equal(stylizer(photo), finer)


@pytest.mark.parametrize("stroke", [0.4, 2.1, float("nan")])
def test_impossible_strokes(gallery: Gallery, stroke: float) -> None:
    with pytest.raises(OptionError, match="stroke"):
        Stylizer("first", stroke=stroke, gallery=gallery)


def test_mixtures_have_their_ends(gallery: Gallery) -> None:
    photo = picture(40, 32)

    def paint(style: Any) -> Any:
        with Stylizer(style, gallery=gallery, precision="f32") as stylizer:
            return stylizer(photo).astype(int)

    first, second = paint("first"), paint("second")
    assert np.abs(first - second).max() > 5
    assert np.abs(paint("first:1+second:0.000001") - first).max() <= 1
    assert np.abs(paint("first+second") - first).max() > 0


def test_keep_colors(gallery: Gallery) -> None:
    photo = picture(40, 32)
    with Stylizer("first", keep_colors="luminance", gallery=gallery) as stylizer:
        painted = stylizer(photo)
    grey = np.repeat(photo.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    with Stylizer("first", keep_colors="luminance", gallery=gallery) as stylizer:
        painted_grey = stylizer(grey).astype(int)
    assert np.ptp(painted_grey, axis=2).max() <= 2  # a grey photo stays grey
    assert np.ptp(painted.astype(int), axis=2).max() > 20


def test_alpha_is_carried_over(stylizer: Stylizer) -> None:
    alpha = np.arange(32 * 24, dtype=np.uint8).reshape(24, 32)
    painted = stylizer.stylize(Picture(picture(32, 24), alpha))
    np.testing.assert_array_equal(painted.alpha, alpha)


def test_a_style_object(gallery: Gallery) -> None:
    with Stylizer(gallery.load_style("second"), gallery=gallery) as stylizer:
        assert stylizer(picture(16, 16)).shape == (16, 16, 3)


@pytest.mark.parametrize("strength", [-0.1, 1.6, float("nan")])
def test_impossible_strength(gallery: Gallery, strength: float) -> None:
    with pytest.raises(OptionError, match="strength"):
        Stylizer("first", strength=strength, gallery=gallery)


def test_unknown_style(gallery: Gallery) -> None:
    with pytest.raises(StyleError, match="did you mean first"):
        Stylizer("frist", gallery=gallery)


@pytest.mark.parametrize(
    "photo", [np.zeros((8, 8, 5), np.uint8), np.full((8, 8, 3), 2.0), np.zeros((0, 8, 3)), 5]
)
def test_what_is_no_photo(stylizer: Stylizer, photo: Any) -> None:
    for paint in (stylizer, stylizer.stylize):
        with pytest.raises(InputError, match="give"):
            paint(photo)


def test_photos_of_many_kinds(stylizer: Stylizer) -> None:
    photo = picture(40, 30)
    expected = stylizer(photo)
    alpha = np.full((30, 40), 255, np.uint8)
    alpha[:5] = 0
    for each in (photo / 255, Image.fromarray(photo), Picture(photo), io.BytesIO(png(photo))):
        np.testing.assert_array_equal(stylizer(each), expected)
    painted = stylizer.stylize(np.dstack([photo, alpha]))
    np.testing.assert_array_equal(painted.alpha, alpha)
    assert stylizer(photo[..., 0]).shape == (30, 40, 3)


def png(pixels: NDArray[np.uint8]) -> Any:
    stream = io.BytesIO()
    Picture(pixels).save(stream, file_format="png")
    return stream.getvalue()


def test_attributes_are_checked_when_they_are_set(gallery: Gallery, tmp_path: Path) -> None:
    photo = picture(40, 32)
    Picture(photo[:8, :8]).save(tmp_path / "palette.png")
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        plain = stylizer(photo)
        for name, value in {
            "strength": "0.5",
            "stroke": 5,
            "detail": None,
            "keep_colors": "hue",
            "seed": -1,
            "palette": 5,
            "mask": "lost.png",
            "regions": ["nowhere"],
            "protect_faces": 2,
            "subject": (1, 2, 3, 4),
            "options": StylizeOptions("second"),
            "style": "second",
            "quality": "fine",
            "gallery": "turbo",
            "precision": "bf16",
        }.items():
            with pytest.raises(ImpastoError):
                setattr(stylizer, name, value)
        np.testing.assert_array_equal(stylizer(photo), plain)
        stylizer.palette = tmp_path / "palette.png"
        with Stylizer("first", gallery=gallery, precision="f32", palette=photo[:8, :8]) as other:
            np.testing.assert_array_equal(stylizer(photo), other(photo))
        stylizer.palette, stylizer.seed = None, 1
        with Stylizer("first", gallery=gallery, precision="f32", seed=1) as other:
            np.testing.assert_array_equal(stylizer(photo), other(photo))
        stylizer.options = StylizeOptions("first", gallery=gallery, precision="f32")
        np.testing.assert_array_equal(stylizer(photo), plain)
        with pytest.raises(OptionError, match="options are 3: give StylizeOptions"):
            stylizer.options = 3  # type: ignore[assignment]
        with pytest.raises(OptionError, match="another style cannot be set: open another stylizer"):
            stylizer.options = replace(stylizer.options, style="second")
        with pytest.raises(OptionError, match="other styles of regions"):
            stylizer.regions = ["subject:second"]


def test_a_closed_stylizer_says_so(gallery: Gallery) -> None:
    stylizer = Stylizer("first", gallery=gallery)
    engine = stylizer.engine
    stylizer.close()
    stylizer.close()
    photo = picture(16, 16)
    for call in (
        *(lambda: stylizer(photo), lambda: stylizer.stylize(photo), lambda: stylizer.paint(photo)),
        *(lambda: stylizer.engine, lambda: setattr(stylizer, "strength", 0.5)),
    ):
        with pytest.raises(EngineError, match="this stylizer is closed: open another one"):
            call()
    with pytest.raises(EngineError, match="is closed"):
        engine.paint(photo)
    engine.close()


def test_stylizers_can_be_pickled(gallery: Gallery) -> None:
    photo = picture(40, 32)
    with Stylizer("first", gallery=gallery, precision="f32", natural_px=20) as stylizer:
        stylizer.strength = 0.7
        with pickle.loads(pickle.dumps(stylizer)) as copy:
            assert copy.strength == 0.7
            np.testing.assert_array_equal(copy(photo), stylizer(photo))


def test_styles_and_galleries_by_path(gallery: Gallery, tmp_path: Path) -> None:
    photo = picture(40, 32)
    expected = stylize(photo, "first", gallery=gallery, precision="f32").pixels
    for folder in (gallery.folder, str(gallery.folder)):
        by_path = stylize(photo, Path("first"), gallery=folder, precision="f32")
        np.testing.assert_array_equal(by_path.pixels, expected)
    np.testing.assert_array_equal(
        stylize(photo, gallery="turbo").pixels, stylize(photo, gallery=open_gallery("turbo")).pixels
    )
    with pytest.raises(OptionError, match="gallery is 5: give a folder's name, 'turbo'"):
        Stylizer("first", gallery=5)  # type: ignore[arg-type]
    with pytest.raises(StyleError, match="turb"):
        Stylizer("first", gallery="turb")


def test_stylize_takes_files_pictures_and_arrays(tmp_path: Path) -> None:
    """With the shipped gallery, as the README has it."""
    photo = picture(64, 48)
    impasto.write_image(tmp_path / "photo.png", Picture(photo))
    from_array = impasto.stylize(photo, style="great-wave")
    from_picture = impasto.stylize(Picture(photo), style="great-wave")
    from_file = impasto.stylize(tmp_path / "photo.png", style="great-wave")
    np.testing.assert_array_equal(from_array.pixels, from_picture.pixels)
    np.testing.assert_array_equal(from_array.pixels, from_file.pixels)
    from_file.save(tmp_path / "out.jpg")
    assert impasto.read_image(tmp_path / "out.jpg").pixels.shape == photo.shape


@pytest.mark.parametrize(
    ("gallery", "name"),
    [(gallery, name) for gallery in (None, "turbo") for name in open_gallery(gallery).shipped],
)
def test_shipped_styles_paint_no_frame(gallery: str | None, name: str) -> None:
    """On textures that are alike everywhere, so are live networks' paintings, up to the border.

    Before there was a border loss, four of six styles were 35 to 70 levels off. The Wheat Field
    still is at 24, the small network's Scream at 38, along the top. Many textures: with six of
    them, styles of large forms are that far off in the middle of a picture by chance.
    """
    limit = 40 if gallery == "turbo" else 35
    random = np.random.default_rng(0)
    textures = [
        resize(random.integers(0, 256, (24, 32, 3), dtype=np.uint8), 256, 192) for _ in range(24)
    ]
    with Stylizer(name, gallery=open_gallery(gallery), quality="live") as stylizer:
        painted = np.stack([stylizer(texture) for texture in textures]).astype(float)
    inside = painted[:, 32:-32, 32:-32]
    for border in (painted[:, :6], painted[:, -6:], painted[:, :, :6], painted[:, :, -6:]):
        assert np.abs(border.mean(axis=(0, 1, 2)) - inside.mean(axis=(0, 1, 2))).max() < limit
        assert 0.6 < border.std() / inside.std() < 1.4


def test_a_network_of_fixed_size(tmp_path: Path) -> None:
    """Whatever the photo's size, it is painted as large as fits, and enlarged."""
    (tmp_path / "negative.onnx").write_bytes(foreign.unfree_onnx(32))
    with Stylizer(f"{tmp_path}/negative.onnx", precision="f32") as stylizer:
        for photo in (picture(32, 32), picture(32, 20), picture(9, 32)):
            np.testing.assert_array_equal(stylizer(photo), 255 - photo)
        photo = picture(64, 48)
        expected = resize(255 - resize(photo, 32, 24), 64, 48)
        np.testing.assert_array_equal(stylizer(photo), expected)
    with pytest.raises(
        OptionError, match=r"stroke is 2, and .*negative\.onnx paints pictures of one"
    ):
        Stylizer(f"{tmp_path}/negative.onnx", stroke=2)


def test_a_network_of_its_own(tmp_path: Path, gallery: Gallery) -> None:
    """Any size; strength blends; large photos are painted as they are, once."""
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson()}))
    style = f"{tmp_path}/style.t7"
    photo = picture(61, 47)
    with Stylizer(style, precision="f32", gallery=gallery) as stylizer:
        painting = stylizer(photo).astype(int)
        assert stylizer(picture(5, 3)).shape == (3, 5, 3)
        assert isinstance(stylizer.model, StyleModel)
        assert pass_sizes(4000, 3000, 1, stylizer.model.natural_px) == [(4000, 3000)]
    with Stylizer(style, strength=0.5, precision="f32") as stylizer:
        half = (photo.astype(int) + painting) / 2
        assert np.abs(stylizer(photo) - half).max() <= 1
    network = open_network(style, gallery)
    with open_engine(network.graph, precision="f32") as engine:
        whole = paint_whole(engine, network.input_spec, photo)
    np.testing.assert_array_equal(painting, whole)


@pytest.mark.parametrize("way", ["histogram", "linear"])
def test_ways_to_keep_colors(way: ColorWay, gallery: Gallery) -> None:
    """The painting's mean colour becomes the photo's."""
    photo = (picture(80, 60) // 4 + 60).astype(np.uint8)
    with Stylizer("first", keep_colors=way, gallery=gallery, precision="f32") as stylizer:
        kept = stylizer(photo).mean(axis=(0, 1))
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        plain = stylizer(photo).mean(axis=(0, 1))
    assert np.abs(kept - photo.mean(axis=(0, 1))).max() < 6
    assert np.abs(plain - photo.mean(axis=(0, 1))).max() > 12


def test_palette(gallery: Gallery) -> None:
    palette = np.full((20, 20, 3), (180, 120, 60), np.uint8)
    palette[:10] = (150, 110, 70)
    with Stylizer("first", palette=palette, gallery=gallery) as stylizer:
        painted = stylizer(picture(40, 32))
    assert np.abs(painted.mean(axis=(0, 1)) - (165, 115, 65)).max() < 6


def test_impossible_colours(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="keep-colors is 'hue'"):
        Stylizer("first", keep_colors="hue", gallery=gallery)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="exclude each other"):
        Stylizer("first", keep_colors="luminance", palette=picture(4, 4), gallery=gallery)
