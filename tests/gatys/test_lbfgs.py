from collections.abc import Callable
from typing import Any

import torch

from impasto.gatys.lbfgs import minimise


def quadratic(target: torch.Tensor, stretch: torch.Tensor) -> Callable[..., Any]:
    """``sum stretch (x - target)^2``."""

    def objective(x: Any) -> Any:
        difference = x - target
        return (stretch * difference.square()).sum().item(), 2 * stretch * difference

    return objective


def test_it_finds_the_minimum_of_an_ill_conditioned_bowl() -> None:
    target = torch.linspace(0.2, 0.8, 50)
    stretch = torch.logspace(-1, 2, 50)
    points = list(minimise(quadratic(target, stretch), torch.full((50,), 0.5), steps=150))
    assert torch.allclose(points[-1].position, target, atol=1e-3)


def test_values_fall() -> None:
    values = [
        point.value
        for point in minimise(
            quadratic(torch.rand(20), torch.logspace(-1, 1, 20)), torch.rand(20), steps=30
        )
    ]
    assert values == sorted(values, reverse=True)


def test_it_stays_in_the_box_and_finds_the_best_point_of_it() -> None:
    target = torch.tensor([-0.5, 0.5, 1.5])
    points = list(minimise(quadratic(target, torch.ones(3)), torch.full((3,), 0.3), steps=30))
    assert all(p.position.min() >= 0 and p.position.max() <= 1 for p in points)
    assert torch.allclose(points[-1].position, torch.tensor([0.0, 0.5, 1.0]), atol=1e-4)


def test_it_stops_at_the_minimum() -> None:
    target = torch.full((4,), 0.5)
    assert list(minimise(quadratic(target, torch.ones(4)), target, steps=10)) == []


def test_one_evaluation_a_step_when_all_goes_well() -> None:
    calls = []
    objective = quadratic(torch.linspace(0.2, 0.8, 50), torch.logspace(-1, 1, 50))

    def counted(x: Any) -> Any:
        calls.append(1)
        return objective(x)

    points = list(minimise(counted, torch.full((50,), 0.5), steps=20))
    assert len(calls) <= len(points) + 5


def test_noise_within_the_tolerance_does_not_stop_it() -> None:
    generator = torch.Generator().manual_seed(0)
    exact = quadratic(torch.linspace(0.2, 0.8, 50), torch.ones(50))

    def noisy(x: Any) -> Any:
        value, gradient = exact(x)
        jitter = torch.randn(51, generator=generator)
        return value * (1 + 1e-3 * jitter[0].item()), gradient * (1 + 1e-2 * jitter[1:])

    points = list(minimise(noisy, torch.full((50,), 0.5), steps=40, tolerance=5e-3))
    assert exact(points[-1].position)[0] < 1e-3
