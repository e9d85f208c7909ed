from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.engines import open_engine
from impasto.images import Picture, write_image
from impasto.perceptual.hardware import choose_hardware
from impasto.perceptual.tensors import to_tensor
from impasto.styles import Style, StyleCard
from impasto.training.options import TrainingOptions
from impasto.training.paintings import Painting
from impasto.training.style_network import StyleNetwork
from impasto.training.train_fine import train_fine
from impasto.training.two_parts import (
    PartWeights,
    calibrate,
    doubled,
    halved,
    mixed_rows,
    two_part_trunk,
    two_part_vectors,
)
from tiny import TINY_DRAFT, TINY_REVISION, in_run, picture

PHOTOS = torch.cat([to_tensor(picture(64, 64, seed)) for seed in range(3)])
WEIGHTS = (
    PartWeights(sizes_px=(32, 16), style=(2, 8), similarity=(4, 1)),
    PartWeights(sizes_px=(64, 32), style=(2, 8), similarity=(4, 1)),
)


def networks(seed: int = 0) -> tuple[StyleNetwork, StyleNetwork]:
    torch.manual_seed(seed)
    draft, revision = StyleNetwork(TINY_DRAFT, 2), StyleNetwork(TINY_REVISION, 2)
    with torch.no_grad():
        for network in (draft, revision):
            network.styles += torch.rand_like(network.styles) / 2
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
def run(tmp_path: Path) -> dict[str, object]:
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
        "options": TrainingOptions(steps=3, photos_per_step=2, learning_rate=1e-3),
        "specs": (TINY_DRAFT, TINY_REVISION),
        "weights": WEIGHTS,
        "hardware": choose_hardware("cpu", "f32"),
    }


def vector(style: Style) -> np.ndarray:
    return style.vector


def test_a_run_makes_a_gallery_that_paints(run: dict[str, object], tmp_path: Path) -> None:
    import impasto

    gallery = in_run(train_fine, folder=tmp_path / "run", **run)  # type: ignore[arg-type]
    assert gallery.names == ("ann", "bob")
    assert gallery.load_style("ann").card.title == "ann"
    with impasto.Stylizer("ann", gallery=gallery, quality="fine") as stylizer:
        assert stylizer(picture(300, 200)).shape == (200, 300, 3)
    assert list((tmp_path / "run" / "revision").glob("preview-*.jpg"))


def test_a_run_that_was_stopped_goes_on_to_the_same_end(
    run: dict[str, object], tmp_path: Path
) -> None:
    whole = in_run(train_fine, folder=tmp_path / "whole", **run)  # type: ignore[arg-type]
    events = 0

    def stop(_: object) -> None:
        nonlocal events
        events += 1
        if events == 4:  # in the first step of the revision
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_run(train_fine, folder=tmp_path / "parts", progress=stop, **run)  # type: ignore[arg-type]
    parts = in_run(train_fine, folder=tmp_path / "parts", resume=True, **run)  # type: ignore[arg-type]
    for name in whole.names:
        np.testing.assert_array_equal(
            vector(whole.load_style(name)), vector(parts.load_style(name))
        )
