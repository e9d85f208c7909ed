"""Killing a server at random moments, with three jobs under way; all of them must end whole."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from impasto.video import stylize_video
from server.calls import Server, encoded, pixels, wait_for
from video.clips import make_clip, read_clip

SIZE = (160, 120)
LONGEST_S = 120.0
KEPT = {"lock", "request.json", "video", "photo", "painting", "painting.mp4", "painting.png"}


def kill_and_finish(
    folder: Path, gallery: Path, kills: int, frames: int, say: Callable[[str], object] = str
) -> int:
    """Kill a server when the first of two videos is so far, by chance, then let it end its work.

    Beside the videos a painting of the best quality is under way, which is begun anew each time.

    Args:
        folder: of all that is made.
        gallery: has the style ``first``.
        kills: how many.
        frames: of each video.
        say: told how far the jobs were at each kill.

    Returns:
        at how many kills all three were under way.

    Raises:
        AssertionError: a result is not what would have been painted without kills, or a temporary
            file is left.
    """
    chance, served = random.Random(0), folder / "server"
    clip = make_clip(folder / "clip.mp4", frames=frames, size=SIZE)
    look: dict[str, Any] = {"style": "first", "engine": "opencv"}
    video: dict[str, Any] = {
        "data": {"kind": "video", **look},
        "files": {"video": clip.read_bytes()},
    }
    best: dict[str, Any] = {
        "data": {"kind": "best", "size_px": "96", "steps": "20", "format": "png"},
        "files": {"photo": encoded(128, 96), "painting": encoded(90, 80, seed=9)},
    }
    server = Server(served, gallery, "serve", "--jobs", "3")
    jobs = [server.client.post("/v1/jobs", **each).json()["id"] for each in (video, video, best)]
    met = 0
    for number in range(kills):
        share = (number + chance.random()) / kills
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            states = [server.client.get(f"/v1/jobs/{each}").json() for each in jobs]
            assert all(each["state"] != "failed" for each in states), states
            if states[0]["progress"] >= share:
                break
            time.sleep(chance.uniform(0, 0.1))
        said = ", ".join(f"{each['state']} {each['progress']:.0%}" for each in states)
        say(f"kill {number + 1}: {said}")
        met += all(each["state"] == "running" for each in states)
        server.end(signal.SIGKILL)
        server = Server(served, gallery, "serve", "--jobs", "3")
    ended = [wait_for(server.client, job, timeout_s=3600) for job in jobs]
    assert [each["state"] for each in ended] == ["done"] * 3, ended
    stylize_video(clip, folder / "expected.mp4", **look, gallery=gallery)
    for job in jobs[:2]:
        assert_same_video(served / "jobs" / job / "painting.mp4", folder / "expected.mp4")
    painting = server.client.get(f"/v1/jobs/{jobs[2]}/result").content
    assert pixels(painting).shape == (72, 96, 3)
    server.end(signal.SIGTERM)
    left = {path.name for job in jobs for path in (served / "jobs" / job).iterdir()}
    assert left <= KEPT, left
    assert [each.name for each in (served / "temporary").iterdir()] == ["page"]
    return met


def assert_same_video(path: Path, expected: Path) -> None:
    """Compare all times and pixels."""
    (times, frames), (expected_times, expected_frames) = read_clip(path), read_clip(expected)
    assert times == expected_times
    assert np.array_equal(frames, expected_frames)
