import pytest

from impasto.cli import console as module
from impasto.cli.console import Console
from impasto.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_line_now_and_then_with_the_time_left(clock, capsys):
    with Console().progress() as progress:
        for done in range(51, 60):  # a run that goes on half way
            progress(Progress("training", done, 100, {"J": 2.0}))
            clock[0] += 10
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "training: 54/100, 0:07:40 left, J 2",
        "training: 57/100, 0:07:10 left, J 2",
    ]


def test_quiet_shows_no_progress(clock, capsys):
    with Console(quiet=True).progress() as progress:
        for done in range(9):
            progress(Progress("painting", done, 9))
            clock[0] += 60
    assert capsys.readouterr().err == ""
