"""What refusing hostile and damaged files costs: the worst time, and the worst memory.

    PYTHONPATH=tests python benchmarks/hostile_files.py [MUTATIONS]

Each bomb is read in a process of its own, whose peak of memory is taken; so are damaged copies of
whole files, some bytes changed or the end cut off. The bar: 2 s, and 3 times the file plus 200 MB.
Memory is counted from what the process holds once the libraries are loaded.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from converters import foreign
from converters.hostile import BOMBS
from converters.write_t7 import johnson, write_t7
from impasto.converters import convert_network
from impasto.errors import ImpastoError

MOST_S, MOST_TIMES, MOST_MB = 2.0, 3, 200


def main() -> None:
    mutations = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    context = multiprocessing.get_context("fork")
    worst_s = worst_mb = 0.0
    failed = False
    warm_up()
    for name, (suffix, content) in BOMBS.items():
        seconds, megabytes, outcome = measured(context, suffix, [content])
        allowed = MOST_TIMES * len(content) / 1e6 + MOST_MB
        within = seconds <= MOST_S and megabytes <= allowed and outcome.startswith("refused")
        failed |= not within
        worst_s, worst_mb = max(worst_s, seconds), max(worst_mb, megabytes)
        mark = "" if within else "  <-- beyond the bar"
        print(
            f"{name}: {len(content) / 1e6:.1f} MB, {seconds:.2f} s, {megabytes:.0f} MB, "
            f"{outcome}{mark}"
        )
    for suffix, whole in files().items():
        damaged = list(mutated(whole, mutations))
        seconds, megabytes, outcome = measured(context, suffix, damaged)
        failed |= not outcome or seconds > MOST_S
        worst_s = max(worst_s, seconds)
        print(
            f"{suffix}: {mutations} damaged copies of {len(whole) / 1e6:.2f} MB, "
            f"{seconds:.2f} s the slowest, {megabytes:.0f} MB in all, {outcome}"
        )
    print(f"worst: {worst_s:.2f} s, {worst_mb:.0f} MB")
    sys.exit(failed)


def warm_up() -> None:
    """Load what reading loads, so that it is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix, content in files().items():
            path = Path(folder, f"a.{suffix}")
            path.write_bytes(content)
            convert_network(path)


def files() -> dict[str, bytes]:
    net = foreign.TransformerNet(blocks=1)
    return {
        "t7": write_t7({"model": johnson(blocks=1)}),
        "npz": foreign.npz(foreign.lengstrom_variables(blocks=1)),
        "pth": foreign.state_dict(net),
        "onnx": foreign.zoo_onnx(net),
    }


def mutated(content: bytes, count: int) -> list[bytes]:
    chooser = random.Random(0)
    copies = []
    for number in range(count):
        copy = bytearray(content)
        for _ in range(chooser.randint(1, 8)):
            place = chooser.randrange(len(copy))
            if number % 2:  # what is not weights is at the ends, often
                place = min(place % 2048, len(copy) - 1)
            copy[place] = chooser.randrange(256)
        copies.append(bytes(copy[: chooser.randrange(len(copy))] if number % 7 == 0 else copy))
    return copies


def measured(
    context: multiprocessing.context.ForkContext, suffix: str, contents: list[bytes]
) -> tuple[float, float, str]:
    """Return seconds for the slowest, megabytes for all, and what came of the last; "" if it
    crashed.
    """
    ours, theirs = context.Pipe()
    process = context.Process(target=convert_all, args=(theirs, suffix, contents))
    process.start()
    theirs.close()
    try:
        result: tuple[float, float, str] = ours.recv()
    except EOFError:
        result = (0.0, 0.0, "")
    process.join()
    return result


def convert_all(pipe, suffix: str, contents: list[bytes]) -> None:  # type: ignore[no-untyped-def]
    slowest, outcome = 0.0, "converted"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{suffix}")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for content in contents:
            path.write_bytes(content)
            began = time.perf_counter()
            try:
                convert_network(path)
                outcome = "converted"
            except ImpastoError as error:
                outcome = f"refused ({str(error).replace(folder, '')[:90]})"
            slowest = max(slowest, time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pipe.send((slowest, (after - before) / 1024, outcome))


if __name__ == "__main__":
    main()
