"""Ports are taken before anything slow."""

import gc
import signal
import subprocess
import sys

import httpx2
import pytest

from impasto.errors import OptionError
from impasto.server.listening import address_of, listen


def test_a_port_that_is_free() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address_of(listening) == f"http://127.0.0.1:{port}"
        with pytest.raises(OptionError, match=f"port {port} of 127.0.0.1 cannot be had"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_numbers_of_no_port(port: int) -> None:
    with pytest.raises(OptionError, match=f"port {port} is none"):
        listen("127.0.0.1", port)
    gc.collect()  # a socket left open would fail the test: warnings are errors


PROGRAM = """
import asyncio
import contextlib
from impasto.server import listening
from impasto.server.listening import address_of, listen, run

listening.END_S = 600

async def app(scope, receive, send):
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
        await asyncio.Event().wait()

with listen("127.0.0.1", 0) as port, contextlib.suppress(KeyboardInterrupt):
    print(address_of(port), flush=True)
    run(app, port)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_open_streams_and_logs_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        with httpx2.stream("GET", server.stdout.readline().strip(), timeout=60) as answer:
            events = answer.iter_text()
            assert next(events) == "data: 1\n\n"
            server.send_signal(signal.SIGINT)
            assert list(events) == []  # the answer is whole
        logged = server.stderr.read()
    assert logged == ""
