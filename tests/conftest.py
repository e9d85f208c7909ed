import os

# Before anything loads torch or NumPy, and for the programs that tests start: on a busy machine,
# threads that wait for each other by spinning make a test of a second one of minutes.
os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

import pytest
from hypothesis import settings

from impasto.engines import select
from impasto.styles import gallery

settings.register_profile("any machine, however busy", deadline=None)
settings.load_profile("any machine, however busy")


@pytest.fixture(autouse=True)
def user_folders(monkeypatch, tmp_path_factory):
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


@pytest.fixture
def quick_engine(monkeypatch):
    """``auto`` is the engine that opens a tiny network soonest: OpenVINO compiles for a second."""
    soonest = sorted(select.FASTEST_FIRST, key="openvino".__eq__)
    monkeypatch.setattr(select, "FASTEST_FIRST", tuple(soonest))
