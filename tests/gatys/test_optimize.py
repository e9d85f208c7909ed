from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError, OptionError
from impasto.gatys import objective, optimize
from impasto.gatys.optimize import Iterate, _scales, optimise_draft, paint
from impasto.gatys.options import EFFECTS, Effect, PaintOptions
from impasto.images import Picture, write_image
from impasto.perceptual import vgg
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")
whole_weights = vgg._load_weights

CPU = Hardware(torch.device("cpu"), torch.float32)
QUICK: dict[str, Any] = {"steps": 4}
PHOTO, PAINTING, OTHER = picture(48, 36, 1), picture(50, 44, 2), picture(40, 40, 3)


def run(
    options: dict[str, Any] | None = None,
    paintings: NDArray[np.uint8] | Path | list[NDArray[np.uint8]] = PAINTING,
    photo: NDArray[np.uint8] | str = PHOTO,
    **more: Any,
) -> tuple[Picture, list[Iterate]]:
    iterates: list[Iterate] = []
    settings = PaintOptions(**{**QUICK, **(options or {})})
    painting = paint(photo, paintings, settings, hardware=CPU, on_iterate=iterates.append, **more)
    return painting, iterates


@pytest.fixture(scope="module")
def plain() -> NDArray[np.uint8]:
    return run()[0].pixels


@pytest.mark.parametrize("losses", ["scale-free", "paper"])
@pytest.mark.parametrize("start", ["content", "noise"])
def test_the_loss_falls(losses: str, start: str) -> None:
    weights = {"style_weight": 1e3, "content_weight": 1e-3} if losses == "paper" else {}
    painting, iterates = run({"losses": losses, "start": start, **weights})
    assert painting.pixels.shape == PHOTO.shape
    assert iterates[-1].losses["total"] < 0.9 * iterates[0].losses["total"]


def test_the_total_is_equation_7_and_two_more() -> None:
    options = {
        "content_weight": 2.0,
        "self_similarity_weight": 7.0,
        "style_weight": 3.0,
        "tv_weight": 5.0,
    }
    _, iterates = run(options)
    for iterate in iterates:
        parts = iterate.losses
        expected = 2 * parts["content"] + 3 * parts["style"] + 5 * parts["total variation"]
        expected += 7 * parts["self-similarity"]
        assert parts["total"] == pytest.approx(expected, rel=1e-4)


def test_the_papers_losses_are_equation_7_alone() -> None:
    _, iterates = run({"losses": "paper", "content_weight": 2.0})
    parts = iterates[-1].losses
    assert "self-similarity" not in parts
    assert parts["total"] == pytest.approx(2 * parts["content"] + 1e3 * parts["style"], rel=1e-4)


