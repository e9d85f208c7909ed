"""Codes from exact Gram matrices."""

import pytest
import torch

from impasto.training import emulator as emulator_module
from impasto.training import gram_reader
from impasto.training.emulator import Emulator, fit_emulator
from impasto.training.gram_reader import GramReader, fit_reader


@pytest.fixture
def fitted(monkeypatch, samples_of):
    monkeypatch.setattr(emulator_module, "FIT_STEPS", 300)
    monkeypatch.setattr(emulator_module, "HIDDEN", 256)
    monkeypatch.setattr(gram_reader, "FIT_STEPS", 400)
    samples = samples_of(600)
    emulator, _ = fit_emulator(samples)
    return samples, emulator


def test_what_it_tells_is_painted_as_wanted(fitted, samples_of):
    """Its paintings are pictures of the samples, so that there is a right code for each."""
    samples, emulator = fitted
    steps = []
    reader = fit_reader(samples, emulator, on_step=lambda done, total: steps.append((done, total)))
    fresh = samples_of(80, seed=5)

    def style(codes):
        return emulator.losses(codes, fresh.photos, fresh.wanted, 0)[1].mean().item()

    usual = emulator.mean_code.expand_as(fresh.codes)
    right = fresh.codes.roll(1, dims=0)
    # What is left is mostly the photo's own part, which no code can change.
    assert style(reader(fresh.wanted)) < 0.4 * style(usual) + 0.6 * style(right)
    assert steps[-1] == (400, 400)


def test_it_is_the_same_every_time_and_learns_no_more(fitted):
    samples, emulator = fitted
    first, second = (fit_reader(samples, emulator, seed=3) for _ in range(2))
    assert torch.equal(first(samples.wanted), second(samples.wanted))
    assert not first.training
    assert not any(each.requires_grad for each in first.parameters())


def test_untrained_it_tells_usual_codes(samples_of):
    samples = samples_of(200)
    emulator = Emulator(samples)
    codes = GramReader(emulator, samples).eval()(samples.wanted)
    away = (codes - emulator.mean_code) / emulator.spread
    assert away.abs().mean() < 1
    blank = GramReader(emulator, samples).eval()(torch.zeros_like(samples.wanted[:2]))
    assert torch.isfinite(blank).all()
