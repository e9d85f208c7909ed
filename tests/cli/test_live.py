import pytest

from impasto.live import screen


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_no_display(impasto, gallery, no_display):
    ran = impasto("live", "--gallery", gallery, "--style", "first")
    assert ran.code == 4
    assert ran.err == "impasto: there is no display for a window: run it on a desktop\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 3, "neither a camera nor a file"),
        (["--fps", "0"], 2, "fps is 0.0"),
        (["--gallery", "nowhere"], 5, "nowhere holds no trunk"),
    ],
)
def test_impossible_lives(impasto, gallery, monkeypatch, arguments, code, says):
    monkeypatch.setattr("impasto.live.open_screen", lambda: screen)
    if "--gallery" not in arguments:
        arguments = [*arguments, "--gallery", gallery]
    ran = impasto("live", *arguments)
    assert ran.code == code
    assert says in ran.err
