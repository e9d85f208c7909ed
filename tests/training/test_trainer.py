import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch

from impasto.errors import OptionError, TrainingError
from impasto.images import grain_tile, read_image
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.picture_losses import PictureLosses, picture_losses
from impasto.perceptual.tensors import to_tensor
from impasto.training import trainer as module
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.trainer import CONTEXT_PX, Trainer
from tiny import TINY

CPU = Hardware(torch.device("cpu"), torch.float32)
OPTIONS = TrainingOptions(
    steps=20, crop_px=32, late_crop_px=48, photos_per_step=2, styles_per_photo=2, seed=3
)


@pytest.fixture
def trainer(photo_folder: Path, painting_files: dict[str, Path]) -> Trainer:
    paintings = [to_tensor(read_image(path).pixels) for path in painting_files.values()]
    photos = PhotoFolder(photo_folder, OPTIONS.seed, on_skip=lambda error: None)
    return Trainer(TINY, paintings, photos, OPTIONS, CPU)


def test_the_loss_falls(trainer: Trainer) -> None:
    losses = [trainer.step()["J"] for _ in range(20)]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])


def test_the_average_follows_the_network(trainer: Trainer) -> None:
    start = trainer.average_painter.styles.clone()
    for _ in range(3):
        trainer.step()
    assert not torch.equal(trainer.average_painter.styles, start)
    assert not torch.equal(trainer.average_painter.styles, trainer.network.styles)


def test_styles_are_painted_by_their_shares(trainer: Trainer) -> None:
    trainer.options = replace(OPTIONS, shares=(8.0, 1.0, 1.0))
    picks = []
    for trainer.next_step in range(300):
        picks += trainer.pick_styles(2, 1).tolist()
    counts = [picks.count(style) / len(picks) for style in range(3)]
    assert counts == pytest.approx([0.8, 0.1, 0.1], abs=0.06)
    assert sorted(trainer.pick_styles(1, 3).tolist()) == [0, 1, 2]  # never twice for one photo


def test_a_share_for_every_style(trainer: Trainer) -> None:
    options = replace(OPTIONS, shares=(1.0, 2.0))
    with pytest.raises(OptionError, match="2 shares for 1 styles"):
        Trainer(TINY, [torch.rand(1, 3, 40, 40)], trainer.photos, options, CPU)


