from __future__ import annotations

from dataclasses import dataclass

import pytest

from impasto.cli.console import console
from impasto.cli.main import main
from impasto.images import Picture, write_image
from tiny import picture, tiny_gallery


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def impasto(capsys, monkeypatch, tmp_path):
    """Runs the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "quiet", False)
    monkeypatch.setattr(console, "verbose", False)

    def run(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Outcome(left.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def gallery(tmp_path_factory):
    """The folder of a tiny gallery with styles ``first`` and ``second``."""
    return tiny_gallery(tmp_path_factory.mktemp("gallery")).folder


@pytest.fixture
def photo(tmp_path):
    """A file ``photo.png`` in the current folder."""
    write_image(tmp_path / "photo.png", Picture(picture(40, 30)))
    return tmp_path / "photo.png"
