"""What the OpenAPI document allows, and what it does not: no request makes the server fail."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.server.api import create_app
from impasto.server.settings import Limits, ServerSettings
from server.calls import encoded, is_a_sentence
from video.clips import make_clip

EXAMPLES = 100
ANY_TEXT = st.text(max_size=30) | st.sampled_from(
    ["first", "subject", "nan", "-1", "../x", "1e999"]
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, gallery_folder: Path) -> Iterator[TestClient]:
    """Of a server that looks at jobs, but takes none on; one has ended."""
    limits = Limits(pixels=100_000, photo_bytes=300_000, request_bytes=400_000, waiting_jobs=0)
    own = ServerSettings(
        folder=tmp_path_factory.mktemp("server"), gallery_folder=str(gallery_folder), limits=limits
    )
    app = create_app(own)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> st.SearchStrategy[bytes]:
    clip = make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=2)
    known = [encoded(), encoded(60, 50, "jpg", 3), clip.read_bytes(), b""]
    return st.sampled_from(known) | st.binary(max_size=200)


def allowed(about: dict[str, Any]) -> st.SearchStrategy[str]:
    """Texts that the document allows for a field."""
    if "enum" in about:
        return st.sampled_from(about["enum"])
    if about["type"] == "boolean":
        return st.sampled_from(["true", "false"])
    if "pattern" in about:
        return st.from_regex(about["pattern"], fullmatch=True).filter(str.isascii)
    low, high = about.get("minimum"), about.get("maximum")
    if about["type"] == "integer":
        return st.integers(low, high).map(str)
    if about["type"] == "number":
        return st.floats(low, high).map(str)
    return ANY_TEXT


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_makes_it_fail(
    client: TestClient, uploads: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    draw = data.draw
    document = client.get("/v1/openapi.json").json()
    operations = [(path, how) for path, each in document["paths"].items() for how in each]
    path, how = draw(st.sampled_from(operations))
    about = document["paths"][path][how]
    address = re.sub(r"{\w+}", lambda _: quote(draw(ANY_TEXT), safe=""), path)
    sent: dict[str, Any] = {}
    if "requestBody" in about:
        form = about["requestBody"]["content"]["multipart/form-data"]["schema"]
        fields = form["properties"]
        chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=5, unique=True))
        texts, files = {}, {}
        for name in {*form["required"], *chosen}:
            if fields[name].get("format") == "binary":
                files[name] = ("a", draw(uploads))
            else:
                texts[name] = draw(allowed(fields[name]) | ANY_TEXT)
        if not files:
            files["photo"] = ("a", draw(uploads))
        sent = {"data": texts, "files": files}
    answer = client.request(how.upper(), address, **sent)
    assert answer.status_code < 300 or is_a_sentence(answer), (answer.status_code, answer.text)
