"""The loop of the live window: newest painting to the screen, keys to the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from impasto._util.arrays import Pixels
from impasto.defaults import DEFAULT_STABILITY
from impasto.errors import OptionError
from impasto.images import Picture, write_image
from impasto.live.camera import Camera, Capture
from impasto.live.controls import HELP, LiveSettings, choose, packs_from, press
from impasto.live.frame_budget import FrameBudget
from impasto.live.live_stylizer import LivePicture, LiveStylizer
from impasto.live.number_entry import NumberEntry
from impasto.live.overlay import compare
from impasto.live.pace import Pace
from impasto.live.recorder import Recorder
from impasto.live.screen import Screen
from impasto.live.virtual_camera import VirtualCamera
from impasto.multiscale import FRAME_NATURAL_PX
from impasto.options import StylizeOptions
from impasto.styles import open_gallery
from impasto.stylizer import Stylizer
from impasto.video.temporal_consistency import check_stability

PICTURE_WAIT_S = 0.01
MESSAGE_S = 2.0
RATE_S, REPORT_S = 1.0, 10.0  # over which frames a second are counted: on the picture, at the end
WAITING_SIZE = (480, 640, 3)
STYLES_A_LINE = 3


@dataclass(frozen=True)
class LiveOptions:
    """Options with which the window starts.

    Attributes:
        painting: the first style, a name or mixture, and how to paint.
        stability: 0 to 1 (`impasto.video.temporal_consistency`).
        rate: frames a second to hold; frames are painted smaller for it, if need be.
        folder: where photos and recordings go.
    """

    painting: StylizeOptions = field(default_factory=StylizeOptions)
    stability: float = DEFAULT_STABILITY
    rate: float = 30.0
    folder: Path = field(default_factory=Path)

    def __post_init__(self) -> None:
        if not 1 <= self.rate <= 240:
            raise OptionError(f"fps is {self.rate}", "give a number from 1 to 240")
        check_stability(self.stability)
        object.__setattr__(self, "painting", self.painting.for_frames())


@dataclass(frozen=True)
class LiveReport:
    """Report of how it went; all but ``frames`` is of the last ten seconds.

    Attributes:
        frames: shown.
        rate: frames a second, on the average.
        delay_s: from a frame's capture to the screen, at the median.
        long_delay_s: 19 of 20 frames are no later.
        width, height: that frames were painted at in the end, in pixels; 0 if none was shown.
        engine: that painted them, with its version and precision.
    """

    frames: int
    rate: float
    delay_s: float
    long_delay_s: float
    width: int
    height: int
    engine: str


def run_live(
    camera: Camera,
    screen: Screen,
    options: LiveOptions,
    on_note: Callable[[str], None] = lambda text: None,
    virtual: VirtualCamera | None = None,
) -> LiveReport:
    """Show a camera's paintings until the window is closed, or q or Esc is pressed.

    Args:
        camera, screen: closed at the end, in whatever way it comes.
        on_note: told of photos and recordings that were written.
        virtual: gets what is shown, without the words; closed at the end, too.

    Raises:
        StyleError: the style is unknown.
        EngineError: the engine is missing or fails.
        OutputError: a photo or recording cannot be written.
    """
    capture = Capture(camera)
    try:
        session = _Session(capture, screen, options, on_note, virtual)
        try:
            return session.run()
        finally:
            session.close()
    finally:
        screen.close()
        capture.close()  # may wait for a network camera to answer
        if virtual:
            virtual.close()


class _Session:
    def __init__(
        self,
        capture: Capture,
        screen: Screen,
        options: LiveOptions,
        on_note: Callable[[str], None],
        virtual: VirtualCamera | None,
    ) -> None:
        self._capture, self._screen, self._virtual = capture, screen, virtual
        self._options, self._on_note = options, on_note
        gallery = open_gallery(options.painting.gallery)  # read once for all
        painting = replace(options.painting, gallery=gallery)
        packs, index = packs_from(str(painting.style), gallery)
        self._settings = LiveSettings(
            packs,
            index,
            strength=painting.strength,
            stroke=painting.stroke,
            keep_colors=painting.keep_colors,
        )
        self._number = NumberEntry(len(self._settings.styles))
        self._budget = FrameBudget(options.rate)
        self._recorder: Recorder | None = None
        self._message, self._message_until_s = "", 0.0
        self._shown: Pixels | None = None
        self._frames = 0
        self._pace, self._last_second = Pace(REPORT_S), Pace(RATE_S)

        def open_stylizer(style: str) -> Stylizer:
            return Stylizer(replace(painting, style=style, stroke=1.0), natural_px=FRAME_NATURAL_PX)

        self._painter = LiveStylizer(
            capture, self._settings, self._budget, open_stylizer, stability=options.stability
        )

    def run(self) -> LiveReport:
        number = 0
        while self._screen.is_open():
            picture = self._painter.newer_than(number, PICTURE_WAIT_S)
            if picture is not None:
                number = picture.frame.number
                self._show(picture)
            elif not self._capture.connected:
                waiting = (
                    np.zeros(WAITING_SIZE, np.uint8) if self._shown is None else self._shown // 2
                )
                self._screen.show(waiting, ["waiting for the camera"])
            key = self._screen.key()
            if key in ("q", "escape"):
                break
            self._choose(self._number.after(time.monotonic()))
            if key:
                self._obey(key)
        height, width = self._shown.shape[:2] if self._shown is not None else (0, 0)
        pace, engine = self._pace, self._painter.engine
        return LiveReport(
            self._frames, pace.rate, pace.delay_s, pace.long_delay_s, width, height, engine
        )

    def _show(self, picture: LivePicture) -> None:
        painting = picture.painting
        if self._settings.compare:
            painting = compare(picture.photo, painting)
        self._shown = painting
        if self._recorder:
            self._recorder.add(painting)
        if self._virtual:
            self._virtual.send(painting)
        self._screen.show(painting, self._lines(picture))
        self._frames += 1
        for pace in (self._pace, self._last_second):
            pace.add(picture.frame.taken_s, time.monotonic())

    def _lines(self, picture: LivePicture) -> list[str]:
        settings = self._settings
        height, width = picture.painting.shape[:2]
        size = f"{width}x{height}"
        if self._budget.share < 1:
            size += f" (reduced to hold {self._options.rate:g})"
        rate = self._last_second.rate
        lines = [f"{picture.style}  {settings.strength:.0%}  {size}  {rate:.0f} frames/s"]
        if self._number.typed:
            lines.append(f"style {self._number.typed}_")
        if picture.style != settings.style:
            lines.append(f"{settings.style} is coming")
        if settings.mixed and not settings.following:
            lines.append(f"{settings.style} mixes with no other")
        if self._recorder:
            lines.append("recording")
        if time.monotonic() < self._message_until_s:
            lines.append(self._message)
        if settings.help:
            lines += [f"{keys}: {what}" for keys, what in HELP]
            names = [f"{number} {style}" for number, style in enumerate(settings.styles, 1)]
            rows = range(0, len(names), STYLES_A_LINE)
            lines += ["   ".join(names[at : at + STYLES_A_LINE]) for at in rows]
        return lines

    def _choose(self, number: int | None) -> None:
        if number is not None:
            self._settings = self._painter.settings = choose(self._settings, number)

    def _obey(self, key: str) -> None:
        if key.isdigit():
            self._choose(self._number.press(key, time.monotonic()))
            return
        self._choose(self._number.finish())
        if key == "s":
            self._save_photo()
        elif key == "r":
            self._toggle_recording()
        elif key == "f":
            self._screen.toggle_full_screen()
        else:
            self._settings = self._painter.settings = press(self._settings, key)

    def _save_photo(self) -> None:
        if self._shown is not None:
            path = self._path(".png")
            write_image(path, Picture(self._shown))
            self._say(f"saved {path.name}", path)

    def _toggle_recording(self) -> None:
        if self._recorder:
            self._stop_recording()
        elif self._shown is not None:
            height, width = self._shown.shape[:2]
            self._recorder = Recorder(self._path(".mkv"), width, height, self._options.rate)

    def _stop_recording(self) -> None:
        if self._recorder:
            recorder, self._recorder = self._recorder, None
            recorder.close()
            self._say(f"recorded {recorder.path.name}", recorder.path)

    def _path(self, suffix: str) -> Path:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        return self._options.folder / f"impasto-{stamp}{suffix}"

    def _say(self, message: str, path: Path) -> None:
        self._message, self._message_until_s = message, time.monotonic() + MESSAGE_S
        self._on_note(str(path))

    def close(self) -> None:
        self._painter.close()
        self._stop_recording()
