"""Paints a batch as a process that can be killed: `drive.py SOURCE TARGET GALLERY ADDRESS`. It says
how many rows it has been told of, and waits for a line before it is told of more.
"""

import contextlib
import sys
from typing import Any

from impasto.cluster import run
from impasto.cluster.photos import BatchOptions
from impasto.cluster.places import Place
from impasto.cluster.source import Source
from impasto.options import StylizeOptions
from impasto.progress import Progress

ROWS_PER_TASK = 2


def batch_of(source: str, target: str, gallery: Any) -> run.Batch:
    run.ROWS_PER_TASK = ROWS_PER_TASK
    look = StylizeOptions("first", gallery=gallery, engine="opencv")
    return run.Batch(Source(source), Place(target), BatchOptions(look, stability=0.4))


def wait(event: Progress) -> None:
    assert sys.__stdout__
    sys.__stdout__.write(f"{event.done}\n")
    sys.__stdout__.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    *places, address = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):  # Ray tells of nodes that it has lost
        run.paint_batch(batch_of(*places), address=address, progress=wait)
