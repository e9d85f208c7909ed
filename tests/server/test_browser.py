"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import re
import shutil
import signal

import numpy as np
import pytest

from impasto.images import read_image
from impasto.stylizer import Stylizer
from server.calls import Server, encoded
from video.clips import make_clip, read_clip, sound_packets

pytest.importorskip("gradio")
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
TIMEOUT_MS = 120_000
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def studio(tmp_path_factory, gallery_folder):
    folder = tmp_path_factory.mktemp("studio")
    server = Server(folder, gallery_folder, "studio", "--no-browser")
    yield server
    server.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, studio):
    """The page, which asks nobody but its server for anything, and logs no error."""
    asked, wrong = [], []
    page = browser.new_page(viewport={"width": 1200, "height": 1400})
    page.set_default_timeout(TIMEOUT_MS)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(studio.address)
    page.get_by_text("Paint at full size").wait_for()
    yield page
    page.close()
    own = (studio.address, "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert wrong == []


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()


def test_a_photo_is_painted_and_downloaded(page, tmp_path, gallery_folder):
    (tmp_path / "photo.png").write_bytes(encoded(120, 90))
    page.locator("input[type=file]").first.set_input_files(tmp_path / "photo.png")
    painting = page.locator('img[src$="painting.png"]').first
    painting.wait_for(state="attached")
    first = painting.get_attribute("src")
    page.get_by_label("number input for Strength").first.fill("0.5")
    page.get_by_label("number input for Strength").first.press("Enter")
    page.wait_for_function(
        "first => [...document.images].some("
        "each => each.src.endsWith('painting.png') && each.getAttribute('src') != first)",
        arg=first,
    )
    page.get_by_text("Paint at full size").click()
    with page.expect_download() as download:
        page.locator('a[download="photo.png"]').first.click()
    with Stylizer("first", gallery=gallery_folder, strength=0.5) as stylizer:
        expected = stylizer(encoded(120, 90))
    assert np.array_equal(read_image(download.value.path()).pixels, expected)


def test_a_photo_that_is_none_gets_a_sentence(page, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"no photo")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "photo.png")
    page.get_by_text("Error").first.wait_for()


def test_a_video_goes_on_while_the_page_is_left(page, studio, tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", frames=50, audio_tracks=1)
    open_tab(page, "Video")
    page.locator("input[type=file]").last.set_input_files(clip)
    page.locator("video").first.wait_for()
    page.get_by_text("Paint all of it").click()
    page.get_by_text("It is under way").wait_for()
    page.reload()
    shown = page.locator('video[src$="/result"]')
    shown.wait_for()
    seconds = page.wait_for_function(
        "() => document.querySelector('video[src$=\"/result\"]').duration || 0"
    ).json_value()
    assert 1.9 < seconds < 2.2
    result = studio.client.get(shown.get_attribute("src")).content
    (tmp_path / "result.mp4").write_bytes(result)
    assert len(read_clip(tmp_path / "result.mp4")[0]) == 50
    assert sound_packets(tmp_path / "result.mp4")[0]


def test_the_camera(page):
    open_tab(page, "Webcam")
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_role("button", name=re.compile("record|capture|stream", re.I)).first.click()
    page.get_by_text(re.compile(r"\d+\.\d frames a second")).wait_for()


def test_on_a_telephone(browser, studio):
    page = browser.new_page(viewport={"width": 375, "height": 700}, color_scheme="dark")
    page.goto(studio.address)
    page.get_by_text("Paint at full size").wait_for(timeout=TIMEOUT_MS)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375
    page.close()
