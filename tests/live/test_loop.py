"""The live loop with a camera and a window that are made of lists."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.errors import EngineError, InputError, OptionError, OutputError, StyleError
from impasto.images import read_image
from impasto.live import LiveOptions, loop, open_camera, open_screen, run_live
from impasto.live.number_entry import PAUSE_S
from impasto.options import StylizeOptions
from impasto.styles import Gallery
from impasto.stylizer import Stylizer
from tiny import picture, tiny_gallery
from video.clips import frame_pixels, make_clip, read_clip


class ListCamera:
    """Frames at a pace; where the list has none, the camera is unplugged for a moment."""

    def __init__(self, frames: Any, period_s: float = 0.005) -> None:
        self.frames = list(frames)
        self.period_s = period_s
        self.reads = 0
        self.closed = False

    def read(self) -> Any:
        time.sleep(self.period_s)
        frame = self.frames[self.reads % len(self.frames)]
        self.reads += 1
        return frame

    def close(self) -> None:
        self.closed = True


class ListScreen:
    """Presses a key after so many frames, and quits after the last."""

    def __init__(self, keys: Any, quits_after: int = 12) -> None:
        self.keys = dict(keys)
        self.quits_after = quits_after
        self.shown: list[NDArray[np.uint8]] = []
        self.lines: list[Any] = []
        self.full = self.closed = False

    def show(self, pixels: NDArray[np.uint8], lines: Any) -> None:
        self.shown.append(pixels)
        self.lines.append(lines)

    def key(self) -> Any:
        if len(self.shown) >= self.quits_after:
            return "q"
        return self.keys.pop(len(self.shown), "")

    def is_open(self) -> bool:
        return True

    def toggle_full_screen(self) -> None:
        self.full = not self.full

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def options(tmp_path: Path) -> LiveOptions:
    gallery = tiny_gallery(tmp_path / "gallery", "first", "second", "third")
    painting = StylizeOptions("first", gallery=gallery, precision="f32")
    return LiveOptions(painting, folder=tmp_path)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert [each.name for each in left if "impasto" in each.name] == []


def signed(pixels: NDArray[np.uint8]) -> Any:
    """So that they can be subtracted."""
    return pixels.astype(int)


def test_paintings_on_the_screen(options: LiveOptions) -> None:
    photo = picture(96, 96)
    camera, screen = ListCamera([photo]), ListScreen({})
    report = run_live(camera, screen, options)
    assert report.frames == 12
    assert report.rate > 1
    assert 0 < report.delay_s < 5
    assert camera.closed
    assert screen.closed
    with Stylizer("first", gallery=options.painting.gallery, precision="f32") as stylizer:
        expected = stylizer(photo)
    assert np.abs(signed(screen.shown[-1]) - signed(expected)).max() == 0


def test_keys_change_the_picture(options: LiveOptions) -> None:
    photo = picture(96, 96)
    screen = ListScreen({3: "-", 4: "c", 6: "f", 8: "h", 10: "h"}, quits_after=30)
    run_live(ListCamera([photo]), screen, options)
    with Stylizer(options.painting, strength=0.9) as stylizer:
        expected = stylizer(photo)
    last = signed(screen.shown[-1])
    np.testing.assert_array_equal(last[:, 60:], signed(expected)[:, 60:])
    np.testing.assert_array_equal(last[:, :40], signed(photo)[:, :40])
    assert screen.full


def test_a_key_changes_the_strokes(options: LiveOptions) -> None:
    photo = picture(96, 96)
    screen = ListScreen({3: "]"}, quits_after=30)
    run_live(ListCamera([photo]), screen, options)
    with Stylizer(options.painting, stroke=1.4) as stylizer:
        expected = stylizer(photo)
    np.testing.assert_array_equal(signed(screen.shown[-1]), signed(expected))


def test_a_new_style_comes_while_the_old_one_paints(
    options: LiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second style is held back until twelve more paintings in the first are shown."""
    photo = picture(96, 96)
    paintings = {}
    for name in ("first", "second"):
        with Stylizer(name, gallery=options.painting.gallery, precision="f32") as stylizer:
            paintings[name] = signed(stylizer(photo))
    seen: list[Any] = []
    many_shown = threading.Event()

    class Screen(ListScreen):
        def show(self, pixels: NDArray[np.uint8], lines: Any) -> None:
            super().show(pixels, lines)
            seen.extend(n for n, each in paintings.items() if (signed(pixels) == each).all())
            if len(seen) == 15:
                many_shown.set()

        def key(self) -> Any:
            return "q" if seen.count("second") == 5 else super().key()

    opened = []

    def slowly(style: Any, **arguments: Any) -> Any:
        opened.append(style)
        if len(opened) > 1:
            assert many_shown.wait(timeout=60)
        return Stylizer(style, **arguments)

    monkeypatch.setattr(loop, "Stylizer", slowly)
    screen = Screen({3: "n"}, quits_after=5000)
    run_live(ListCamera([photo], period_s=0.01), screen, options)
    assert [options.style for options in opened] == ["first", "second"]
    change = seen.index("second")
    assert change >= 15
    assert seen == ["first"] * change + ["second"] * 5


