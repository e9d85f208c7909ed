import os

# Before anything loads torch or NumPy, and for the programs that tests start: on a busy machine,
# threads that wait for each other by spinning make a test of a second one of minutes.
os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

import pytest

from impasto.styles import gallery


@pytest.fixture(autouse=True)
def user_folders(monkeypatch, tmp_path_factory):
    """The user's cache and data folders: no test touches the real ones."""
    folder = tmp_path_factory.mktemp("user")
    for kind in ("cache", "data"):
        path = folder / kind
        monkeypatch.setattr(f"platformdirs.user_{kind}_path", lambda *_, path=path, **__: path)
    gallery._shipped.cache_clear()
    return folder
