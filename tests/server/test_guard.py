"""Who may call, and how fast."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from impasto.errors import OptionError
from impasto.server.guard import Guard
from impasto.server.settings import Limits, ServerSettings
from server.calls import is_a_sentence


@pytest.fixture
def small(settings: ServerSettings) -> ServerSettings:
    """A guard before an application that counts what it gets."""
    return ServerSettings(folder=settings.folder, limits=Limits(photo_bytes=100, idle_s=0.2))


def test_hosts_that_others_could_point_here(
    client: TestClient, serve: Callable[..., TestClient], tmp_path: Path
) -> None:
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "192.168.1.7:8000"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example:8000", "", "[::1", "localhost@x"):
        answer = client.get("/healthz", headers={"host": host})
        assert is_a_sentence(answer), host
    named = serve(hosts=("paint.example",), folder=tmp_path / "other")
    assert named.get("/healthz", headers={"host": "paint.example"}).status_code == 200


def test_pages_from_elsewhere(
    client: TestClient, serve: Callable[..., TestClient], tmp_path: Path
) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9000"):
        answer = client.get("/v1/styles", headers={"origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    own = {"origin": "http://127.0.0.1:8000"}
    assert client.get("/v1/styles", headers=own).status_code == 200
    friend = {"origin": "https://friend.example"}
    open_server = serve(origins=("https://friend.example",), folder=tmp_path / "other")
    answer = open_server.get("/v1/styles", headers=friend)
    assert answer.headers["access-control-allow-origin"] == "https://friend.example"
    asked = {**friend, "access-control-request-method": "POST"}
    assert open_server.options("/v1/paint", headers=asked).status_code == 200


def test_others_need_a_token(serve: Callable[..., TestClient]) -> None:
    with pytest.raises(OptionError, match="--token"):
        ServerSettings(host="0.0.0.0")
    client = serve(host="0.0.0.0", token="secret")
    assert client.get("/healthz").status_code == 200
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "secret"}):
        answer = client.get("/v1/styles", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert client.post("/v1/paint?token=secret").status_code == 401
    bearer = {"authorization": "Bearer secret"}
    assert client.get("/v1/styles", headers=bearer).status_code == 200


def test_a_browser_comes_in_by_its_address(serve: Callable[..., TestClient]) -> None:
    client = serve(token="secret")
    moved = client.get("/v1/styles?token=secret", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, "/v1/styles")
    assert "HttpOnly" in moved.headers["set-cookie"]
    assert "SameSite=strict" in moved.headers["set-cookie"]
    assert client.get("/v1/styles").status_code == 200
    moved = client.get("http://127.0.0.1:8000//evil.example?token=secret", follow_redirects=False)
    assert moved.headers["location"] == "/evil.example"


def test_security_headers(client: TestClient) -> None:
    for path in ("/v1/styles", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert client.get("/v1/styles").headers["content-security-policy"].startswith("default-src 'no")


def call(
    settings: ServerSettings,
    pieces: list[bytes],
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    pause_s: float = 0.0,
    reads: bool = True,
) -> tuple[int, bytes, int, Any]:
    """POST pieces of a body to a guarded application; return the status and what it got."""
    sent, got = [], bytearray()
    pieces = list(pieces)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        from starlette.exceptions import HTTPException
        from starlette.responses import JSONResponse

        more, answer = reads, JSONResponse({})
        try:
            while more:
                message = await receive()
                got.extend(message["body"])
                more = message["more_body"]
        except HTTPException as error:
            answer = JSONResponse({"error": error.detail}, error.status_code)
        await answer(scope, receive, send)

    async def receive() -> Any:
        await asyncio.sleep(pause_s)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/paint",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
    }
    asyncio.run(Guard(app, settings)(scope, receive, send))
    return sent[0]["status"], bytes(got), len(pieces), json.loads(sent[1]["body"])


def test_bodies_that_are_too_large(small: ServerSettings) -> None:
    assert call(small, [b"x" * 100])[:2] == (200, b"x" * 100)
    status, got, unread, said = call(small, [b""], headers=[(b"content-length", b"101")])
    assert (status, got, unread) == (413, b"", 1)
    assert said == {"error": "the request is larger than 100 bytes: send less"}
    for length in (b"-1", b"many", b"\xb2"):
        assert call(small, [b""], headers=[(b"content-length", length)])[0] == 413
    status, got, unread, _ = call(small, [b"x" * 60] * 4)  # whose length nobody told
    assert (status, got, unread) == (413, b"x" * 60, 2)


def test_bodies_that_are_too_slow(small: ServerSettings) -> None:
    status, _, _, said = call(small, [b"x"] * 5, pause_s=0.5)
    assert (status, said) == (408, {"error": "the upload is too slow"})
    # Each piece comes in time, but all of them never.
    assert call(small, [b"x"] * 20, pause_s=0.05)[0] == 408


def test_clients_that_still_send_get_the_answer(small: ServerSettings) -> None:
    """What the application does not read is read for it, within the limits."""
    assert call(small, [b"x"] * 3, reads=False)[:3] == (200, b"", 0)
    assert call(small, [b"x" * 60] * 4, reads=False)[:3] == (200, b"", 2)


def test_an_answer_that_goes_on_begins_at_once(settings: ServerSettings) -> None:
    """What streams events waits for the client to leave; the answer must not wait for that, too."""
    sent = []

    async def streaming(scope: Any, receive: Any, send: Any) -> None:
        leaving = asyncio.ensure_future(receive())  # the request, which has no body
        await asyncio.sleep(0)
        assert leaving.done()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def run() -> None:
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if messages:
                return messages.pop()
            return await asyncio.Future()

        async def send(message: Any) -> None:
            sent.append(message["type"])

        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "GET", "path": "/v1/x", "query_string": b""}
        guard = Guard(streaming, settings)
        await asyncio.wait_for(guard({**scope, "headers": headers}, receive, send), timeout=2)

    asyncio.run(run())
    assert sent == ["http.response.start"]
