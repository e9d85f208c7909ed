"""Speed of a video from file to file, against that of the bare network on frames in memory.

    python benchmarks/video_speed.py [CLIP] [--frames N] [--stability S] [--json FILE]

Without a clip, one of 1280 x 720 px is made first: a camera that wanders over a photograph, in
H.264. Both are timed in turns, and the best of each counts, since other programs may slow either
down. `--memory` tells the peak memory of a short and a long video instead.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from impasto.images import read_image, resize
from impasto.multiscale import FRAME_NATURAL_PX
from impasto.stylizer import Stylizer
from impasto.video import read_frames, stylize_video

PHOTO = Path(__file__).parent.parent / "examples" / "coffee.jpg"
SIZE = (1280, 720)
RATE = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=600, help="of the clip that is made")
    parser.add_argument("--stability", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--memory", type=float, nargs=2, metavar="SECONDS", help="of a short and a long clip"
    )
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(peak_mb(options.clip, options.stability))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.memory:
            figures = memory(folder, options.memory, options.stability)
        else:
            clip = options.clip or make_clip(folder / "clip.mp4", options.frames)
            figures = speed(clip, folder / "out.mp4", options)
    for title, value in figures.items():
        print(f"{title:34} {value:8.2f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def make_clip(path: Path, frames: int, size: tuple[int, int] = SIZE) -> Path:
    large = resize(read_image(PHOTO).pixels, size[0] + 400, size[1] + 240)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        stream.codec_context.options = {"preset": "ultrafast"}
        for number in range(frames):
            left = round(200 + 200 * np.sin(number / 40))
            top = round(120 + 120 * np.cos(number / 50))
            pixels = np.ascontiguousarray(large[top : top + size[1], left : left + size[0]])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def speed(clip: Path, output: Path, options: argparse.Namespace) -> dict[str, float]:
    pictures = [frame.pixels for frame in islice(read_frames(clip), 30)]
    network, whole = [], []
    with Stylizer(natural_px=FRAME_NATURAL_PX) as stylizer:
        for _ in range(options.rounds):
            for picture in pictures[:6]:
                stylizer(picture)
            began = time.perf_counter()
            for picture in pictures:
                stylizer(picture)
            network.append(len(pictures) / (time.perf_counter() - began))
            report = stylize_video(clip, output, stability=options.stability, overwrite=True)
            whole.append(report.painted / report.seconds)
    return {
        "the network alone, frames/s": max(network),
        "from file to file, frames/s": max(whole),
        "share": max(whole) / max(network),
    }


def memory(folder: Path, seconds: list[float], stability: float) -> dict[str, float]:
    """Measure each in a process of its own, whose peak is its own."""
    figures = {}
    for each in seconds:
        clip = make_clip(folder / f"{each:g}.mp4", round(each * RATE), (320, 180))
        command = [sys.executable, __file__, str(clip), "--peak", "--stability", str(stability)]
        figures[f"{each:g} s, MB at the peak"] = float(subprocess.check_output(command))
    first, second = figures.values()
    return {**figures, "long over short": second / first}


def peak_mb(clip: Path, stability: float) -> float:
    stylize_video(clip, clip.with_suffix(".out.mp4"), stability=stability)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
