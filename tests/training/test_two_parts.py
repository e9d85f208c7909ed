from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import impasto
from impasto.engines import open_engine
from impasto.errors import OptionError
from impasto.images import Picture, write_image
from impasto.perceptual.hardware import choose_hardware
from impasto.perceptual.tensors import to_tensor
from impasto.styles import Style, StyleCard
from impasto.training.options import TrainingOptions
from impasto.training.paintings import Painting
from impasto.training.photos import PhotoFolder
from impasto.training.run import TrainingRun
from impasto.training.style_network import StyleNetwork
from impasto.training.train_fine import learn_fine, steps_within, train_fine
from impasto.training.two_parts import (
    DraftTrainer,
    PartWeights,
    RevisionTrainer,
    border_difference,
    calibrate,
    detail_around,
    doubled,
    halved,
    mixed_rows,
    same_places,
    starting_parts,
    two_part_changes,
    two_part_trunk,
    two_part_vectors,
)
from tiny import TINY_DRAFT, TINY_REVISION, in_run, picture

PHOTOS = torch.cat([to_tensor(picture(64, 64, seed)) for seed in range(3)])
WEIGHTS = (
    PartWeights(sizes_px=(32, 16), style=(2, 8), similarity=(4, 1)),
    PartWeights(sizes_px=(64, 32), content_at=1, style=(2, 8), similarity=(4, 1)),
)


def networks(seed: int = 0) -> tuple[StyleNetwork, StyleNetwork]:
    torch.manual_seed(seed)
    draft, revision = StyleNetwork(TINY_DRAFT, 2), StyleNetwork(TINY_REVISION, 2)
    with torch.no_grad():
        for network in (draft, revision):
            network.styles.add_(torch.rand_like(network.styles) / 2)
    return draft, revision


