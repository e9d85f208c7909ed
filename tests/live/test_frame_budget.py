from typing import Any

import pytest

from impasto.live.frame_budget import SETTLE_FRAMES, SHARES, FrameBudget


def paint(budget: FrameBudget, whole_s: float, frames: Any) -> None:
    """Frames that take ``whole_s`` at full size, and in proportion to their area."""
    for _ in range(frames):
        budget.add(whole_s * budget.share**2)


def test_fast_enough_as_it_is() -> None:
    budget = FrameBudget(30)
    paint(budget, 0.02, 100)
    assert budget.share == 1
    assert budget.size(641, 479) == (641, 479)


@pytest.mark.parametrize("whole_s", [0.05, 0.1, 0.3])
def test_it_settles_where_the_rate_holds(whole_s: float) -> None:
    budget = FrameBudget(30)
    paint(budget, whole_s, 200)
    level = SHARES.index(budget.share)
    assert whole_s * budget.share**2 <= 1 / 30
    assert whole_s * SHARES[level - 1] ** 2 > 0.8 / 30  # and no smaller than it must
    shares = set()
    for _ in range(100):
        paint(budget, whole_s, 1)
        shares.add(budget.share)
    assert len(shares) == 1


def test_a_slow_machine_is_not_kept_waiting_at_every_size() -> None:
    budget = FrameBudget(30)
    paint(budget, 0.2, SETTLE_FRAMES)
    assert budget.share == 0.4


def test_it_grows_again_when_the_machine_is_quiet() -> None:
    budget = FrameBudget(30)
    paint(budget, 0.2, 100)
    assert budget.share < 0.5
    paint(budget, 0.01, 200)
    assert budget.share == 1


def test_one_slow_frame_changes_nothing() -> None:
    budget = FrameBudget(30)
    paint(budget, 0.02, 20)
    budget.add(0.08)
    paint(budget, 0.02, SETTLE_FRAMES)
    assert budget.share == 1


def test_engines_compile_among_the_first_frames_of_a_size() -> None:
    """The fourth frame of each size takes two seconds more: sizes come to rest all the same."""
    budget = FrameBudget(30)
    in_a_row, last, shares = 0, None, []
    for frame in range(400):
        in_a_row = in_a_row + 1 if budget.share == last else 1
        last = budget.share
        whole_s = 0.2 if frame < 100 else 0.02  # the machine is busy at first
        budget.add(whole_s * budget.share**2 + (2 if in_a_row == 4 else 0))
        shares.append(budget.share)
    assert set(shares[:11]) == {1}
    assert min(shares) == shares[99] == 0.4
    assert set(shares[200:]) == {1}


def test_sizes_are_multiples_and_never_tiny() -> None:
    budget = FrameBudget(30)
    paint(budget, 10, 500)
    assert budget.share == SHARES[-1]
    assert budget.size(640, 480) == (160, 120)
    assert budget.size(1270, 714) == (320, 176)
    assert min(budget.size(200, 100)) >= 96
