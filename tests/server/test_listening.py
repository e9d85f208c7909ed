"""Ports are taken before anything slow."""

import gc

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