def test_weights_go_from_subtle_to_bold_by_even_factors() -> None:
    style, similarity = WEIGHTS[0].at(torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(style, torch.tensor([2.0, 4.0, 8.0]))
    torch.testing.assert_close(similarity, torch.tensor([4.0, 2.0, 1.0]))


def test_rows_are_mixed_within_their_style() -> None:
    rows = torch.tensor([[0.0], [1.0], [10.0], [20.0]])
    mixed = mixed_rows(rows, torch.tensor([1, 0]), torch.tensor([0.5, 0.25]))
    assert mixed.tolist() == [[15.0], [0.25]]


def test_calibrated_features_have_mean_0_and_deviation_1() -> None:
    _, revision = networks()
    seen, enlarged = PHOTOS, doubled(halved(PHOTOS))
    calibrate(revision, seen, enlarged)
    measured = revision.measure(seen, revision.styles[:1], enlarged)
    for name, (first, second) in revision.style_slices.items():
        mean, variance = measured[name]
        scale, shift = revision.styles[0, first], revision.styles[0, second]
        torch.testing.assert_close(mean * scale + shift, torch.zeros_like(mean), atol=1e-4, rtol=0)
        deviation = 0.5 if name == "body1b" else 1.0
        spread = (variance.sqrt() * scale).detach()
        torch.testing.assert_close(spread, torch.full_like(spread, deviation), atol=1e-3, rtol=0)


def test_an_engine_revises_as_torch_does() -> None:
    draft, revision = networks()
    trunk = two_part_trunk(draft, revision)
    vector = two_part_vectors(draft, revision, PHOTOS)[0]
    photo, painting = picture(64, 64, 5), picture(64, 64, 6)
    _, own, statistics = trunk.at_effect(vector, 1.0)
    assert trunk.revision
    with torch.no_grad():
        torchs = revision(to_tensor(photo), torch.from_numpy(own)[None], to_tensor(painting))
    with open_engine(trunk.revision.bake(own, statistics), engine="opencv") as engine:
        engines = engine.revise(photo, painting)
    wanted = torchs[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255
    assert np.abs(engines - wanted).max() <= 1.5  # weights in float16, and a rounding


@pytest.fixture
def run(tmp_path: Path) -> dict[str, Any]:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        write_image(photos / f"{number}.png", Picture(picture(96, 80, number)))
    paintings = {}
    for number, name in enumerate(("ann", "bob")):
        path = tmp_path / f"{name}.png"
        write_image(path, Picture(picture(90, 70, 10 + number)))
        paintings[name] = Painting(path, StyleCard(title=name))
    return {
        "paintings": paintings,
        "photos": photos,
        "options": TrainingOptions(steps=4, photos_per_step=2, learning_rate=1e-3),
        "specs": (TINY_DRAFT, TINY_REVISION),
        "weights": WEIGHTS,
        "hardware": choose_hardware("cpu", "f32"),
    }


def vector(style: Style) -> np.ndarray:
    return style.vector


def test_a_run_makes_a_gallery_that_paints(run: dict[str, Any], tmp_path: Path) -> None:
    gallery = in_run(train_fine, folder=tmp_path / "run", **run)
    assert gallery.names == ("ann", "bob")
    assert gallery.load_style("ann").card.title == "ann"
    with impasto.Stylizer("ann", gallery=gallery, quality="fine") as stylizer:
        assert stylizer(picture(300, 200)).shape == (200, 300, 3)
    assert list((tmp_path / "run" / "revision").glob("preview-*.jpg"))


def test_a_run_that_was_stopped_goes_on_to_the_same_end(
    run: dict[str, Any], tmp_path: Path
) -> None:
    whole = in_run(train_fine, folder=tmp_path / "whole", **run)
    events = 0

    def stop(_: object) -> None:
        nonlocal events
        events += 1
        if events == 5:  # in the first step of the revision
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_run(train_fine, folder=tmp_path / "parts", progress=stop, **run)
    parts = in_run(train_fine, folder=tmp_path / "parts", resume=True, **run)
    for name in whole.names:
        np.testing.assert_array_equal(
            vector(whole.load_style(name)), vector(parts.load_style(name))
        )


def test_a_run_goes_on_from_a_gallery_with_other_styles(
    run: dict[str, Any], tmp_path: Path
) -> None:
    first = in_run(train_fine, folder=tmp_path / "first", **run)
    names = ["bob", "new"]
    draft, revision = starting_parts((TINY_DRAFT, TINY_REVISION), names, first, seed=0)
    vectors = [first.load_style(name).vector for name in first.names]
    mean = np.mean(vectors, axis=0)
    for row, (known, effect) in enumerate([(vectors[1], 0), (vectors[1], 1), (mean, 0), (mean, 1)]):
        own, other, _ = first.trunk.at_effect(known, effect)
        np.testing.assert_array_equal(draft.styles[row].detach().numpy(), own)
        np.testing.assert_array_equal(revision.styles[row].detach().numpy(), other)
    again = starting_parts((TINY_DRAFT, TINY_REVISION), ["bob"], first, seed=0)
    for name, array in two_part_trunk(*again).weights.items():
        np.testing.assert_allclose(array, first.trunk.weights[name], atol=1e-3)
    with pytest.raises(OptionError, match="holds other networks"):
        starting_parts((TINY_REVISION, TINY_DRAFT), ["bob"], first, seed=0)


def test_a_close_up_is_a_part_of_a_larger_picture(run: dict[str, Any]) -> None:
    draft, revision = networks()
    photos = PhotoFolder(run["photos"], 0, print)
    seen = {size: [to_tensor(picture(size + 20, size))] for size in (128, 64, 32)}
    options = TrainingOptions(steps=4, photos_per_step=1)
    hardware = choose_hardware("cpu", "f32")
    trainer = RevisionTrainer(draft, revision, False, seen, photos, WEIGHTS[1], options, hardware)
    sizes = []
    for _ in range(4):
        sizes.append(trainer.sizes_px)
        figures = trainer.step()
    assert sizes == [(64, 32)] * 3 + [(128, 64)]
    assert set(figures) == {"style 128", "style 64", "content", "similarity", "features"}


def test_a_part_painted_alone_is_compared_near_its_border() -> None:
    photos = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    def brighter_top(seen: torch.Tensor) -> torch.Tensor:
        painted = seen.clone()
        painted[:, :, 0] += 1
        return painted

    assert border_difference(torch.clone, photos, (4, 8, 24)) == 0
    # Of 24 x 24 px, 24 differ by 1 in the rim of 6 px, which has 24^2 - 12^2.
    assert border_difference(brighter_top, photos, (4, 8, 24)).item() == pytest.approx(24 / 432)
    assert border_difference(brighter_top, photos, (4, 0, 24)) == 0  # the photo's own border


def draft_trainer(folder: Path) -> DraftTrainer:
    draft, _ = networks()
    photos = PhotoFolder(folder, 0, print)
    seen = {size: [to_tensor(picture(size + 20, size))] for size in (32, 16)}
    options = TrainingOptions(steps=5, photos_per_step=1)
    return DraftTrainer(draft, seen, photos, WEIGHTS[0], options, choose_hardware("cpu", "f32"))


def test_a_draft_learns_to_paint_without_a_frame(run: dict[str, Any]) -> None:
    trainer = draft_trainer(run["photos"])
    steps = ["border" in trainer.step() for _ in range(5)]
    assert steps == [True, False, True, False, True]


def test_features_are_compared_at_the_same_places() -> None:
    own = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
    for mine, wanted in same_places(
        own, own + 1, torch.ones(2, 1, 8, 10), np.random.default_rng(0)
    ):
        torch.testing.assert_close(mine + 1, wanted)
        assert mine.shape == (20, 3)


def test_features_are_compared_where_there_is_detail() -> None:
    own = torch.arange(40 * 40, dtype=torch.float32).reshape(1, 1, 40, 40)
    detail = torch.full((1, 1, 40, 40), 1e-9)
    detail[..., :10] = 1
    [(mine, _)] = same_places(own, own, detail, np.random.default_rng(0))
    assert mine.shape == (384, 1)  # there are 400
    assert (mine % 40 < 10).all()
    detail[..., 2:10] = 1e-9
    [(mine, _)] = same_places(own, own, detail, np.random.default_rng(0))
    assert mine.shape == (80, 1)


def test_plain_ground_has_no_detail_and_edges_have() -> None:
    photos = torch.zeros(2, 3, 64, 64)
    photos[1, ..., 32:] = 1
    plain, edged = detail_around(photos)
    assert (plain == 1e-3).all()
    # A slope of 1 in one of the 17 columns around: 1 / 17 against 0.03.
    edge = (1 / 17**2) / (1 / 17**2 + 0.03**2)
    expected = torch.full((64,), 1e-3)
    expected[31 - 8 : 31 + 9] = edge
    torch.testing.assert_close(edged, expected.expand(1, 64, 64))


def test_content_says_nothing_of_plain_ground(run: dict[str, Any]) -> None:
    """A photo of noise beside plain ground: what becomes of the ground is free."""
    trainer = draft_trainer(run["photos"])
    noise = to_tensor(picture(32, 32))
    photo = torch.full((1, 3, 32, 96), 0.5)
    photo[..., :32] = noise
    losses = []
    for changed in (slice(64, 96), slice(0, 32)):
        other = photo.clone()
        other[..., changed] = noise.flip(2, 3)
        own, random = trainer._features(other), np.random.default_rng(0)
        losses.append(trainer._content_losses(own, photo, random)["content"].item())
    plain, detailed = losses
    assert plain < detailed / 10


def test_a_style_is_learned_for_networks_that_stay_as_they_are(
    run: dict[str, Any], tmp_path: Path
) -> None:
    gallery = in_run(train_fine, folder=tmp_path / "run", **run)
    painting = tmp_path / "Cow.png"
    write_image(painting, Picture(picture(90, 70, 20)))
    events: list[object] = []
    hardware = choose_hardware("cpu", "f32")
    style = learn_fine(
        Painting(painting, StyleCard(painting=painting.name)),
        TrainingRun(tmp_path / "learned", hardware=hardware, progress=events.append),
        photos=tmp_path / "photos",
        name="cow",
        minutes=0.02,
        gallery=gallery,
        options=TrainingOptions(photos_per_step=1, learning_rate=1e-3),
        weights=WEIGHTS,
    )
    assert (style.name, style.trunk) == ("cow", gallery.trunk.fingerprint)
    assert style.card.painting == "Cow.png"
    assert style.thumbnail
    vectors = [gallery.load_style(name).vector for name in gallery.names]
    assert (style.vector != np.mean(vectors, axis=0)).any()
    assert len(events) >= 2  # a step of each part
    layers = [each.name for each in TINY_DRAFT.convs()]
    layers += [f"revision.{each.name}" for each in TINY_REVISION.convs()]
    assert list(style.kernels) == layers
    with impasto.Stylizer(style, gallery=gallery, quality="fine") as stylizer:
        assert stylizer(picture(300, 200)).shape == (200, 300, 3)


def test_styles_go_on_alone_from_a_gallery_that_stays(run: dict[str, Any], tmp_path: Path) -> None:
    first = in_run(train_fine, folder=tmp_path / "first", **run)
    alone = {"start": first, "style_minutes": 0.01, "styles_only": True}
    second = in_run(train_fine, folder=tmp_path / "second", **run, **alone)
    assert second.trunk.fingerprint == first.trunk.fingerprint
    assert second.names == first.names
    for name in first.names:
        assert not first.load_style(name).kernels
        assert second.load_style(name).kernels
    resumed = in_run(train_fine, folder=tmp_path / "second", resume=True, **run, **alone)
    for name in first.names:
        np.testing.assert_array_equal(
            vector(resumed.load_style(name)), vector(second.load_style(name))
        )


def test_a_style_that_adds_to_kernels_is_baked_as_it_was_trained() -> None:
    draft, revision = networks()
    trunk = two_part_trunk(draft, revision)
    for network in (draft, revision):
        network.adapt(2, {})
        assert [name for name, each in network.convs.named_parameters() if each.requires_grad]
        with torch.no_grad():
            for each in network.added_parameters():
                each.copy_(torch.randn_like(each) / 3)
    assert not draft.convs["paint"].get_parameter("bias").requires_grad
    adapted = trunk.adapted(two_part_changes(draft, revision))
    assert adapted.revision
    for changed, network in ((adapted, draft), (adapted.revision, revision)):
        for name, array in network.weights().items():
            np.testing.assert_allclose(changed.weights[name], array, atol=4e-3)  # float16
    again, _ = networks()
    again.adapt(5, draft.kernel_changes())  # goes on from what was learned, of rank 2
    for name, array in again.weights().items():
        np.testing.assert_allclose(array, draft.weights()[name], atol=4e-3)


def test_trial_steps_leave_no_trace(run: dict[str, Any]) -> None:
    draft, _ = networks()
    photos = PhotoFolder(run["photos"], 0, print)
    seen = {size: [to_tensor(picture(size + 20, size))] for size in (32, 16)}
    hardware = choose_hardware("cpu", "f32")
    trainer = DraftTrainer(draft, seen, photos, WEIGHTS[0], TrainingOptions(steps=4), hardware)
    before = trainer.state()["network"]["styles"].clone()
    assert steps_within(trainer, 0.0) == 1
    assert steps_within(trainer, 60.0) > 3
    assert trainer.next_step == 0
    torch.testing.assert_close(trainer.state()["network"]["styles"], before)
