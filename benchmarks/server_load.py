"""32 clients post photos for a minute: how many are painted, beside the library alone?

    PYTHONPATH=tests python benchmarks/server_load.py [SECONDS]

Prints the answers by status; photos a second, and CPU seconds a photo, beside those of the library
with the same engine; the server's memory a third of the way and at the end; and how long `/healthz`
took meanwhile, asked by a process of its own. Needs Linux.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import numpy as np

from impasto import Stylizer, paint_photo
from server.calls import Server, encoded

CLIENTS, WIDTH, HEIGHT = 32, 1024, 768
STYLE = "udnie"
ASK_EVERY_S = 0.05


def resident_mb(process: int) -> float:
    """Return how much memory a process has."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(process: int) -> float:
    """Return how long all threads of a process have computed."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def paint_alone(photo: bytes, target: Path, seconds: float) -> tuple[float, float]:
    """Return how many photos a second the library paints, from bytes to a file, and its CPU
    seconds for each.
    """
    with Stylizer(STYLE) as stylizer:
        paint_photo(stylizer, photo, target)
        began, worked, count = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds:
            paint_photo(stylizer, photo, target)
            count += 1
        return count / (time.perf_counter() - began), (time.process_time() - worked) / count


def ask_health(address: str, seconds: float) -> list[float]:
    """Return how long each of its answers took."""
    took_s, until = [], time.monotonic() + seconds
    with httpx2.Client(base_url=address, timeout=60) as client:
        while time.monotonic() < until:
            began = time.perf_counter()
            client.get("/healthz").raise_for_status()
            took_s.append(time.perf_counter() - began)
            time.sleep(ASK_EVERY_S)
    return took_s


def main(seconds: float) -> None:
    """Post, and print."""
    photo = encoded(WIDTH, HEIGHT, "jpg")
    answers: collections.Counter[int] = collections.Counter()
    memory_mb: list[float] = []
    with (
        tempfile.TemporaryDirectory() as name,
        multiprocessing.get_context("spawn").Pool(1) as other,
    ):
        rate_alone, cpu_alone = paint_alone(photo, Path(name, "painting.jpg"), seconds / 3)
        server = Server(Path(name, "server"), None, "serve")
        began, worked = time.monotonic(), cpu_s(server.process.pid)
        until = began + seconds

        def post() -> None:
            with httpx2.Client(base_url=server.address, timeout=300) as client:
                while time.monotonic() < until:
                    answer = client.post("/v1/paint", files={"photo": photo}, data={"style": STYLE})
                    answers[answer.status_code] += 1
                    if answer.status_code == 429:
                        time.sleep(float(answer.headers["retry-after"]))

        threads = [threading.Thread(target=post) for _ in range(CLIENTS)]
        health = other.apply_async(ask_health, (server.address, seconds))
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            memory_mb.append(resident_mb(server.process.pid))
            time.sleep(0.5)
        for thread in threads:
            thread.join()
        elapsed, worked = time.monotonic() - began, cpu_s(server.process.pid) - worked
        took_ms = 1000 * np.array(health.get())
        server.end(signal.SIGTERM)
    painted = answers[200]
    print(f"answers: {dict(answers)}")
    print(f"photos a second: {painted / elapsed:.2f}; {rate_alone:.2f} by the library alone")
    print(f"CPU seconds a photo: {worked / painted:.2f}; {cpu_alone:.2f} by the library alone")
    print(f"memory: {memory_mb[len(memory_mb) // 3]:.0f} MB after a third, {memory_mb[-1]:.0f} MB")
    print(
        f"/healthz: {np.median(took_ms):.0f} ms, p99 {np.quantile(took_ms, 0.99):.0f} ms, "
        f"longest {took_ms.max():.0f} ms of {len(took_ms)}"
    )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
