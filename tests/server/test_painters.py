"""Stylizers that stay open, and the line in front of them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from impasto.errors import EngineError, OptionError
from impasto.options import StylizeOptions
from impasto.server.painters import BusyError, Painters
from impasto.styles import Gallery
from server.calls import encoded
from tiny import picture


@pytest.fixture
def look(gallery_folder: Path) -> StylizeOptions:
    return StylizeOptions("first", gallery=Gallery(gallery_folder))


@pytest.fixture
def painters() -> Iterator[Painters]:
    with Painters(at_once=1, kept=2, waiting=1) as painters:
        yield painters


def test_a_network_is_opened_once(painters: Painters, look: StylizeOptions) -> None:
    with painters.lend(look) as first, painters.lend(look.changed({"strength": 0.5})) as second:
        assert second is not first  # nobody else has it meanwhile
    for changes in ({"strength": 0.3}, {"keep_colors": "luminance"}, {}):
        with painters.lend(look.changed(changes)) as again:
            assert again in (first, second)
            assert again.options == look.changed(changes)
    with painters.lend(look, steered_effect=True) as steered:
        assert steered not in (first, second)  # it paints otherwise, if only a little


def test_the_least_recently_used_goes(painters: Painters, look: StylizeOptions) -> None:
    kept = []
    for style in ("first", "second", "first+second"):
        with painters.lend(look.changed({"style": style})) as stylizer:
            kept.append(stylizer)
    with pytest.raises(EngineError, match="closed"):
        kept[0](picture(20, 20))
    assert kept[1](picture(20, 20)).shape == (20, 20, 3)


def test_a_network_is_opened_ahead(painters: Painters, look: StylizeOptions) -> None:
    assert not painters.prepare(look)
    assert not painters.prepare(look)  # under way
    painters.start(lambda: None).result()  # the one thread is through with it
    assert painters.prepare(look.changed({"strength": 0.5}))
    with painters.lend(look):
        assert not painters.prepare(look)  # somebody has it


def test_impossible_options_leave_the_stylizer_as_it_was(
    painters: Painters, look: StylizeOptions
) -> None:
    with painters.lend(look) as first:
        pass
    with pytest.raises(OptionError), painters.lend(look.changed({"subject": "x"})):
        pass
    with painters.lend(look) as again:
        assert again is first


def test_the_line_is_bounded(painters: Painters) -> None:
    with painters.place(), painters.place():
        with pytest.raises(BusyError) as error, painters.place():
            pass
        assert error.value.retry_s >= 1
    assert painters.line.taken == 0


@pytest.mark.parametrize("waits", [True, False])
def test_a_client_that_leaves_frees_its_place(
    serve: Callable[..., TestClient], waits: bool
) -> None:
    client = serve(painters=1)
    app: Any = client.app
    service = app.state.service
    begun, go_on = threading.Event(), threading.Event()

    def occupy() -> None:
        begun.set()
        go_on.wait(20)

    body = b"--x\r\n" + b'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    messages = [
        {"type": "http.request", "body": body + encoded() + b"\r\n--x--\r\n", "more_body": False},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/paint",
        "raw_path": b"/v1/paint",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=x")],
    }
    sent = []

    async def call() -> None:
        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)

    painted = []
    service.paint = lambda form, left: painted.append(left.wait(20))
    if waits:
        service.painters.start(occupy)
        assert begun.wait(20)
    asyncio.run(call())
    assert sent[0]["status"] == 499
    assert service.painters.line.taken == 0
    assert painted == ([] if waits else [True])
    go_on.set()


def test_stylizers_paint_alike_however_often_they_were_lent(
    painters: Painters, look: StylizeOptions
) -> None:
    with painters.lend(look) as stylizer:
        expected = stylizer(picture(30, 20))
    with painters.lend(look.changed({"strength": 0.1, "stroke": 2.0, "seed": 3})):
        pass
    with painters.lend(look) as stylizer:
        assert np.array_equal(stylizer(picture(30, 20)), expected)
