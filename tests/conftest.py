import os
from collections.abc import Iterator
from pathlib import Path

# Before anything loads torch or NumPy, and for the programs that tests start: on a busy machine,
# threads that wait for each other by spinning make a test of a second one of minutes.
os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

from functools import cache

import pytest
import typer.main
from hypothesis import settings

from impasto.engines import select
from impasto.styles import gallery
from tiny import thin_vgg_weights

commands_of = cache(typer.main.get_command)

settings.register_profile("any machine, however busy", deadline=None)
settings.load_profile("any machine, however busy")


@pytest.fixture(autouse=True)
def user_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's cache, configuration and data folders, and variables: no test touches or heeds
    the real ones.
    """
    folder = tmp_path_factory.mktemp("user")
    for kind in ("cache", "config", "data"):
        path = folder / kind
        monkeypatch.setattr(f"platformdirs.user_{kind}_path", lambda *_, path=path, **__: path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))  # of other processes
    for variable in list(os.environ):
        if variable.startswith("IMPASTO_"):
            monkeypatch.delenv(variable)
    gallery._shipped.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def quick_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` is the engine that opens a network soonest: OpenVINO compiles it, which takes ten
    times as long as painting small pictures. Tests of what it does name it.
    """
    soonest = sorted(select.FASTEST_FIRST, key="openvino".__eq__)
    monkeypatch.setattr(select, "FASTEST_FIRST", tuple(soonest))


@pytest.fixture(autouse=True)
def commands_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them with all their options: that takes longer than most of what they do here."""
    monkeypatch.setattr(typer.main, "get_command", commands_of)


@pytest.fixture(scope="module")
def quick_torch() -> Iterator[None]:
    """A small network has VGG-19's place, for tests of what is done with its features; previews of
    training are small, too.
    """
    vgg = pytest.importorskip("impasto.perceptual.vgg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vgg, "_load_weights", thin_vgg_weights)
        patch.setattr("impasto.training.run.PREVIEW_PX", 48)
        yield