def test_an_unplugged_camera_comes_back(options: LiveOptions) -> None:
    """Unplugged once a painting is shown, plugged in once its absence is: no clock is involved."""
    photo = picture(96, 96)
    with Stylizer("first", gallery=options.painting.gallery, precision="f32") as stylizer:
        painting = signed(stylizer(photo))
    seen = [False]  # whether a painting is shown, each time that it changes

    class Screen(ListScreen):
        def show(self, pixels: NDArray[np.uint8], lines: Any) -> None:
            shows = np.array_equal(signed(pixels), painting)
            if shows != seen[-1]:
                seen.append(shows)

        def key(self) -> Any:
            return "q" if len(seen) == 4 else ""

    class Camera(ListCamera):
        def read(self) -> Any:
            frame = super().read()
            return None if len(seen) == 2 else frame

    run_live(Camera([photo]), Screen({}), options)
    assert seen == [False, True, False, True]


def test_photos_and_recordings(options: LiveOptions, tmp_path: Path) -> None:
    notes: list[Any] = []
    frames = [picture(96, 96, seed) for seed in range(5)]
    screen = ListScreen({4: "s", 6: "r", 16: "r"}, quits_after=20)
    run_live(ListCamera(frames, period_s=0.02), screen, options, on_note=notes.append)
    (photo,) = tmp_path.glob("impasto-*.png")
    (video,) = tmp_path.glob("impasto-*.mkv")
    assert notes == [str(photo), str(video)]
    assert read_image(photo).pixels.shape == (96, 96, 3)
    times, recorded = read_clip(video)
    assert 8 <= len(recorded) <= 12
    assert times == sorted(set(times))
    assert recorded[0].shape == (96, 96, 3)


def test_a_recording_that_is_not_stopped_is_finished(options: LiveOptions, tmp_path: Path) -> None:
    run_live(ListCamera([picture(96, 96)]), ListScreen({4: "r"}, quits_after=14), options)
    (video,) = tmp_path.glob("impasto-*.mkv")
    assert len(read_clip(video)[0]) >= 8


def test_closing_the_window_finishes_the_recording(options: LiveOptions, tmp_path: Path) -> None:
    class Screen(ListScreen):
        def is_open(self) -> Any:
            return len(self.shown) < 14

    run_live(ListCamera([picture(96, 96)]), Screen({4: "r"}, quits_after=1000), options)
    (video,) = tmp_path.glob("impasto-*.mkv")
    assert len(read_clip(video)[0]) >= 8


def test_errors_of_the_network_reach_the_caller(
    options: LiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Any, *arguments: object) -> None:
        raise EngineError("out of order")

    monkeypatch.setattr(Stylizer, "paint", fails)
    camera = ListCamera([picture(96, 96)])
    with pytest.raises(EngineError, match="out of order"):
        run_live(camera, ListScreen({}), options)
    assert camera.closed


def test_unknown_styles_and_rates(options: LiveOptions) -> None:
    with pytest.raises(StyleError, match="did you mean"):
        run_live(
            ListCamera([picture(96, 96)]),
            ListScreen({}),
            LiveOptions(replace(options.painting, style="frist")),
        )
    with pytest.raises(OptionError, match="fps"):
        LiveOptions(rate=0)
    with pytest.raises(OptionError, match="mask is for photos"):
        LiveOptions(StylizeOptions(mask="subject"))


