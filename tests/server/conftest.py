from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from impasto.server.api import create_app
from impasto.server.settings import ServerSettings
from tiny import tiny_gallery


@pytest.fixture(scope="session")
def gallery_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gallery(tmp_path_factory.mktemp("gallery")).folder


@pytest.fixture
def settings(gallery_folder: Path, tmp_path: Path) -> ServerSettings:
    return ServerSettings(folder=tmp_path / "server", gallery_folder=str(gallery_folder))


@pytest.fixture
def serve(settings: ServerSettings) -> Iterator[Callable[..., TestClient]]:
    """Opens a server, with other settings if need be, and gives a client."""
    opened = []

    def open_server(**changes: Any) -> TestClient:
        client = TestClient(
            create_app(replace(settings, **changes)), base_url="http://127.0.0.1:8000"
        )
        client.__enter__()
        opened.append(client)
        return client

    yield open_server
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    return serve()
