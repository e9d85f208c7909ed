import pytest

from impasto.styles import gallery


@pytest.fixture(autouse=True)
def user_folders(monkeypatch, tmp_path_factory):
    """The user's cache, configuration and data folders: no test touches the real ones."""
    folder = tmp_path_factory.mktemp("user")
    for kind in ("cache", "config", "data"):
        path = folder / kind
        monkeypatch.setattr(f"platformdirs.user_{kind}_path", lambda *_, path=path, **__: path)
    gallery._shipped.cache_clear()
    return folder
