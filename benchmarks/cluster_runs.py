"""What a cluster does with photos and films, measured on this machine.

    PYTHONPATH=tests python benchmarks/cluster_runs.py efficiency [--photos N] [--size WxH]
    PYTHONPATH=tests python benchmarks/cluster_runs.py memory [--photos N]
    PYTHONPATH=tests python benchmarks/cluster_runs.py survive [--photos N]
    PYTHONPATH=tests python benchmarks/cluster_runs.py film FILM

``efficiency``: two painters on a core each, beside two plain processes of the library, in one run.
``memory``: the driver's memory after N / 10 rows, and after N.
``survive``: three nodes; a painter, a node and the driver are killed, and the command is run again.
``film``: three nodes, one of which is killed midway, beside `impasto video` on this machine.

Each prints JSON, which `benchmarks/cluster_model.py` reads.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from impasto.cluster.photos import BatchOptions
from impasto.cluster.places import Place
from impasto.cluster.run import ROWS_PER_TASK, Batch, paint_batch
from impasto.cluster.source import Source
from impasto.images import Picture, write_image
from impasto.options import StylizeOptions
from impasto.photos import paint_photo
from impasto.progress import Progress
from impasto.stylizer import Stylizer
from impasto.video import read_frames, stylize_video

STYLE = "udnie"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", choices=["efficiency", "memory", "survive", "film", "plain", "rows"]
    )
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--photos", type=int)
    parser.add_argument("--size", default="1024x768")
    parser.add_argument("--painters", type=int, default=2)
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = globals()[options.what](options, Path(folder))
    print(json.dumps(figures))


def efficiency(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Photos a second, once all painters are at work, of both."""
    count, painters = options.photos or 160, options.painters
    make_photos(folder / "photos", count, options.size)
    shares = [str(folder / f"plain-{number}") for number in range(painters)]
    command = [sys.executable, __file__, "plain", "--size", options.size]
    processes = [
        subprocess.Popen(
            [*command, "--photos", str(count // painters), str(folder / "photos"), share],
            stdout=subprocess.PIPE,
        )
        for share in shares
    ]
    told = [json.loads(process.communicate()[0]) for process in processes]
    plain = sum(each["photos/s"] for each in told)
    times: list[tuple[int, float]] = []
    look = StylizeOptions(STYLE)
    batch = Batch(
        Source(str(folder / "photos")), Place(str(folder / "out")), BatchOptions(look), painters
    )
    began = time.monotonic()
    paint_batch(batch, progress=lambda event: times.append((event.done, time.monotonic())))
    # From when each painter has done its first task, up to when the first one finds no more.
    (first, begin), (last, end) = times[painters], times[-painters]
    rate = (last - first) / (end - begin)
    plain_cpu_s = sum(each["CPU s a photo"] for each in told) / painters
    return {
        "photos": count,
        "size": options.size,
        "painters": painters,
        "CPU s a photo": round(plain_cpu_s, 4),
        "plain photos/s": round(plain, 3),
        "cluster photos/s": round(rate, 3),
        "efficiency": round(rate / plain, 3),
        "whole run s": round(time.monotonic() - began, 1),
        "first task s": round(times[0][1] - began, 1),
        "rows a task": ROWS_PER_TASK,
    }


def plain(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One process of the library on a core, as a script of one's own would use it."""
    source, target = options.paths
    target.mkdir()
    photos = sorted(source.iterdir())[: options.photos]
    with Stylizer(STYLE, threads=1) as stylizer:
        paint_photo(stylizer, photos[0], target / "first.jpg")
        began, cpu_began = time.monotonic(), time.process_time()
        for photo in photos:
            paint_photo(stylizer, photo, target / photo.name)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_began
    return {"photos/s": len(photos) / seconds, "CPU s a photo": cpu_seconds / len(photos)}


def memory(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Megabytes of the driver alone, a process of its own for each number of rows."""
    count = options.photos or 10_000
    figures = {}
    for rows_ in (count // 10, count):
        command = [
            sys.executable,
            __file__,
            "rows",
            "--photos",
            str(rows_),
            str(folder / str(rows_)),
        ]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        figures[f"{rows_} rows"] = json.loads(ended.stdout)
    return figures


def rows(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Paint one small photo so often, in another strength each time; the driver of `memory`."""
    from tiny import picture, tiny_gallery

    place = options.paths[0]
    tiny_gallery(place / "gallery")
    write_image(place / "1.png", Picture(picture(48, 32)))
    lines = "\n".join(f"1.png,{(1 + row) / options.photos}" for row in range(options.photos))
    (place / "rows.csv").write_text(f"path,strength\n{lines}\n")
    look = StylizeOptions("first", gallery=str(place / "gallery"), engine="opencv")
    batch = Batch(Source(str(place / "rows.csv")), Place(str(place / "out")), BatchOptions(look))
    began = time.monotonic()
    assert paint_batch(batch).painted == options.photos
    seconds = time.monotonic() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # Now that all are there, tasks cost as little as they can: the driver is what is waited for.
    times: list[float] = []
    paint_batch(batch, progress=lambda _: times.append(time.process_time()))
    return {
        "driver's peak MB": round(peak_mb, 1),
        "driver's CPU s a task": round((times[-1] - times[0]) / (len(times) - 1), 4),
        "s": round(seconds, 1),
    }


def survive(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that `tests/cluster/three_nodes.py` does to a batch, with more photos."""
    from cluster.three_nodes import check, drive_and_kill, make_batch, three_nodes

    batch = make_batch(folder, options.photos or 2000, (96, 72))
    with three_nodes() as nodes:
        began = time.monotonic()
        drive_and_kill(batch, nodes)
        killed_s = time.monotonic() - began
        report = paint_batch(batch, address=nodes.address)
    check(batch, report)
    return {
        "rows": report.painted + report.skipped + report.failed,
        "there after the kill": report.skipped,
        "s until the kill": round(killed_s, 1),
        "s in all": round(time.monotonic() - began, 1),
    }


def film(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Frame count, times and sound beside those of one machine, and how far pixels are apart."""
    import numpy as np

    from cluster.three_nodes import lose_a_node, three_nodes
    from video.clips import sound_packets

    [clip] = options.paths
    look = StylizeOptions(STYLE)
    began = time.monotonic()
    stylize_video(clip, folder / f"one{clip.suffix}", look.for_frames())
    one_s = time.monotonic() - began
    batch = Batch(Source(str(clip)), Place(str(folder / "out")), BatchOptions(look, stability=0.4))
    killed: list[Progress] = []
    with three_nodes() as nodes:

        def listen(event: Progress) -> None:
            if not killed:
                killed.append(event)
                lose_a_node(nodes)

        began = time.monotonic()
        paint_batch(batch, address=nodes.address, progress=listen)
    seconds = time.monotonic() - began
    paths = [folder / "out" / clip.name, folder / f"one{clip.suffix}"]
    apart, same_times = [], True
    for ours, theirs in zip(*map(read_frames, paths), strict=True):
        apart.append(float(np.abs(ours.pixels.astype(np.int16) - theirs.pixels).mean()))
        same_times &= ours.time_s == theirs.time_s
    sounds = [sound_packets(path) for path in paths]
    return {
        "frames": len(apart),
        "same times": same_times,
        "same sound": sounds[0] == sounds[1],
        "levels apart": {"mean": round(float(np.mean(apart)), 2), "most": round(max(apart), 2)},
        "one machine s": round(one_s, 1),
        "three nodes s": round(seconds, 1),
    }


def make_photos(folder: Path, count: int, size: str) -> None:
    """Write photos that no cache can share: one scene, cut out at different places."""
    from tiny import picture

    width, height = (int(part) for part in size.split("x"))
    scene = picture(width + count, height)
    folder.mkdir()
    for number in range(count):
        pixels = scene[:, number : number + width]
        write_image(folder / f"{number:05d}.jpg", Picture(pixels.copy()))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Ray's workers give way to all others (15): here they are measured beside plain processes.
    os.environ.setdefault("RAY_worker_niceness", "0")
    main()
