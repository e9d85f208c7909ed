"""L-BFGS for pictures: limited memory, a box of allowed values, and losses that carry some noise.

Nocedal & Wright 2006, algorithms 7.4 (two-loop recursion) and 3.1 (backtracking). What differs from
`torch.optim.LBFGS`, and why:

- one evaluation an iteration unless a step fails: the step of length 1 nearly always succeeds, and
  an evaluation through VGG-19 is all that costs time;
- pixels stay within 0 and 1: steps are cut off at the box, and pixels that press against a wall are
  left out of the direction (projected gradient), so that nothing is lost by a final clipping;
- losses computed in bfloat16 jitter: the sufficient decrease has a tolerance, and a pair whose
  curvature is not positive is not remembered.

Positions, gradients, and all sums are in float32 whatever the losses are computed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

SUFFICIENT_DECREASE = 1e-4  # Nocedal & Wright, c1 in equation 3.4
SHRINK = 0.4
FIRST_STEP = 0.02  # mean change of a pixel, before the curvature is known
MOST_TRIES = 8


@dataclass(frozen=True)
class Point:
    """A picture, and what the objective says of it."""

    position: Tensor
    value: float
    gradient: Tensor


def minimise(
    objective: Callable[[Tensor], tuple[float, Tensor]],
    start: Tensor,
    *,
    steps: int,
    history: int = 20,
    tolerance: float = 0.0,
) -> Iterator[Point]:
    """Walk downhill; every accepted point is handed out.

    Args:
        objective: the value at a position, and its gradient.
        start: float32, within 0-1.
        steps: points to hand out, at most; fewer where no step leads down any more.
        history: pairs of differences that are remembered.
        tolerance: relative rise of the value that still counts as noise.
    """
    here = _evaluate(objective, start)
    pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
    for _ in range(steps):
        gradient = _project(here.gradient, here.position)
        if not gradient.any():
            return  # a minimum
        direction = _project(-_apply_inverse_hessian(gradient, pairs), here.position, -1)
        slope = _dot(gradient, direction)
        length = 1.0
        if not pairs or slope >= 0:  # nothing known, or misled: steepest descent
            pairs.clear()
            direction, slope = -gradient, -_dot(gradient, gradient)
            length = FIRST_STEP / max(gradient.abs().mean().item(), 1e-30)
        there = _search(objective, here, direction, slope, length, tolerance)
        if there is None:
            if not pairs:
                return  # not even along the gradient: a minimum, to the precision there is
            pairs.clear()
            continue
        moved, turned = there.position - here.position, there.gradient - here.gradient
        curvature = _dot(moved, turned)
        if curvature > 1e-10 * _dot(turned, turned):
            pairs.append((moved, turned, 1 / curvature))
        here = there
        yield here


def _evaluate(objective: Callable[[Tensor], tuple[float, Tensor]], position: Tensor) -> Point:
    value, gradient = objective(position)
    return Point(position, value, gradient)


def _search(
    objective: Callable[[Tensor], tuple[float, Tensor]],
    here: Point,
    direction: Tensor,
    slope: float,
    length: float,
    tolerance: float,
) -> Point | None:
    """Return the first of ever shorter steps that leads down enough."""
    for _ in range(MOST_TRIES):
        there = _evaluate(objective, (here.position + length * direction).clamp_(0, 1))
        bound = here.value + SUFFICIENT_DECREASE * length * slope + tolerance * abs(here.value)
        if there.value <= bound:
            return there
        length *= SHRINK
    return None


def _apply_inverse_hessian(gradient: Tensor, pairs: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Multiply a gradient by the inverse Hessian: two-loop recursion, Nocedal & Wright, algorithm
    7.4.
    """
    q = gradient.clone()
    alphas = []
    for moved, turned, rho in reversed(pairs):
        alpha = rho * _dot(moved, q)
        q.add_(turned, alpha=-alpha)
        alphas.append(alpha)
    if pairs:
        moved, turned, _ = pairs[-1]
        q.mul_(_dot(moved, turned) / _dot(turned, turned))  # equation 7.20
    for (moved, turned, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        beta = rho * _dot(turned, q)
        q.add_(moved, alpha=alpha - beta)
    return q


def _project(vector: Tensor, position: Tensor, sign: int = 1) -> Tensor:
    """Leave out pixels that following ``-sign * vector`` would push through the box's wall."""
    downhill = -sign * vector
    blocked = ((position <= 0) & (downhill < 0)) | ((position >= 1) & (downhill > 0))
    return vector.masked_fill(blocked, 0)


def _dot(first: Tensor, second: Tensor) -> float:
    return torch.dot(first.flatten(), second.flatten()).item()
