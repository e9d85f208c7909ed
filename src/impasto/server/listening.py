"""A server on a port."""

from __future__ import annotations

import socket

import uvicorn
from starlette.types import ASGIApp

from impasto.errors import OptionError

__all__ = ["address_of", "listen", "run"]

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
    config = uvicorn.Config(
        app,
        log_level="info" if verbose else "error",
        access_log=verbose,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=END_S,
    )
    uvicorn.Server(config).run(sockets=[listening])
