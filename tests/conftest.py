import pytest

from impasto.styles import gallery


@pytest.fixture(autouse=True)
def _users_folders(monkeypatch, tmp_path_factory):
    """The user's own styles and runs stay out of tests, and tests out of them."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: home / "data")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: home / "cache")
    gallery._shipped.cache_clear()
