from __future__ import annotations

from pathlib import Path

import pytest

from cli.calls import Outcome, Run
from impasto.cli.console import console
from impasto.cli.main import main
from impasto.images import Picture, write_image
from tiny import picture, tiny_gallery


@pytest.fixture
def impasto(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Runs the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "quiet", False)
    monkeypatch.setattr(console, "verbose", False)

    def run(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        captured = capsys.readouterr()
        assert isinstance(left.value.code, int | None)
        return Outcome(left.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny gallery with styles ``first`` and ``second``."""
    return tiny_gallery(tmp_path_factory.mktemp("gallery")).folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file ``photo.png`` in the current folder."""
    write_image(tmp_path / "photo.png", Picture(picture(40, 30)))
    return tmp_path / "photo.png"
