from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import impasto
from impasto import two_part_model
from impasto.defaults import EngineName
from impasto.engines import Engine, available_engines, open_engine
from impasto.errors import OptionError
from impasto.gatys import optimize
from impasto.images import Picture, resize
from impasto.images.spool import PixelRows
from impasto.large.memory_plan import MemoryPlan, margin_px
from impasto.large.tiled import paint_tiled
from impasto.networks.trunk import Trunk, read_trunk, write_trunk
from impasto.progress import Progress, ProgressListener
from impasto.styles import OPTIMISED_PX, Gallery, thumbnail, write_style
from impasto.two_part_model import TwoPartModel, revision_sizes
from tiny import picture, tiny_gallery, tiny_two_part_trunk

PHOTO = picture(300, 200)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("fine"), trunk=tiny_two_part_trunk())


def styles(gallery: Gallery) -> list[tuple[Trunk, np.ndarray]]:
    return [(gallery.trunk, gallery.load_style(name).vector) for name in ("first", "second")]


@pytest.mark.parametrize(
    ("size", "stroke", "draft", "revisions"),
    [
        ((768, 512), 1.0, (192, 128), [(384, 256), (768, 512)]),
        ((1024, 768), 1.0, (171, 128), [(256, 192), (512, 384), (1024, 768)]),
        ((512, 512), 0.5, (256, 256), [(512, 512)]),
        ((512, 512), 2.0, (64, 64), [(128, 128), (256, 256), (512, 512)]),
        ((520, 520), 1.0, (128, 128), [(260, 260), (520, 520)]),
        ((140, 140), 1.0, (140, 140), []),  # from 128 to 140 is no step
        ((100, 50), 1.0, (100, 50), []),
    ],
)
def test_sizes_double_from_the_draft_to_the_picture(
    size: tuple[int, int],
    stroke: float,
    draft: tuple[int, int],
    revisions: list[tuple[int, int]],
) -> None:
    assert revision_sizes(*size, stroke) == (draft, revisions)


@pytest.mark.parametrize("engine", available_engines())
def test_engines_agree(gallery: Gallery, engine: EngineName) -> None:
    def painted(name: EngineName) -> np.ndarray:
        with TwoPartModel(styles(gallery), engine=name, precision="f32") as model:
            return model.paint(PHOTO)

    difference = np.abs(painted(engine).astype(int) - painted("opencv"))
    assert difference.max() <= 2  # a rounding of the draft, and one of each revision


def test_a_picture_without_revisions_is_its_draft(gallery: Gallery) -> None:
    small = picture(90, 60)
    with TwoPartModel(styles(gallery), precision="f32") as model:
        np.testing.assert_array_equal(model.paint(small), model.draft(small))


def test_effect_goes_from_the_subtle_style_to_the_bold_one(gallery: Gallery) -> None:
    trunk, vector = styles(gallery)[0]
    subtle, bold = vector.reshape(2, -1)
    with TwoPartModel([(trunk, vector)], precision="f32") as model:
        for effect, only in ((0.0, subtle), (1.0, bold)):
            model.effect = effect
            with TwoPartModel([(trunk, np.tile(only, 2))], precision="f32") as fixed:
                np.testing.assert_array_equal(model.paint(PHOTO), fixed.paint(PHOTO))


