import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from impasto.cli.console import Console
from impasto.images import read_image
from impasto.progress import Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass only when told to."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_line_now_and_then_with_the_time_left(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with Console().progress() as progress:
        for done in (*range(51, 60), *range(1, 5)):  # a run that goes on half way, and another
            progress(Progress("training", done, 100, {"J": 2.0}))
            clock[0] += 10
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "training: 54/100, 0:07:40 left, J 2",
        "training: 57/100, 0:07:10 left, J 2",
        "training: 1/100, J 2",
        "training: 4/100, 0:16:00 left, J 2",
    ]


def test_quiet_shows_no_progress(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with Console(quiet=True).progress() as progress:
        for done in range(9):
            progress(Progress("painting", done, 9))
            clock[0] += 60
    assert capsys.readouterr().err == ""


def test_control_characters_are_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    console, name = Console(verbose=True), "\x1b[31mred\x07\u202egnp.jpg"
    console.note(name)
    console.detail(name)
    console.error(name)
    console.result(name + "\n\tof two lines")
    console.table(["photo"], [[name + " [bold]"]])
    shown = capsys.readouterr()
    escaped = "\\x1b[31mred\\x07\\u202egnp.jpg"
    assert shown.err == f"{escaped}\n{escaped}\nimpasto: {escaped}\n"
    assert shown.out.startswith(f"{escaped}\n\tof two lines\n")
    assert f"{escaped} [bold]" in shown.out


# Standard streams that are full or closed.


@pytest.fixture
def shell(
    gallery: Path, photo: Path, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs ``impasto ...`` as a shell does, redirections included."""

    def run(arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = f"exec {sys.executable} -m impasto {arguments}"
        return subprocess.run(
            ["sh", "-c", command.replace("GALLERY", f"--gallery {gallery}")],
            cwd=tmp_path,
            env={**os.environ, "IMPASTO_ENGINE": "onnxruntime", **environment},
            capture_output=True,
            check=False,
        )

    return run


FULL, CLOSED = "No space left on device", "Bad file descriptor"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
PAINT = "photo.png -s first GALLERY"


@needs_full
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("styles GALLERY >/dev/full", FULL),
        ("styles --json GALLERY >&-", CLOSED),
        ("--help >/dev/full", FULL),
        (f"{PAINT} -o - >/dev/full", FULL),
        (f"{PAINT} -o - >&-", CLOSED),
    ],
)
def test_results_that_cannot_be_written(
    shell: Callable[..., subprocess.CompletedProcess[bytes]], arguments: str, reason: str
) -> None:
    ran = shell(arguments)
    says = f"impasto: standard output cannot be written ({reason}): send it elsewhere\n"
    assert (ran.returncode, ran.stderr.decode()) == (4, says)


def test_who_shows_no_results_needs_no_output(
    shell: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    ran = shell(f"{PAINT} -v >&-")
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert b"photo.png -> photo-first.png" in ran.stderr
    assert read_image(tmp_path / "photo-first.png").width == 40


@needs_full
def test_what_cannot_be_said_harms_no_painting(
    shell: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    assert shell(f"{PAINT} -v 2>/dev/full").returncode == 0
    assert read_image(tmp_path / "photo-first.png").width == 40
    ran = shell(f"{PAINT} -v -o - 2>&-")
    assert ran.returncode == 0
    assert read_image(ran.stdout).width == 40
    ran = shell("nothing.png -s first GALLERY -o - 2>&-")
    assert (ran.returncode, ran.stdout) == (3, b"")


def test_standard_input_that_is_closed(
    shell: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    ran = shell("- -s first GALLERY -o a.png <&-")
    says = b"impasto: standard input cannot be read (Bad file descriptor): check it\n"
    assert (ran.returncode, ran.stderr) == (3, says)


def test_a_terminal_without_accents(
    shell: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    """Text has question marks; JSON is UTF-8 as always."""
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ran = shell("styles", **ascii_only)
    assert (ran.returncode, ran.stderr, b"Caf? Terrace" in ran.stdout) == (0, b"", True)
    titles = {each["title"] for each in json.loads(shell("styles --json", **ascii_only).stdout)}
    assert "Caf\N{LATIN SMALL LETTER E WITH ACUTE} Terrace at Night" in titles
