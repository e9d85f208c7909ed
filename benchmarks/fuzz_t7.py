"""A million mutated bytes: every damaged .t7 file is read or refused, quickly and in little memory.

    PYTHONPATH=tests python benchmarks/fuzz_t7.py [BYTES]

Copies of small binary (32 and 64 bit) and ASCII files have one to eight bytes changed each, every
fourth one is cut off as well. Anything but a value or an InputError ends the run with a traceback.
"""

from __future__ import annotations

import random
import resource
import sys
import time

from converters.write_t7 import johnson, write_t7
from impasto.converters.t7 import parse_t7
from impasto.errors import InputError

MOST_BYTES = 8  # changed in a copy
PLACES = 4096  # a network's structure lies among its weights; most damage should hit it
KINDS = ({"text": False}, {"text": False, "long_bytes": 4}, {"text": True})


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    network = johnson(width=1, blocks=1)
    wholes = [write_t7({"model": network}, **kind) for kind in KINDS]
    chooser = random.Random(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = refused = changed = 0
    slowest = 0.0
    while changed < wanted:
        whole = wholes[(read + refused) % len(wholes)]
        copy = bytearray(whole)
        start = chooser.randrange(max(1, len(copy) - PLACES))
        count = chooser.randint(1, MOST_BYTES)
        for _ in range(count):
            place = chooser.randrange(start, min(len(copy), start + PLACES))
            copy[place] = chooser.randrange(256)
        changed += count
        if (read + refused) % 4 == 0:
            del copy[chooser.randrange(len(copy)) :]
        began = time.perf_counter()
        try:
            parse_t7(bytes(copy))
            read += 1
        except InputError:
            refused += 1
        slowest = max(slowest, time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = ", ".join(f"{len(whole):,}" for whole in wholes)
    print(f"{changed:,} bytes changed, files of {sizes} bytes")
    print(f"{read:,} read, {refused:,} refused, {1000 * slowest:.0f} ms the slowest")
    print(f"memory grew by {(after - before) / 1024:.0f} MB")


if __name__ == "__main__":
    main()
