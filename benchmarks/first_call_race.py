"""Looks for engines that hang when two threads use them for the first time at once.

    python benchmarks/first_call_race.py [--runs N] [ENGINE...]

Each run is a process of its own, in which threads change places as often as Python lets them. Two
engines are opened on one thread; then their first pictures are painted on two. Runs that do not end
are stopped and counted: without what `impasto.engines.openvino` does when it is loaded, that was
one in fifty of OpenVINO.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from impasto.engines import available_engines

LIMIT_S = 300.0  # a busy machine is slow, and a run that hangs never ends
PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

import impasto

how = {"quality": "live", "engine": sys.argv[1], "threads": 1}
engines = [impasto.Stylizer("udnie", **how).engine for _ in range(2)]
photo = np.zeros((64, 64, 3), np.uint8)
start = Barrier(2)
sys.setswitchinterval(1e-6)


def paint(engine):
    start.wait()
    engine.paint(photo)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(paint, engines))  # for their errors
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help="default: all installed")
    parser.add_argument("--runs", type=int, default=200, help="of each")
    options = parser.parse_args()
    hung = 0
    for engine in options.engines or available_engines():
        ended = [ends(engine) for _ in range(options.runs)]
        hung += ended.count(False)
        print(f"{engine}: {ended.count(False)} of {options.runs} runs hung")
    sys.exit(hung > 0)


def ends(engine: str) -> bool:
    """Whether a run ends by itself."""
    try:
        subprocess.run([sys.executable, "-c", PROGRAM, engine], check=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return False
    return True


if __name__ == "__main__":
    main()
