from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.live.number_entry import PAUSE_S, NumberEntry


def typed(largest: int, *presses: tuple[float, str]) -> list[tuple[int, float]]:
    """The numbers that count, and when: digits at their times, looked at ten times a second."""
    entry, numbers = NumberEntry(largest), []
    pressed = dict(presses)
    for tenth in range(60):
        now_s = tenth / 10
        for number in (
            entry.after(now_s),
            entry.press(pressed[now_s], now_s) if now_s in pressed else None,
        ):
            if number is not None:
                numbers.append((number, now_s))
    return numbers


@pytest.mark.parametrize(
    ("presses", "numbers"),
    [
        ([(0.0, "1"), (0.5, "7")], [(17, 0.5)]),  # at once: no third digit could follow
        ([(0.0, "1")], [(1, 0.7)]),
        ([(0.0, "3")], [(3, 0.0)]),  # there is no style 30
        ([(0.0, "2"), (0.2, "4")], [(24, 0.2)]),
        ([(0.0, "2"), (0.2, "5")], [(5, 0.2)]),  # 25 is too large: 5 begins anew
        ([(0.0, "2"), (0.2, "1"), (0.4, "1")], [(21, 0.2), (1, 1.1)]),
        ([(0.0, "1"), (0.8, "7")], [(1, 0.7), (7, 0.8)]),  # too late to be one number
        ([(0.0, "0"), (0.3, "7")], [(7, 0.3)]),
        ([(0.0, "0")], []),
        ([(0.0, "0"), (0.1, "0")], []),
    ],
)
def test_of_24_styles(presses: list[tuple[float, str]], numbers: list[tuple[int, float]]) -> None:
    assert typed(24, *presses) == numbers


def test_up_to_nine_styles_count_at_once() -> None:
    assert typed(9, (0.0, "1"), (0.1, "9"), (0.2, "0")) == [(1, 0.0), (9, 0.1)]
    assert typed(3, (0.0, "4"), (0.1, "2")) == [(2, 0.1)]


def test_three_digits() -> None:
    presses = [(0.0, "1"), (0.5, "2"), (1.0, "0")]
    assert typed(120, *presses) == [(120, 1.0)]
    assert typed(120, *presses[:2]) == [(12, 1.2)]
    assert typed(119, *presses) == [(12, 0.5)]


def test_another_key_does_not_wait() -> None:
    entry = NumberEntry(24)
    assert entry.press("1", 0) is None
    assert entry.typed == "1"
    assert entry.finish() == 1
    assert (entry.typed, entry.finish(), entry.after(PAUSE_S)) == ("", None, None)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_every_number_can_be_typed(numbers: Any) -> None:
    largest, wanted = numbers
    entry = NumberEntry(largest)
    counted = [entry.press(digit, 0) for digit in str(wanted)]
    assert counted[:-1] == [None] * (len(counted) - 1)
    assert wanted in (counted[-1], entry.after(PAUSE_S))