@pytest.mark.parametrize("start", ["content", "noise"])
def test_the_seed_decides(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which noise; and which places, where there are more than are compared with each other."""
    monkeypatch.setattr(objective, "MOST_PLACES", 8)
    options = {"start": start, "steps": 2}
    first, again, other = (run({**options, "seed": seed})[0].pixels for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_coarse_to_fine() -> None:
    _, iterates = run({"size_px": 128, "coarsest_px": 32, "steps": 4})
    sizes = [(iterate.width, iterate.height) for iterate in iterates]
    # The shorter side goes from 32 to 96 px in two steps.
    assert sizes == [(43, 32)] * 4 + [(74, 55)] * 2 + [(128, 96)]
    assert [iterate.step for iterate in iterates] == list(range(1, 8))
    assert {iterate.steps for iterate in iterates} == {7}
    assert iterates[-1].picture().pixels.shape == (96, 128, 3)


@pytest.mark.parametrize(
    ("size", "size_px", "shorter"),
    [
        ((300, 200), 1536, [64, 128, 256, 512, 1024]),
        ((200, 300), 384, [64, 128, 256]),
        ((1000, 500), None, [64, 127, 252, 500]),
        ((300, 200), 60, [40]),
    ],
)
def test_scales_begin_at_64_px_and_about_double(
    size: tuple[int, int], size_px: int | None, shorter: list[int]
) -> None:
    scales = _scales(*size, PaintOptions(size_px=size_px))
    assert [min(scale) for scale in scales] == pytest.approx(shorter, abs=1)
    assert max(scales[-1]) == size_px or size_px is None


def test_a_scale_of_its_own_is_still_to_be_had() -> None:
    assert _scales(300, 200, PaintOptions(size_px=512, coarsest_px=512)) == [(512, 341)]


def test_effects_go_from_the_photo_to_the_painting() -> None:
    losses = [run({"effect": effect, "steps": 8})[1][-1].losses for effect in EFFECTS]
    assert list(EFFECTS) == ["subtle", "balanced", "bold"]
    styles, contents = ([each[loss] for each in losses] for loss in ("style", "content"))
    assert styles == sorted(styles, reverse=True)
    assert contents == sorted(contents)


def test_weights_that_are_given_win_over_the_effect() -> None:
    given = PaintOptions(effect="bold", style_weight=1.0).weights
    assert given == {**EFFECTS["bold"], "style": 1.0}
    assert PaintOptions().weights == EFFECTS["balanced"]


def test_faces_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    face = np.zeros((36, 48), np.uint8)
    face[9:27, 15:33] = 255
    monkeypatch.setattr(optimize, "face_mask", lambda photo: face)
    kept = {}
    for weight in (0.0, 20.0):
        painting, _ = run({"face_weight": weight})
        kept[weight] = np.abs(painting.pixels.astype(int) - PHOTO)[face > 0].mean()
    assert kept[20.0] < 0.8 * kept[0.0]


def test_faces_are_left_to_chance_where_nothing_finds_them(
    plain: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(photo: NDArray[np.uint8]) -> None:
        raise MissingExtraError("protecting faces", "faces")

    monkeypatch.setattr(optimize, "face_mask", fail)
    np.testing.assert_array_equal(run()[0].pixels, plain)


@pytest.mark.parametrize(("effect", "name"), [(0.1, "subtle"), (0.5, "balanced"), (1, "bold")])
def test_a_draft_is_as_large_as_its_photo_and_tells_of_every_step(
    effect: float, name: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimize, "DRAFT_STEPS", 2)
    photo = picture(60, 40, 1)
    told: list[Progress] = []
    draft = optimise_draft(PAINTING, photo, effect, told.append, hardware=CPU)
    options = PaintOptions(effect=name, size_px=60, steps=2)
    np.testing.assert_array_equal(draft, paint(photo, PAINTING, options, hardware=CPU).pixels)
    assert [event.done for event in told] == [*range(1, told[0].total + 1)]


def test_several_paintings_with_weights(plain: NDArray[np.uint8]) -> None:
    both, _ = run(paintings=[PAINTING, OTHER], painting_weights=[3, 1])
    only, _ = run(paintings=[PAINTING, OTHER], painting_weights=[1, 0])
    np.testing.assert_array_equal(only.pixels, plain)
    assert (both.pixels != plain).any()


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "max"},
        {"content_layers": {"relu3_1": 1.0}},
        {"style_layers": {"relu1_1": 1.0, "relu2_1": 0.5}},
        {"painting_scale": 0.6},
        {"tv_weight": 50.0},
        {"self_similarity_weight": 20.0},
        {"start": Picture(OTHER)},
        {"keep_colors": True},
    ],
)
def test_every_option_makes_a_difference(change: dict[str, Any], plain: NDArray[np.uint8]) -> None:
    assert (run(change)[0].pixels != plain).any()


def test_total_variation_smooths() -> None:
    def roughness(weight: Any) -> Any:
        pixels = run({"tv_weight": weight, "start": "noise"})[0].pixels.astype(float)
        return np.abs(np.diff(pixels, axis=1)).mean()

    assert roughness(100.0) < roughness(0.0)


def test_an_interrupt_comes_through_with_what_was_painted() -> None:
    seen = []

    def stop(iterate: Any) -> None:
        seen.append(iterate.picture())
        if iterate.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(PHOTO, PAINTING, PaintOptions(**QUICK), hardware=CPU, on_iterate=stop)
    assert len(seen) == 3
    assert seen[-1].pixels.shape == PHOTO.shape


def test_files_and_transparency(tmp_path: Path) -> None:
    alpha = np.zeros((36, 48), np.uint8)
    alpha[:, 24:] = 255
    write_image(tmp_path / "photo.png", Picture(PHOTO, alpha))
    write_image(tmp_path / "painting.png", Picture(PAINTING))
    painting, _ = run(
        {"size_px": 32, "steps": 1},
        photo=str(tmp_path / "photo.png"),
        paintings=tmp_path / "painting.png",
    )
    assert painting.pixels.shape == (32, 32, 3)
    assert painting.alpha is not None
    assert painting.alpha[:, 0].max() == 0
    assert painting.alpha[:, -1].min() == 255
    with pytest.raises(InputError, match=r"none\.png"):
        run(paintings=tmp_path / "none.png")


@pytest.mark.parametrize(
    "options",
    [
        {"content_weight": -1.0},
        {"style_weight": float("nan")},
        {"tv_weight": float("inf")},
        {"steps": 0},
        {"size_px": 8},
        {"coarsest_px": 0},
        {"painting_scale": -1.0},
        {"pooling": "median"},
        {"losses": "l1"},
        {"effect": "loud"},
        {"self_similarity_weight": -1.0},
        {"face_weight": float("nan")},
        {"start": "nowhere"},
        {"content_layers": {"conv4": 1.0}},
        {"style_layers": {}},
        {"seed": -1},
        {"style_weight": "15"},
        {"steps": None},
        {"pooling": ["max"]},
    ],
    ids=lambda options: next(iter(options)),
)
def test_impossible_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        PaintOptions(**options)


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [0, 0], [-1, 2]])
def test_impossible_painting_weights(weights: list[int]) -> None:
    with pytest.raises(OptionError, match="painting weights"):
        run(paintings=[PAINTING, OTHER], painting_weights=weights)


def test_no_painting() -> None:
    with pytest.raises(OptionError, match="no painting"):
        run(paintings=[])


def left_half() -> NDArray[np.uint8]:
    mask = np.zeros((24, 32), np.uint8)
    mask[:, :16] = 255
    return mask


def test_a_mask_keeps_the_photo() -> None:
    masked, iterates = run(mask=left_half())
    np.testing.assert_array_equal(iterates[-1].picture().pixels, masked.pixels)
    np.testing.assert_array_equal(masked.pixels[:, 30:], PHOTO[:, 30:])
    assert (masked.pixels[:, :18] != PHOTO[:, :18]).any()
    with pytest.raises(OptionError, match="nothing to be painted"):
        run(mask=np.zeros((4, 4), np.uint8))


def test_regions_take_their_own_paintings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vgg, "_load_weights", whole_weights)  # random features tell too little
    plain, other = (run(paintings=each)[0].pixels for each in (PAINTING, OTHER))
    painting, iterates = run(regions=[(left_half(), OTHER)])
    both = painting.pixels

    def distance(first: Any, second: Any, part: Any) -> Any:
        return np.abs(first[part].astype(int) - second[part]).mean()

    left, right = np.s_[:, :18], np.s_[:, 30:]
    assert distance(both, other, left) < distance(both, plain, left)
    assert distance(both, plain, right) < distance(both, other, right)
    assert iterates[-1].losses["total"] < iterates[0].losses["total"]


def test_tiles_paint_the_same() -> None:
    photo = picture(90, 75, 1)
    layers = {"style_layers": {"relu1_1": 1, "relu3_1": 1}, "content_layers": {"relu2_2": 1}}
    options = {"coarsest_px": 90, "steps": 3, "self_similarity_weight": 0.0, **layers}
    whole, _ = run(options, photo=photo)
    tiled, _ = run({**options, "tile_px": 32}, photo=photo)
    assert np.abs(whole.pixels.astype(int) - tiled.pixels).mean() < 0.05
