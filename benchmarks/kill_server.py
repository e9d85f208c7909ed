"""A server is killed at random moments, with three jobs under way; do all of them end whole?

    PYTHONPATH=tests python benchmarks/kill_server.py [KILLS]

Two videos and a painting of the best quality, in one server of a tiny gallery. At the end the
videos must have every frame once, the painting its size, and no temporary file may be left.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from server.calls import Server, encoded, pixels, wait_for
from tiny import tiny_gallery
from video.clips import make_clip, read_clip

FRAMES, SIZE = 1500, (160, 120)
LONGEST_S = 20.0
KEPT = {"lock", "request.json", "video", "photo", "painting", "painting.mp4", "painting.png"}


def main(kills: int) -> None:
    """Kill it so often, then look at what it made."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder, served = Path(name), Path(name, "server")
        gallery = tiny_gallery(folder / "gallery").folder
        clip = make_clip(folder / "clip.mp4", frames=FRAMES, size=SIZE).read_bytes()
        server = Server(served, gallery, "serve", "--jobs", "3")
        video = {"data": {"kind": "video", "style": "first"}, "files": {"video": clip}}
        best = {
            "data": {"kind": "best", "size_px": "96", "steps": "20", "format": "png"},
            "files": {"photo": encoded(128, 96), "painting": encoded(90, 80, seed=9)},
        }
        jobs = [
            server.client.post("/v1/jobs", **each).json()["id"] for each in (video, video, best)
        ]
        for number in range(kills):
            time.sleep(chance.uniform(0, LONGEST_S))
            states = [server.client.get(f"/v1/jobs/{each}").json() for each in jobs]
            server.end(signal.SIGKILL)
            shown = ", ".join(f"{each['state']} {each['progress']:.0%}" for each in states)
            print(f"kill {number + 1}: {shown}", flush=True)
            server = Server(served, gallery, "serve", "--jobs", "3")
        for number, job in enumerate(jobs):
            ended = wait_for(server.client, job, timeout_s=3600)
            assert ended["state"] == "done", ended
            result = server.client.get(f"/v1/jobs/{job}/result").content
            if number < 2:
                (folder / "result.mp4").write_bytes(result)
                times, _ = read_clip(folder / "result.mp4")
                assert times == list(range(0, 24 * FRAMES, 24)), len(times)
            else:
                assert pixels(result).shape == (72, 96, 3)
            left = {each.name for each in (served / "jobs" / job).iterdir()}
            assert left <= KEPT, left
        assert [each.name for each in (served / "temporary").iterdir()] == ["page"]
        server.end(signal.SIGTERM)
    print(f"{kills} kills: all three jobs ended whole")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
