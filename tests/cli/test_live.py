from pathlib import Path
from typing import Any

import pytest

from cli.calls import Run
from impasto.errors import InputError


class Opened:
    """Stands in for a window or a virtual camera."""

    def __init__(self, *arguments: object) -> None:
        self.arguments, self.closed = arguments, False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_no_display(impasto: Run, gallery: Path, no_display: None) -> None:
    ran = impasto("live", "--gallery", gallery, "--style", "first")
    assert ran.code == 4
    assert ran.err == "impasto: there is no display for a window: run it on a desktop\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 3, "neither a camera nor a file"),
        (["--fps", "0"], 2, "fps is 0.0"),
        (["--virtual-camera", "large"], 2, "--virtual-camera 'large' is no size"),
        (["--gallery", "nowhere"], 5, "nowhere holds no trunk"),
    ],
)
def test_impossible_lives(
    impasto: Run,
    gallery: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.setattr("impasto.live.open_screen", Opened)
    if "--gallery" not in arguments:
        arguments = [*arguments, "--gallery", str(gallery)]
    ran = impasto("live", *arguments)
    assert ran.code == code
    assert says in ran.err


@pytest.mark.parametrize("failing", ["open_camera", "VirtualCamera"])
def test_what_was_opened_is_closed_when_the_next_fails(
    impasto: Run, gallery: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    opened = []

    def opens(*arguments: object) -> Any:
        opened.append(Opened(*arguments))
        return opened[-1]

    def fails(*arguments: object) -> None:
        raise InputError("there is none")

    for name in ("open_screen", "open_camera", "VirtualCamera"):
        monkeypatch.setattr(f"impasto.live.{name}", fails if name == failing else opens)
    ran = impasto("live", "--gallery", gallery, "-s", "first", "--virtual-camera", "64x48")
    assert (ran.code, ran.err) == (3, "impasto: there is none\n")
    names = [each.arguments for each in opened]
    assert names == ([(), (64, 48, 30.0)] if failing == "open_camera" else [()])
    assert all(each.closed for each in opened)
