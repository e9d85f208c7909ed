"""A server is killed at random moments, with three jobs under way; do all of them end whole?

    PYTHONPATH=tests python benchmarks/kill_server.py [KILLS]

Two videos and a painting of the best quality, in one server of a tiny gallery
(`tests/server/kills.py`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from server.kills import kill_and_finish
from tiny import tiny_gallery


def main(kills: int) -> None:
    """Kill it so often, then look at what it made."""
    with tempfile.TemporaryDirectory() as name:
        gallery = tiny_gallery(Path(name, "gallery")).folder
        met = kill_and_finish(Path(name), gallery, kills, frames=1500, say=print)
    print(f"{kills} kills, {met} of them with all under way: all three jobs ended whole")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
