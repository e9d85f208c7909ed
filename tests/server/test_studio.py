"""The page: what its handlers paint is what the API paints; it tells nobody anything."""

import asyncio
import base64
import gc
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from impasto.images import Picture, encode_image, read_image, write_image
from impasto.server.api import create_app
from impasto.server.settings import ServerSettings
from impasto.stylizer import Stylizer
from server.calls import encoded, service_of
from tiny import picture

gradio = pytest.importorskip("gradio")
module = pytest.importorskip("impasto.server.studio")

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
LOOK = ("first", module.NO_STYLE, 0.5, 0.8, 1.0, False, False, False, None)


@pytest.fixture(autouse=True)
def loops_that_gradio_leaves() -> Iterator[None]:
    """It closes neither them nor their sockets."""
    yield
    asyncio.set_event_loop(None)  # else it would be found at the end of all tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def app(settings: ServerSettings) -> FastAPI:
    app = create_app(settings)
    module.add_page(app, app.state.service.paint_example().result())
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def page(client: TestClient) -> Any:
    return module._Page(service_of(client), module.EXAMPLE)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    (tmp_path / "photo.png").write_bytes(encoded())
    return str(tmp_path / "photo.png")


def test_the_page_is_there_and_the_api_beside_it(client: TestClient) -> None:
    shown = client.get("/")
    assert (shown.status_code, "text/html" in shown.headers["content-type"]) == (200, True)
    assert client.get("/v1/styles").json()["styles"][0]["name"] == "first"
    assert "'self'" in shown.headers["content-security-policy"]
    config = client.get("/config").json()
    assert not config["analytics_enabled"]
    labels = {each["props"].get("label") for each in config["components"]}
    assert {"Photo", "Any painting", "Best quality", "Video", "Webcam"} <= labels
    public = {each["api_name"] for each in config["dependencies"]}
    public -= {
        each["api_name"] for each in config["dependencies"] if each["api_visibility"] == "private"
    }
    assert public == set()


def test_a_new_page_shows_the_example_painted(client: TestClient, gallery_folder: Path) -> None:
    config = client.get("/config").json()
    (slider,) = (
        each["props"]["value"]
        for each in config["components"]
        if each["type"] == "imageslider" and each["props"].get("value")
    )
    before, after = (client.get(f"/gradio_api/file={each['path']}").content for each in slider)
    assert before == module.EXAMPLE.read_bytes()
    with Stylizer("first", gallery=gallery_folder) as stylizer:
        assert np.array_equal(read_image(after).pixels, as_jpeg(stylizer(before)))
    page = client.get("/").text  # while its scripts load, too
    (address,) = re.findall(r'<img id="opening" src="([^"]+)"[^>]*><gradio-app', page)
    assert client.get(address).content == after


def test_pandas_is_imported_when_it_is_needed() -> None:
    program = """
import sys
from impasto.server import studio
assert "pandas" not in sys.modules
studio.gr.Dataframe([[1, 2]])
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def as_jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return read_image(encode_image(Picture(pixels), "jpg")).pixels


def test_a_photo(page: Any, photo: str, gallery_folder: Path) -> None:
    screen = page.shrink(photo)
    before, after = page.preview(screen, *LOOK)
    assert np.array_equal(read_image(before).pixels, as_jpeg(picture(40, 30)))
    with Stylizer("first", gallery=gallery_folder, strength=0.8) as stylizer:
        assert np.array_equal(read_image(after).pixels, as_jpeg(stylizer(before)))
        painted = stylizer(picture(40, 30))
    whole = page.full_size(photo, *LOOK).value["path"]
    assert Path(whole).name == "photo.png"
    assert np.array_equal(read_image(whole).pixels, painted)
    assert page.shrink(None) is page.preview(None, *LOOK) is None
    mixed = ("first", "second", 0.25, 1.0, 0.7, True, False, False, None)
    assert page.full_size(photo, *mixed).visible


def test_where_a_mask_is_black_the_photo_stays(page: Any, photo: str, tmp_path: Path) -> None:
    mask = np.zeros((60, 80, 3), np.uint8)
    mask[:, 40:] = 255
    write_image(tmp_path / "mask.png", Picture(mask))
    whole = page.full_size(photo, *LOOK[:-1], str(tmp_path / "mask.png")).value["path"]
    same = (read_image(whole).pixels == picture(40, 30)).all(axis=(0, 2))
    assert same[:19].all()
    assert not same[21:].any()


def test_all_styles_on_a_photo(page: Any, photo: str) -> None:
    shown = list(page.try_all(page.shrink(photo)))
    assert len(shown) == 2
    assert [name for _, name in shown[-1]] == ["first", "second"]
    assert all(Image.open(path).size == (40, 30) for path, _ in shown[-1])
    assert list(page.try_all(None)) == []


def test_who_waits_for_a_picture_goes_before_the_styles(
    page: Any, photo: str, client: TestClient
) -> None:
    painters, trying = service_of(client).painters, page.try_all(page.shrink(photo))
    with futures.ThreadPoolExecutor() as threads:
        with painters.place():
            tried = threads.submit(next, trying)
            with pytest.raises(futures.TimeoutError):
                tried.result(0.3)
        assert len(tried.result()) == 1


def test_errors_are_sentences(page: Any, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no photo")
    for fails in (page.shrink, lambda path: page.full_size(path, *LOOK)):
        with pytest.raises(gradio.Error, match="image data"):
            fails(str(tmp_path / "text.png"))
    with pytest.raises(gradio.Error, match="there is no photo"):
        page.full_size(None, *LOOK)
    with pytest.raises(gradio.Error, match="no style 'third'"):
        page.live(picture(40, 30), "third", 1.0, ([], None))
    with pytest.raises(gradio.Error, match="there is no video"):
        asyncio.run(page.video(None, "first", 1.0, 0.4))


def test_a_camera(page: Any, monkeypatch: pytest.MonkeyPatch, client: TestClient) -> None:
    """Until another style's network is open, frames are painted as before."""
    monkeypatch.setattr(module, "RATE_OVER_S", 1e9)  # the machine may be slow
    painters = service_of(client).painters
    said, shown = page.live(picture(640, 480), "first", 0.5, ([], None))
    assert "0.0 frames a second" in said
    image = read_image(base64.b64decode(said.partition("base64,")[2].partition('"')[0]))
    assert image.pixels.shape == (360, 480, 3)
    monkeypatch.setattr(painters, "prepare", lambda look: False)
    _, shown = page.live(picture(640, 480), "second", 0.5, shown)
    assert shown[1].style == "first"
    monkeypatch.undo()
    said, shown = page.live(picture(640, 480), "first", 0.7, shown)
    assert shown[1].strength == 0.7
    assert re.search(r"\d+\.\d frames a second", said)
    assert page.live(None, "first", 0.7, shown) == ("", ([], None))


def test_files_of_the_machine_stay_there(client: TestClient, settings: ServerSettings) -> None:
    folder = settings.folder.absolute()
    for path in ("/etc/passwd", folder / "jobs.sqlite", "http://127.0.0.1:9/"):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)
    config = client.get("/config").json()
    (shrink,) = (each for each in config["dependencies"] if each["api_name"] == "shrink")
    upload = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    event = {"data": [upload], "fn_index": shrink["id"], "session_hash": "x"}
    assert client.post("/gradio_api/queue/join", json=event).status_code == 200
    told = client.get("/gradio_api/queue/data?session_hash=x").text
    assert '"success":false' in told
    assert "root:" not in told