@pytest.mark.parametrize("engine", available_engines())
def test_a_steered_effect_changes_without_another_engine(
    gallery: Gallery, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: dict[str, Any] = {"engine": engine, "precision": "f32"}
    with TwoPartModel(styles(gallery), steered=True, **how) as model:
        with monkeypatch.context() as patch:
            patch.setattr(model, "_open", None)
            paintings = []
            for effect in (0.0, 0.7):
                model.effect = effect
                paintings.append(model.paint(PHOTO))
        for effect, painting in zip((0.0, 0.7), paintings, strict=True):
            with TwoPartModel(styles(gallery), **how) as fixed:
                fixed.effect = effect
                difference = np.abs(painting.astype(int) - fixed.paint(PHOTO))
            assert difference.max() <= 2  # as between engines
    assert (paintings[0] != paintings[1]).any()


def test_a_steered_effect_in_8_bits_is_as_near_to_floats(gallery: Gallery) -> None:
    def painted(**how: Any) -> np.ndarray:
        with TwoPartModel(styles(gallery), engine="openvino", **how) as model:
            model.effect = 1.0  # whose ranges are not those of the effect that it was opened with
            return model.paint(PHOTO).astype(int)

    floats, fixed = painted(precision="f32"), painted(precision="int8")
    steered = painted(precision="int8", steered=True)
    assert np.abs(steered - floats).mean() < 1.2 * np.abs(fixed - floats).mean()


def test_best_revises_drafts_that_are_optimised_for_the_painting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = tiny_gallery(tmp_path, trunk=tiny_two_part_trunk())
    painting = thumbnail(picture(300, 200, 5), OPTIMISED_PX)
    style = replace(gallery.load_style("first"), thumbnail=painting)
    asked, drawn = [], picture(192, 128, 9)

    def optimise(
        painting: Picture, photo: np.ndarray, effect: float, progress: ProgressListener
    ) -> np.ndarray:
        asked.append((painting.width, photo.shape, effect))
        progress(Progress("optimising the draft", 1, 1))
        return drawn

    def open_counted(graph: bytes, **options: Any) -> Engine:
        opened.append(graph)
        return open_engine(graph, **options)

    opened: list[bytes] = []
    monkeypatch.setattr(two_part_model, "open_engine", open_counted)
    monkeypatch.setattr(optimize, "optimise_draft", optimise)
    told: list[Progress] = []
    with impasto.Stylizer(
        style, gallery=gallery, quality="best", strength=1.5, precision="f32"
    ) as stylizer:
        painted = stylizer.stylize(PHOTO, progress=told.append).pixels
        small = resize(PHOTO, 192, 128)
        assert isinstance(stylizer.model, TwoPartModel)
        expected = stylizer.model.revise(PHOTO, resize(drawn, 300, 200))
        assert revision_sizes(300, 200) == ((192, 128), [(300, 200)])
    assert len(opened) == 2  # the revision's engine, at either strength, and no draft's
    assert asked == [(300, small.shape, 1.0)]
    assert told == [Progress("optimising the draft", 1, 1)]
    np.testing.assert_array_equal(painted, expected)


def test_a_fine_styles_file_is_a_style(gallery: Gallery, tmp_path: Path) -> None:
    style = replace(gallery.load_style("first"), name="shared")
    write_style(tmp_path / "shared.style", style)
    for mixture in ("{}", "{}+second"):
        with impasto.Stylizer(mixture.format(tmp_path / "shared.style"), gallery=gallery) as shared:
            name = mixture.format("first")
            with impasto.Stylizer(name, gallery=gallery) as known:
                assert isinstance(shared.model, TwoPartModel)
                np.testing.assert_array_equal(shared(PHOTO), known(PHOTO))


def test_best_needs_a_painting_in_the_style(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="style first holds no painting of 128 px"):
        impasto.Stylizer("first", gallery=gallery, quality="best")


def test_shares_choose_the_style(gallery: Gallery) -> None:
    both = styles(gallery)

    def shares(size: tuple[int, int]) -> np.ndarray:
        share = np.zeros((2, size[1], size[0]), np.float32)
        share[0] = 1
        return share

    with TwoPartModel(both, precision="f32") as model:
        painted = model.paint(PHOTO, shares=shares)
    with TwoPartModel(both[:1], precision="f32") as alone:
        np.testing.assert_array_equal(painted, alone.paint(PHOTO))


def test_tiles_show_no_seam(gallery: Gallery, tmp_path: Path) -> None:
    photo = picture(700, 520)
    with impasto.Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        spec = stylizer.model.spec
        assert spec
        whole = stylizer.paint(photo)
        plan = MemoryPlan(
            whole=False,
            whole_px=1000,
            tile_px=160,
            margin_px=margin_px(spec),
            strip_bytes=0,
            peak_bytes=0,
        )
        with paint_tiled(stylizer, PixelRows(photo), plan, tmp_path) as tiled:
            difference = np.abs(tiled.rows(0, 520).astype(int) - whole)
    # Enlarging whole pictures and strips rounds a little otherwise; finer sizes pass it on.
    assert difference.max() <= 6
    assert difference.mean() < 0.05
    assert list(tmp_path.iterdir()) == []


def test_int8_is_near_floats(gallery: Gallery) -> None:
    (trunk, vector), _ = styles(gallery)
    with (
        TwoPartModel([(trunk, vector)], engine="openvino", precision="int8") as eight,
        TwoPartModel([(trunk, vector)], engine="openvino", precision="f32") as floats,
    ):
        draft = floats.draft(PHOTO)
        difference = np.abs(eight.revise(PHOTO, draft).astype(int) - floats.revise(PHOTO, draft))
    assert difference.mean() < 8  # of 255; random weights spread more than trained ones


def test_a_stylizer_takes_the_fine_network_where_there_is_one(gallery: Gallery) -> None:
    with impasto.Stylizer("first:0.5+second:0.5", gallery=gallery) as stylizer:
        assert isinstance(stylizer.model, TwoPartModel)
        assert stylizer(PHOTO).shape == PHOTO.shape


@pytest.mark.parametrize(
    ("strength", "effect", "opacity"), [(0.25, 0, 0.5), (1, 0.5, 1), (1.5, 1, 1)]
)
def test_strength_is_first_opacity_then_boldness(
    gallery: Gallery, strength: float, effect: float, opacity: float
) -> None:
    with impasto.Stylizer("first", gallery=gallery, strength=strength) as stylizer:
        assert (stylizer.effect, stylizer.opacity) == (effect, opacity)


def test_fine_is_refused_where_no_network_paints_so(tmp_path: Path) -> None:
    live = tiny_gallery(tmp_path)
    with pytest.raises(OptionError, match="no fine network paints first"):
        impasto.Stylizer("first", gallery=live, quality="fine")
    with pytest.raises(OptionError, match="quality is 'finest'"):
        impasto.Stylizer("first", gallery=live, quality="finest")  # type: ignore[arg-type]


def test_a_trunk_in_two_parts_is_read_as_written(tmp_path: Path) -> None:
    trunk = tiny_two_part_trunk()
    write_trunk(tmp_path / "trunk", trunk)
    read = read_trunk(tmp_path / "trunk")
    assert read.revision
    assert read.fingerprint == trunk.fingerprint != replace(trunk, revision=None).fingerprint
    for name, weights in trunk.revision.weights.items():  # type: ignore[union-attr]
        np.testing.assert_array_equal(read.revision.weights[name], weights)
