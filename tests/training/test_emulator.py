"""A small network in the place of trunk and VGG-19."""

import pytest
import torch

from impasto.perceptual.losses import gram_matrix, style_loss
from impasto.perceptual.picture_losses import STYLE_LAYERS
from impasto.training import emulator as emulator_module
from impasto.training.emulator import (
    CHANNELS,
    SKETCH,
    Emulator,
    GramSketch,
    fit_emulator,
)

PHOTOS = 3


def features(seed, count=2):
    random = torch.Generator().manual_seed(seed)
    return {
        layer: torch.rand(count, channels, 5, 6, generator=random)
        * torch.rand(count, channels, 1, 1, generator=random)
        for layer, channels in CHANNELS.items()
    }


def test_distances_of_sketches_are_those_of_gram_matrices():
    """Squared distances over 512 products have a deviation of some 9 %; three are allowed."""
    one, other = features(0), features(1)
    sketch = GramSketch(torch.device("cpu"))
    between = (sketch(one) - sketch(other)).square().sum(dim=2)
    for number, layer in enumerate(STYLE_LAYERS):
        exact = (gram_matrix(one[layer]) - gram_matrix(other[layer])).square().sum(dim=(1, 2))
        assert between[:, number] == pytest.approx(exact, rel=0.3)


def test_sketches_are_mean_products_of_random_combinations():
    picture = features(0)
    rows = picture["relu1_1"].double().flatten(2).transpose(1, 2)
    random = torch.Generator().manual_seed(0)
    first, second = (torch.randn(64, SKETCH, generator=random).sign().double() for _ in range(2))
    by_hand = ((rows @ first) * (rows @ second)).mean(dim=1) / SKETCH**0.5
    sketch = GramSketch(torch.device("cpu"))(picture)[:, 0].double()
    assert sketch.numpy() == pytest.approx(by_hand.numpy(), abs=1e-4)


def test_sketches_are_the_same_every_time():
    sketches = [GramSketch(torch.device("cpu"))(features(0)) for _ in range(2)]
    assert torch.equal(*sketches)
    assert sketches[0].shape == (2, len(STYLE_LAYERS), SKETCH)


def test_it_learns_what_codes_lead_to(monkeypatch, samples_of):
    monkeypatch.setattr(emulator_module, "FIT_STEPS", 300)
    monkeypatch.setattr(emulator_module, "HIDDEN", 256)
    seen = samples_of(600)
    emulator, error = fit_emulator(seen)
    fresh = samples_of(50, seed=5)
    mean = fresh.painted.mean(dim=0, keepdim=True).expand_as(fresh.painted)
    unlearned = style_by_hand(mean, fresh.painted).mean().item()
    assert error < 0.1 * unlearned
    content, style = emulator.losses(fresh.codes, fresh.photos, fresh.painted, 0)
    assert style.mean().item() < 0.15 * unlearned
    usual = torch.stack([seen.contents[seen.photos == photo].mean() for photo in range(PHOTOS)])
    expected = fresh.contents.maximum(usual[fresh.photos])
    assert (content - expected).abs().mean() < 0.03  # they are 0.4 to 0.8
    assert (content >= usual[fresh.photos] - 1e-6).all()
    # And away from the right painting it is as far as the losses say.
    _, far = emulator.losses(fresh.codes, fresh.photos, fresh.wanted, 1)
    exact = style_by_hand(fresh.painted, fresh.wanted)
    assert torch.corrcoef(torch.stack([far, exact]))[0, 1] > 0.9


def test_a_few_flat_pictures_do_not_spoil_the_other_guesses(monkeypatch, samples_of):
    """Relative to them, a guess that takes them for one of the others is wrong by a hundred."""
    monkeypatch.setattr(emulator_module, "FIT_STEPS", 300)
    monkeypatch.setattr(emulator_module, "HIDDEN", 256)
    seen = samples_of(600)
    seen.painted[::10] *= 0.05
    emulator, _ = fit_emulator(seen)
    fresh = samples_of(50, seed=5)
    mean = fresh.painted.mean(dim=0, keepdim=True).expand_as(fresh.painted)
    unlearned = style_by_hand(mean, fresh.painted).mean().item()
    _, style = emulator.losses(fresh.codes, fresh.photos, fresh.painted, 0)
    assert style.mean().item() < 0.25 * unlearned


def style_by_hand(painted, wanted):
    """Mean over layers of |G - A|^2 / |A|^2, as `losses.style_loss` has it of matrices."""
    layers = [
        style_loss(painted[:, layer, None], wanted[:, layer, None])
        for layer in range(len(STYLE_LAYERS))
    ]
    return torch.stack(layers).mean(dim=0)


def test_what_components_leave_out_of_a_painting_counts(samples_of):
    """An emulator that guesses nothing is as far from any painting as a blank picture: 1."""
    emulator = Emulator(samples_of(80))
    with torch.no_grad():
        for parameter in emulator.parameters():
            parameter.zero_()
    strange = samples_of(4, seed=3)
    noise = torch.randn(strange.wanted.shape, generator=torch.Generator().manual_seed(1))
    _, style = emulator.losses(strange.codes, strange.photos, 4 * noise, 0)
    torch.testing.assert_close(style.detach(), torch.ones(4))


def test_codes_beyond_the_samples_are_strange(samples_of):
    samples = samples_of(80)
    emulator = Emulator(samples)
    assert emulator.strangeness(samples.codes.mean(dim=0, keepdim=True)).item() == 0
    away = samples.codes.mean(dim=0) + 5 * samples.codes.std(dim=0)
    assert emulator.strangeness(away[None]).item() == pytest.approx(4, rel=1e-3)  # (5 - 3)^2
