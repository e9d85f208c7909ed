"""Kills `impasto video` at random moments, as a power cut would, and lets --resume finish the work.

    python benchmarks/kill_video.py CLIP [--kills N] [--seed N]

Every kill is followed by a --resume that is killed in turn, until one has the time to finish; then
it starts over, until there were N kills. Each finished video must have all frames of the clip, and
as many packets of sound; a video that lies there after a kill must be playable.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    expected = counts(options.clip)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out.mkv")
        command = [sys.executable, "-m", "impasto", "video", str(options.clip), "-o", str(output)]
        began = time.monotonic()
        subprocess.run(command, check=True)
        whole_s = time.monotonic() - began
        kills, finished = 0, 0
        while kills < options.kills:
            output.unlink(missing_ok=True)
            resume: list[str] = []
            while kills < options.kills:
                began = time.monotonic()
                process = subprocess.Popen([*command, *resume], stderr=subprocess.PIPE)
                try:
                    process.communicate(timeout=chance.uniform(0, whole_s))
                    if not resume:  # the first run may have been slow
                        whole_s = min(whole_s, time.monotonic() - began)
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    kills += 1
                if output.exists() and counts(output)[0] == 0:
                    sys.exit(f"kill {kills} left a video that does not play")
                if Path(folder, f".{output.name}.parts", "job.json").exists():
                    resume = ["--resume"]
                elif resume and output.exists():
                    break  # killed when all was done: nothing is left to resume
            else:
                subprocess.run([*command, *resume], check=True)
            if process.returncode > 0:
                sys.exit(f"after kill {kills} it failed: exit code {process.returncode}")
            if counts(output) != expected:
                sys.exit(f"after kill {kills}: {counts(output)}, not {expected}")
            finished += 1
            print(f"{kills} kills, {finished} videos finished, each with {expected[0]} frames")


def counts(path: Path) -> tuple[int, int]:
    """Count frames, and packets of sound."""
    with av.open(str(path)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return frames, 0
        sound = sum(packet.pts is not None for packet in container.demux(audio=0))
    return frames, sound


if __name__ == "__main__":
    main()