def test_the_network_sees_grain_and_the_losses_do_not(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint, measure = Mock(wraps=trainer.network.forward), Mock(wraps=picture_losses)
    monkeypatch.setattr(trainer.network, "forward", paint)
    monkeypatch.setattr(module, "picture_losses", measure)
    shares, deviation = [], math.hypot(TINY.grain, TINY.coarse_grain)
    for _ in range(12):
        trainer.step()
        context = trainer.photos.crops(trainer.next_photo - 2, 2, 32 + 2 * CONTEXT_PX)
        noise = paint.call_args.args[0][::2] - context
        shares += (noise.std(dim=(1, 2, 3)) / deviation).tolist()
        assert measure.call_args.args[1].shape == (4, 3, 32, 32)
    assert min(shares) == 0  # now and then none at all
    assert 1.2 < max(shares) < 2.4


def test_grain_on_plain_ground_alone(trainer: Trainer) -> None:
    """Next to none where there is as much to see as can be."""
    spec = replace(TINY, grain=0.0, coarse_grain=0.0, plain_grain=0.1)
    photos = torch.full((1, 3, 64, 64), 0.5)
    photos[..., :32] = torch.arange(64)[:, None].add(torch.arange(32)) % 2
    shares = []
    for trainer.next_step in range(12):
        noise = trainer.with_grain(photos, 2, spec) - photos
        shares.append(noise[..., 40:].std().item() / 0.1)
        assert noise[..., :24].abs().max() < 0.001
    assert min(shares) == 0
    assert 1.2 < max(shares) < 3


def test_borders_are_compared_with_what_the_whole_photo_gives(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = Mock(wraps=trainer.network.forward)
    monkeypatch.setattr(trainer.network, "forward", paint)

    def sizes() -> list[int]:
        return [call.args[0].shape[-1] for call in paint.call_args_list]

    trainer.step()
    assert sizes() == [32, 32 + 2 * CONTEXT_PX]
    trainer.options = replace(OPTIONS, border_weight=0)
    trainer.step()
    assert sizes()[2:] == [32]


def test_painted_aside_a_crop_is_compared_in_place(trainer: Trainer) -> None:
    trainer.options = replace(OPTIONS, stability_weight=1)
    trainer.paint = lambda photos, vectors: photos  # what it is given tells where it is from
    context = trainer.photos.crops(0, 2, 32 + 2 * CONTEXT_PX)
    seen = context.repeat_interleave(2, dim=0)
    inside = seen[..., CONTEXT_PX:-CONTEXT_PX, CONTEXT_PX:-CONTEXT_PX]
    strongest = 2 * abs(grain_tile(TINY.grain, TINY.coarse_grain)).max()
    for trainer.next_step in range(4):
        again = trainer._paint_again(context, seen, trainer.network.styles[[0, 1, 0, 1]])
        assert 0 < (again - inside).abs().max() <= strongest


def test_stability_brings_calm(trainer: Trainer) -> None:
    """Noise moves the paintings of a network that was trained for it less than of one that was
    not.
    """
    moved = []
    for weight in (0, 200):
        again = Trainer(
            TINY,
            [torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(k)) for k in (0, 1)],
            trainer.photos,
            replace(OPTIONS, stability_weight=weight, learning_rate=0.003, steps=60),
            CPU,
        )
        for _ in range(60):
            again.step()
        photos = trainer.photos.crops(0, 2, 64)
        noise = 0.03 * torch.randn(photos.shape, generator=torch.Generator().manual_seed(2))
        with torch.no_grad():
            plain, noisy = (
                again.network(x, again.network.styles) for x in (photos, photos + noise)
            )
        moved.append((noisy - plain).square().mean().item())
    assert moved[1] < 0.8 * moved[0]


@pytest.mark.parametrize(
    ("option", "figure"),
    [("correlation_weight", "correlation"), ("local_correlation_weight", "local")],
)
def test_correlation_losses_are_told_and_count(
    option: str, figure: str, photo_folder: Path, painting_files: dict[str, Path]
) -> None:
    paintings = [to_tensor(read_image(path).pixels) for path in painting_files.values()]
    photos = PhotoFolder(photo_folder, OPTIONS.seed, on_skip=lambda error: None)
    change: dict[str, Any] = {option: 10}
    trainer = Trainer(TINY, paintings, photos, replace(OPTIONS, **change), CPU)
    for _ in range(6):  # what is flat does not repeat itself
        trainer.step()
    with_it, figures = trainer.losses(48, 2)
    trainer.options = OPTIONS
    without, other_figures = trainer.losses(48, 2)
    assert figures[figure] > 0.01
    assert figure not in other_figures
    assert (with_it - without).item() == pytest.approx(10 * figures[figure], rel=1e-4)


def test_a_loss_that_is_not_finite_goes_back_to_the_last_good_state(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.step()
    measure = picture_losses
    calls = []

    def fails_once(*arguments: Any, **how: Any) -> PictureLosses:
        calls.append(1)
        losses = measure(*arguments, **how)
        return losses._replace(content=losses.content * math.nan) if len(calls) == 2 else losses

    monkeypatch.setattr(module, "picture_losses", fails_once)
    trainer.step()
    assert (trainer.next_step, trainer.rate_factor) == (2, 1.0)
    trainer.step()  # fails, goes back to the start (no 50 steps yet), and tries again
    assert (trainer.next_step, trainer.next_photo, trainer.rate_factor) == (1, 2, 0.5)
    assert all(torch.isfinite(p).all() for p in trainer.network.parameters())


def test_after_resuming_it_falls_back_to_the_resumed_state(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        trainer.step()
    state = trainer._copy_state()
    trainer.step()
    trainer.load_state(state)
    monkeypatch.setattr(trainer, "_try_step", iter([None, "losses"]).__next__)
    trainer.step()
    assert (trainer.next_step, trainer.rate_factor) == (3, 0.5)


def test_it_gives_up_when_nothing_helps(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = torch.full((4,), math.nan, requires_grad=True)
    losses = PictureLosses(nothing, nothing, nothing, nothing)
    monkeypatch.setattr(module, "picture_losses", lambda *_, **__: losses)
    with pytest.raises(TrainingError, match="not finite"):
        trainer.step()


def test_schedule() -> None:
    options = TrainingOptions(steps=1000, learning_rate=1.0)
    assert options.rate_at(0) < 0.05
    assert options.rate_at(30) == pytest.approx(1.0, abs=0.01)
    assert options.rate_at(515) == pytest.approx(0.505, abs=0.01)
    assert options.rate_at(1000) == pytest.approx(0.01)
    assert all(options.rate_at(n) >= options.rate_at(n + 1) for n in range(30, 1000))


def test_crops_grow_late_at_about_the_same_cost() -> None:
    options = TrainingOptions(steps=100, photos_per_step=4, crop_px=256, late_crop_px=384)
    assert options.crop_at(69) == (256, 4)
    assert options.crop_at(70) == (384, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"learning_rate": math.nan},
        {"style_weight": -1},
        {"late_from": 2},
        {"crop_px": 15},
        {"shares": (1.0, 0.0)},
    ],
)
def test_impossible_options(change: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(change)).removesuffix("_px")):
        replace(OPTIONS, **change)
