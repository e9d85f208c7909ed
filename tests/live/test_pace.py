import pytest

from impasto.live.pace import Pace


def test_nothing_was_shown() -> None:
    pace = Pace(10)
    assert (pace.rate, pace.delay_s, pace.long_delay_s) == (0, 0, 0)


def test_one_frame_has_a_delay_but_no_rate() -> None:
    pace = Pace(10)
    pace.add(5.0, 5.25)
    assert (pace.rate, pace.delay_s, pace.long_delay_s) == (0, 0.25, 0.25)


def test_the_rate_is_the_average_so_that_a_pause_counts() -> None:
    pace = Pace(10)
    for shown_s in (0.0, 0.25, 0.5, 2.0):
        pace.add(shown_s - 0.125, shown_s)
    assert pace.rate == 1.5
    assert pace.delay_s == 0.125


def test_delays() -> None:
    pace = Pace(1000)
    for number in range(101):
        pace.add(0.0, float(number))
    assert pace.delay_s == 50
    assert pace.long_delay_s == pytest.approx(95)


def test_what_is_long_ago_does_not_count() -> None:
    pace = Pace(10)
    for second in range(100):
        pace.add(second - 1.0, float(second))
    for half in range(21):
        pace.add(100 + half / 2 - 0.25, 100 + half / 2)
    assert pace.rate == 2
    assert pace.delay_s == 0.25
    assert pace.long_delay_s == 0.25
