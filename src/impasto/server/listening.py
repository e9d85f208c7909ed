"""A server on a port."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.errors import OptionError

LAST_PORT = 65535
MOST_CONNECTIONS = 512
END_S = 5  # for answers that are under way when the server is to end


def listen(host: str, port: int) -> socket.socket:
    """Take a port, before anything slow.

    Raises:
        OptionError: it cannot be had.
    """
    if not 0 <= port <= LAST_PORT:  # Python's own check leaves a socket open
        raise OptionError(f"port {port} is none", f"give --port a number up to {LAST_PORT}")
    try:
        family = socket.getaddrinfo(host, port)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OptionError(
            f"port {port} of {host} cannot be had ({error.strerror or error})",
            "give another --port",
        ) from error


def address_of(listening: socket.socket) -> str:
    """Return what to call a server by."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: ASGIApp, listening: socket.socket, *, verbose: bool = False) -> None:
    """Answer until Ctrl-C.

    Args:
        app: answers.
        listening: as `listen` gives it.
        verbose: log every request.
    """
    streams = _Streams(app)
    config = uvicorn.Config(
        streams,
        log_level="info" if verbose else "error",
        access_log=verbose,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=END_S,
    )
    _Server(config, streams).run(sockets=[listening])


class _Streams:
    """An application whose streams of events can be ended; an open page would never end its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[Any] | None] = set()
        self._ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        task, whole = asyncio.current_task(), False

        async def sending(message: Message) -> None:
            nonlocal whole
            if message["type"] == "http.response.start":
                kind = Headers(raw=list(message.get("headers", ()))).get("content-type", "")
                if kind.startswith("text/event-stream"):
                    self._open.add(task)
            else:
                whole = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:
            if not (self._ending and task in self._open):
                raise
            if not whole:  # Gradio's see to it themselves
                await send({"type": "http.response.body"})
        finally:
            self._open.discard(task)

    def end(self) -> None:
        """End them."""
        self._ending = True
        for task in self._open:
            if task:
                task.cancel()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, streams: _Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, and then all that uvicorn ends."""
        self._streams.end()
        await super().shutdown(sockets)
