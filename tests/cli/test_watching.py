"""A folder in which photos appear."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.calls import Run
from impasto.cli.targets import plan_jobs
from impasto.cli.watching import appearing
from impasto.errors import OptionError
from impasto.images import Picture, read_image, write_image
from tiny import picture


@pytest.fixture
def happening(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What happens between two looks, one after the other; then comes Ctrl-C."""

    def set_events(*events: Callable[[], object] | None) -> None:
        left = list(events)

        def sleep(seconds: float) -> None:
            assert seconds >= 1
            if not left:
                raise KeyboardInterrupt
            if event := left.pop(0):
                event()

        monkeypatch.setattr("impasto.cli.watching.time.sleep", sleep)

    return set_events


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(path: Path, seed: int = 0) -> Callable[..., Any]:
    return lambda: write_image(path, Picture(picture(40, 30, seed)))


def looks(output: str = "out", overwrite: bool = False) -> list[list[str]]:
    """Which paintings are due at each look."""

    def plan() -> Any:
        return plan_jobs(["in"], output, {"first": "first"}, recursive=True)

    return [[job.target for job in due] for due in appearing(plan, overwrite=overwrite)]


def test_photos_are_due_when_they_stand_still(folder: Path, happening: Callable[..., None]) -> None:
    put(folder / "old.png")()
    content = (folder / "old.png").read_bytes()
    happening(
        None,
        (folder / "new.png").touch,  # nothing in it yet
        lambda: (folder / "new.png").write_bytes(content[:100]),
        lambda: (folder / "new.png").write_bytes(content),
        None,
        None,
    )
    assert looks() == [[], ["out/old.png"], [], [], [], ["out/new.png"], []]


def test_photos_whose_painting_exists_are_left_out(
    folder: Path, happening: Callable[..., None]
) -> None:
    put(folder / "a.png")()
    put(folder.parent / "out.png")()
    shutil.copytree(folder, "out")
    happening(None, put(folder / "a.png", 1), None, None)
    assert looks() == [[]] * 5


def test_changed_photos_are_due_again_where_paintings_may_be_replaced(
    folder: Path, happening: Callable[..., None]
) -> None:
    put(folder / "a.png")()
    shutil.copytree(folder, "out")
    happening(None, None, put(folder / "a.png", 1), None, None)
    assert looks(overwrite=True) == [[], ["out/a.png"], [], [], ["out/a.png"], []]


def test_paintings_are_no_photos_even_if_theirs_are_gone(
    folder: Path, happening: Callable[..., None]
) -> None:
    put(folder / "a.png")()

    painted = folder / "a-first.png"
    happening(None, lambda: (folder / "a.png").rename(painted), None, None)
    assert looks("in") == [[], ["in/a-first.png"], [], [], []]


def test_two_photos_with_one_painting(folder: Path, happening: Callable[..., None]) -> None:
    """The first counts, unless it could be replaced by the other."""
    put(folder / "a.png")()
    shutil.copy(folder / "a.png", folder / "a.heic")
    (folder / "a.png").rename(folder / "a.jpg")
    (folder.parent / "out").mkdir()
    happening(None, (folder.parent / "out" / "a.jpg").touch, None)
    assert looks() == [[], ["out/a.jpg"], [], []]
    with pytest.raises(OptionError, match="two paintings would be called"):
        looks(overwrite=True)


def test_an_empty_folder_and_one_that_goes(folder: Path, happening: Callable[..., None]) -> None:
    happening(folder.rmdir, None)
    assert looks() == [[], [], []]


def test_a_painting_whose_name_is_too_long_is_left_to_fail_once(
    folder: Path, happening: Callable[..., None]
) -> None:
    put(folder / f"{'a' * 248}.png")()
    happening(None, None)
    assert [len(due) for due in looks("in")] == [0, 1, 0]


def test_painting_what_appears(
    impasto: Run, gallery: Path, folder: Path, happening: Callable[..., None]
) -> None:
    style = ["--gallery", gallery, "--style", "first", "--style", "second"]
    happening(
        put(folder / "a.png"), None, lambda: (folder / "b.png").write_text("no photo"), None, None
    )
    ran = impasto("in", "--watch", *style, "-o", "out", "--report", "r.json")
    assert ran.code == 9
    assert ran.err.splitlines() == [
        "watching for photos: Ctrl-C ends it",
        "in/a.png -> out/a-first.png",
        "in/a.png -> out/a-second.png",
        *["impasto: in/b.png is not an image that can be read: give JPEG, PNG, WebP, TIFF, BMP, "
          "AVIF, GIF, HEIC or a camera's raw format"] * 2,
        "impasto: 2 of 4 files failed: the lines above name each and why",
    ]  # fmt: skip
    assert read_image("out/a-first.png").width == 40
    report = json.loads((folder.parent / "r.json").read_text())
    assert (report["painted"], report["failed"], report["not_reached"]) == (2, 2, 0)
    happening(None)
    ran = impasto("in/*.png", "--watch", "--skip-existing", *style, "-o", "elsewhere")
    assert ran.code == 9
    (folder / "b.png").unlink()
    happening(None)
    assert impasto("in", "--watch", *style, "-o", "third").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["photo.png"], "--watch is for folders"),
        (["in", "photo.png"], "--watch is for folders"),
        (["-"], "--watch is for folders"),
        (["x" * 300], "--watch is for folders"),
        (["in", "--dry-run"], "leave out --report, --save-preset, --open and --watch"),
        (["in", "-o", "-"], "standard output holds one painting"),
        (["in", "-o", "all.png"], "give -o FOLDER"),
    ],
)
def test_what_cannot_be_watched(
    impasto: Run,
    gallery: Path,
    photo: Path,
    folder: Path,
    happening: Callable[..., None],
    arguments: list[str],
    says: str,
) -> None:
    happening()
    ran = impasto(*arguments, "--watch", "--gallery", gallery, "--style", "first")
    assert (ran.code, says in ran.err.splitlines()[-1]) == (2, True), ran.err