def test_a_file_as_a_camera_at_its_own_pace(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=5)
    camera = open_camera(str(clip))
    began = time.monotonic()
    frames = [camera.read() for _ in range(8)]  # over and over
    assert time.monotonic() - began > 0.2  # 25 frames a second
    camera.close()
    for number, frame in zip([0, 1, 2, 3, 4, 0, 1, 2], frames, strict=True):
        assert frame is not None
        difference = frame.astype(int) - frame_pixels(number)
        assert np.abs(np.median(difference, axis=(0, 1))).max() <= 4


def test_a_file_of_one_frame_as_a_camera(tmp_path: Path) -> None:
    camera = open_camera(str(make_clip(tmp_path / "clip.mp4", frames=1)))
    frames = [camera.read() for _ in range(4)]
    camera.close()
    first, *others = frames
    assert first is not None
    for other in others:
        np.testing.assert_array_equal(other, first)
    assert frames[0] is not None
    assert frames[0].shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("source", "says"),
    [("77", "camera 77 cannot be opened"), ("nothing.mp4", "neither a camera nor a file")],
)
def test_no_camera(source: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=says):
        open_camera(source)


def test_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(OutputError, match="no display"):
        open_screen()


def test_a_network_of_one_size_ignores_the_stroke_keys(
    options: LiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It paints on as it did, and nothing fails."""
    photo = picture(96, 96)
    monkeypatch.setattr(Stylizer, "takes_strokes", False)
    screen = ListScreen({3: "]", 5: "["}, quits_after=20)
    run_live(ListCamera([photo]), screen, options)
    with Stylizer("first", gallery=options.painting.gallery, precision="f32") as stylizer:
        expected = stylizer(photo)
    np.testing.assert_array_equal(signed(screen.shown[-1]), signed(expected))


def test_a_style_alone_in_its_pack_says_that_it_mixes_with_no_other(options: LiveOptions) -> None:
    assert options.painting.gallery is not None
    assert isinstance(options.painting.gallery, Gallery)
    tiny_gallery(options.painting.gallery.folder / "oils", "irises", seed=3)
    alone = ListScreen({3: "m"}, quits_after=20)
    irises = replace(options.painting, style="irises")
    run_live(ListCamera([picture(96, 96)]), alone, replace(options, painting=irises))
    assert "irises mixes with no other" in alone.lines[-1]
    mixed = ListScreen({3: "m"}, quits_after=60)
    run_live(ListCamera([picture(96, 96)]), mixed, options)
    said = [line for lines in mixed.lines for line in lines]
    assert not any("no other" in line for line in said)
    assert any(line.startswith("first+second ") for line in said)


def test_digits_jump_to_a_style_at_once_or_after_a_pause(
    options: LiveOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Twelve styles, and a clock that stands still unless it is told to go on."""
    gallery = tiny_gallery(tmp_path / "many", *"abcdefghijkl")
    clock = SimpleNamespace(now_s=100.0)
    clock.monotonic = lambda: clock.now_s
    monkeypatch.setattr(loop, "time", clock)
    lines: list[Any] = []
    seen: list[Any] = []

    class Screen(ListScreen):
        def show(self, pixels: NDArray[np.uint8], wanted: Any) -> None:
            lines[:] = wanted
            seen.append(wanted[0].split()[0])

    def typing() -> Iterator[Any]:
        yield "1"
        yield "2"
        while "l" not in seen:
            yield ""
        yield "1"
        while "style 1_" not in lines:
            yield ""
        yield from [""] * 20
        assert seen[-1] == "l"
        clock.now_s += PAUSE_S
        while "a" not in seen:
            yield ""
        assert "style 1_" not in lines
        yield "3"
        yield "h"
        while "10 j   11 k   12 l" not in lines or "c" not in seen:
            yield ""
        yield "q"

    screen, keys = Screen({}), typing()
    screen.key = lambda: next(keys)  # type: ignore[method-assign]
    painting = replace(options.painting, style="b", gallery=gallery)
    run_live(ListCamera([picture(96, 96)]), screen, replace(options, painting=painting))
    assert list(dict.fromkeys(seen)) == ["b", "l", "a", "c"]
