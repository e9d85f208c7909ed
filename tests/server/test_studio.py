"""The page: what its handlers paint is what the API paints; it tells nobody anything."""

import asyncio
import gc
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from impasto.images import read_image
from impasto.server.api import create_app
from impasto.stylizer import Stylizer
from server.calls import encoded
from tiny import picture
from video.clips import make_clip

gradio = pytest.importorskip("gradio")
module = pytest.importorskip("impasto.server.studio")

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
LOOK = ("first", module.NO_STYLE, 0.5, 0.8, 1.0, False, False, False)


@pytest.fixture(autouse=True)
def loops_that_gradio_leaves():
    """It closes neither them nor their sockets."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def app(settings):
    app = create_app(settings)
    module.add_page(app)
    return app


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def page(client):
    return module._Page(client.app.state.service)


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "photo.png").write_bytes(encoded())
    return str(tmp_path / "photo.png")


def test_the_page_is_there_and_the_api_beside_it(client):
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


def test_a_photo(page, photo, gallery_folder):
    screen = page.shrink(photo)
    before, after = page.preview(screen, *LOOK)
    assert np.array_equal(read_image(before).pixels, picture(40, 30))
    with Stylizer("first", gallery=gallery_folder, strength=0.8) as stylizer:
        assert np.array_equal(read_image(after).pixels, stylizer(picture(40, 30)))
    whole = Path(page.full_size(photo, *LOOK))
    assert whole.name == "photo.png"
    assert np.array_equal(read_image(whole).pixels, read_image(after).pixels)
    assert page.shrink(None) is page.preview(None, *LOOK) is page.full_size(None, *LOOK) is None
    mixed = ("first", "second", 0.25, 1.0, 0.7, True, False, False)
    assert Path(page.full_size(photo, *mixed)).is_file()


def test_all_styles_on_a_photo(page, photo):
    shown = list(page.try_all(page.shrink(photo)))
    assert len(shown) == 2
    assert [name for _, name in shown[-1]] == ["first", "second"]
    assert all(Image.open(path).size == (40, 30) for path, _ in shown[-1])
    assert len(next(page.try_all(None))) == 2


def test_errors_are_sentences(page, tmp_path):
    (tmp_path / "text.png").write_text("no photo")
    for fails in (page.shrink, lambda path: page.full_size(path, *LOOK)):
        with pytest.raises(gradio.Error, match="image data"):
            fails(str(tmp_path / "text.png"))
    with pytest.raises(gradio.Error, match="no style 'third'"):
        page.live(picture(40, 30), "third", 1.0, [])
    with pytest.raises(gradio.Error, match="there is no video"):
        asyncio.run(page.video(None, "first", 1.0, 0.4))


def test_a_camera(page, monkeypatch):
    monkeypatch.setattr(module, "RATE_OVER_S", 1e9)  # the machine may be slow
    painting, rate, times = page.live(picture(640, 480), "first", 0.5, [])
    assert painting.shape == (360, 480, 3)
    assert rate == "0.0 frames a second"
    _, rate, times = page.live(picture(640, 480), "second", 0.5, times)
    assert re.fullmatch(r"\d+\.\d frames a second", rate)
    assert len(times) == 2


def test_jobs_are_shown_and_found_again(client, page, tmp_path):
    make_clip(tmp_path / "clip.mp4", frames=5)
    shown = page.look_at_jobs("", "")
    job = page._service.jobs.add("video", {}, {})
    running, ended, *_ = page.look_at_jobs("", "")
    assert "<progress" in running
    page._service.jobs.update(job, state="failed", ended_s=1e12, error="<b>no</b>")
    _, ended, choices, *was = page.look_at_jobs("", "")
    assert ended == "<p>video failed: &lt;b&gt;no&lt;/b&gt;</p>"
    assert shown[1] == gradio.skip()  # nothing to be shown anew
    again = page.look_at_jobs(*was)
    assert again[1] == gradio.skip()
    assert choices.choices[0][1] == job.id


def test_files_of_the_machine_stay_there(client, settings):
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
