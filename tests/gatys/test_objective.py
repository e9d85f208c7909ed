"""In tiles as in one piece; regions."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from impasto.gatys import objective as losses_of_pictures
from impasto.gatys.objective import Objective, Part
from impasto.gatys.options import PaintOptions
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.tensors import to_tensor
from impasto.perceptual.vgg import Vgg19, feature_step_px, reach_px
from tiny import picture

CPU = Hardware(torch.device("cpu"), torch.float32)
SIZE = (90, 75)
SHALLOW = {"style_layers": {"relu1_1": 1.0, "relu3_1": 2.0}, "content_layers": {"relu2_2": 1.0}}
FACE = np.zeros((75, 90), np.uint8)
FACE[20:60, 30:70] = 255


@pytest.fixture(scope="module")
def vgg() -> Vgg19:
    return Vgg19(CPU)


def halves(width: int, height: int) -> NDArray[np.float32]:
    left = np.zeros((height, width), np.float32)
    left[:, : width // 2] = 1
    return np.stack([left, 1 - left])


def objective(
    vgg: Vgg19,
    parts: list[Part],
    guides: NDArray[np.float32] | None,
    size: tuple[int, int] = SIZE,
    faces: NDArray[np.uint8] | None = None,
    **options: Any,
) -> Objective:
    photo = picture(*size, 1)
    return Objective(vgg, photo, parts, guides, size, size, PaintOptions(**options), faces)


ONE = [Part([picture(90, 80, 2), picture(60, 70, 3)], [0.25, 0.75])]
TWO = [Part([picture(90, 80, 2)], [1.0]), Part([picture(60, 70, 3)], [1.0])]


@pytest.mark.parametrize("losses", ["scale-free", "paper"])
@pytest.mark.parametrize("guided", [False, True])
def test_tiles_add_up_to_the_whole(vgg: Vgg19, losses: str, guided: bool) -> None:
    parts, guides = (TWO, halves(*SIZE)) if guided else (ONE, None)
    at = to_tensor(picture(*SIZE, 4))
    options: dict[str, Any] = {
        "losses": losses,
        "self_similarity_weight": 0.0,
        "face_weight": 2.0,
        **SHALLOW,
    }
    whole = objective(vgg, parts, guides, faces=FACE, **options)
    tiled = objective(vgg, parts, guides, faces=FACE, tile_px=32, **options)
    assert (len(whole._tiles), len(tiled._tiles)) == (1, 9)
    value, gradient = whole(at)
    same_value, same_gradient = tiled(at)
    assert same_value == pytest.approx(value, rel=1e-4)
    for name, loss in whole.losses.items():
        assert tiled.losses[name] == pytest.approx(loss, rel=1e-4)
    assert (same_gradient - gradient).abs().max() < 1e-3 * gradient.abs().max()


def test_self_similarity_in_tiles(vgg: Vgg19, monkeypatch: pytest.MonkeyPatch) -> None:
    """At relu3_1 alone: tiles whose layers see far are larger than a quick test."""
    monkeypatch.setattr(losses_of_pictures, "SELF_SIMILARITY_LAYERS", ("relu3_1",))
    at = to_tensor(picture(*SIZE, 4))
    options: dict[str, Any] = {"self_similarity_weight": 5.0, "face_weight": 1.0, **SHALLOW}
    whole = objective(vgg, ONE, None, faces=FACE, **options)
    tiled = objective(vgg, ONE, None, faces=FACE, tile_px=32, **options)
    assert (len(whole._tiles), len(tiled._tiles)) == (1, 9)
    (value, gradient), (same_value, same_gradient) = whole(at), tiled(at)
    assert whole.losses["self-similarity"] > 0.05
    assert same_value == pytest.approx(value, rel=1e-4)
    assert (same_gradient - gradient).abs().max() < 1e-3 * gradient.abs().max()


def test_the_photo_itself_resembles_itself(vgg: Vgg19) -> None:
    judge = objective(vgg, ONE, None, faces=FACE)
    judge(to_tensor(picture(*SIZE, 1)))
    assert judge.losses["content"] == 0
    assert judge.losses["self-similarity"] == pytest.approx(0, abs=1e-5)


def test_faces_count_for_more(vgg: Vgg19) -> None:
    """A change in a face costs more by its weight; elsewhere, it costs what it did."""
    options: dict[str, Any] = {
        "style_weight": 0.0,
        "tv_weight": 0.0,
        "self_similarity_weight": 0.0,
        **SHALLOW,
    }
    photo = to_tensor(picture(*SIZE, 1))
    costs = {}
    for place, columns in {"face": slice(44, 56), "corner": slice(0, 12)}.items():
        at = photo.clone()
        at[..., 34:46, columns] = 0.5
        for weight in (0.0, 2.0):
            judge = objective(vgg, ONE, None, faces=FACE, face_weight=weight, **options)
            costs[place, weight] = judge(at)[0]
    assert costs["face", 2.0] == pytest.approx(3 * costs["face", 0.0], rel=1e-4)
    assert costs["corner", 2.0] == pytest.approx(costs["corner", 0.0], rel=1e-4)


def test_a_guide_of_ones_is_none(vgg: Vgg19) -> None:
    size, at = (96, 80), to_tensor(picture(96, 80, 4))
    plain = objective(vgg, ONE, None, size)
    guided = objective(vgg, ONE, np.ones((1, 80, 96), np.float32), size)
    assert guided(at)[0] == pytest.approx(plain(at)[0], rel=1e-5)
    np.testing.assert_allclose(guided(at)[1], plain(at)[1], atol=1e-6)


def test_regions_have_styles_of_their_own(vgg: Vgg19) -> None:
    """Each painting on its side is nearly free; on the other side it costs."""
    one, other = picture(96, 96, 2), 255 - picture(96, 96, 3)
    size = (192, 96)
    options: dict[str, Any] = {
        "content_weight": 0.0,
        "tv_weight": 0.0,
        "self_similarity_weight": 0.0,
    }
    judge = objective(
        vgg, [Part([one], [1.0]), Part([other], [1.0])], halves(*size), size, **options
    )
    right = judge(to_tensor(np.concatenate([one, other], axis=1)))[0]
    wrong = judge(to_tensor(np.concatenate([other, one], axis=1)))[0]
    assert right < 0.2 * wrong


def test_a_region_counts_by_its_size(vgg: Vgg19) -> None:
    """Of which a picture in two equal halves of one style has none to notice."""
    size, at = (96, 80), to_tensor(picture(96, 80, 4))
    part = Part([picture(90, 80, 2)], [1.0])
    uneven = np.stack([np.full((80, 96), share, np.float32) for share in (0.9, 0.1)])
    twice = objective(vgg, [part, part], uneven, size)
    once = objective(vgg, [part], None, size)
    assert twice(at)[0] == pytest.approx(once(at)[0], rel=1e-4)


def test_an_empty_region_is_nothing(vgg: Vgg19) -> None:
    guides = halves(96, 80)
    guides[0], guides[1] = 0, 1
    at = to_tensor(picture(96, 80, 4))
    value = objective(vgg, TWO, guides, (96, 80))(at)[0]
    assert value == pytest.approx(objective(vgg, TWO[1:], None, (96, 80))(at)[0], rel=1e-5)


def test_how_far_layers_see() -> None:
    assert reach_px(["relu1_1"]) == 1
    assert reach_px(["relu1_2"]) == 2
    assert reach_px(["relu2_1"]) == 2 + 1 + 2
    assert reach_px(["relu1_1", "relu2_1"]) == 5
    assert [feature_step_px(f"relu{block}_1") for block in range(1, 6)] == [1, 2, 4, 8, 16]


def test_reach_is_enough(vgg: Vgg19) -> None:
    """A pixel beyond it changes no feature."""
    photo = torch.rand(1, 3, 16, 256)
    changed = photo.clone()
    step, reach = feature_step_px("relu4_2"), reach_px(["relu4_2"])
    changed[..., 128 + reach + step :] = 0
    before, after = (vgg(each, ["relu4_2"])["relu4_2"] for each in (photo, changed))
    assert (before[..., 128 // step] == after[..., 128 // step]).all()
    assert (before[..., 128 // step + 8] != after[..., 128 // step + 8]).any()
