"""32 clients post photos for a minute: how many are painted, beside the library alone?

    PYTHONPATH=tests python benchmarks/server_load.py [SECONDS]

Prints the answers by status, photos a second beside those of the library with the same engine, the
server's memory a third of the way and at the end, and how long `/healthz` took meanwhile.
"""

from __future__ import annotations

import collections
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


def resident_mb(process: int) -> float:
    """Return how much memory a process has."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def library_rate(photo: bytes, target: Path, seconds: float) -> float:
    """Return how many photos a second the library paints, from bytes to a file."""
    with Stylizer(STYLE) as stylizer:
        paint_photo(stylizer, photo, target)
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            paint_photo(stylizer, photo, target)
            count += 1
        return count / (time.perf_counter() - began)


def main(seconds: float) -> None:
    """Post, and print."""
    photo = encoded(WIDTH, HEIGHT, "jpg")
    answers: collections.Counter[int] = collections.Counter()
    health_s: list[float] = []
    memory_mb: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        alone = library_rate(photo, Path(name, "painting.jpg"), seconds / 4)
        server = Server(Path(name, "server"), None, "serve")
        until = time.monotonic() + seconds

        def post() -> None:
            with httpx2.Client(base_url=server.address, timeout=300) as client:
                while time.monotonic() < until:
                    answer = client.post("/v1/paint", files={"photo": photo}, data={"style": STYLE})
                    answers[answer.status_code] += 1
                    if answer.status_code == 429:
                        time.sleep(float(answer.headers["retry-after"]))

        threads = [threading.Thread(target=post) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            began = time.perf_counter()
            server.client.get("/healthz")
            health_s.append(time.perf_counter() - began)
            memory_mb.append(resident_mb(server.process.pid))
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        server.end(signal.SIGTERM)
    third = memory_mb[len(memory_mb) // 3]
    print(f"answers: {dict(answers)}")
    print(f"photos a second: {answers[200] / seconds:.2f}, by the library alone {alone:.2f}")
    print(f"memory: {third:.0f} MB after a third, {memory_mb[-1]:.0f} MB in the end")
    print(f"p99 of /healthz: {1000 * float(np.quantile(health_s, 0.99)):.0f} ms")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
