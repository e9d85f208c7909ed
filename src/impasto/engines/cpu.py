"""Types that the CPU multiplies natively."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
VNNI = {"avx512_vnni", "avx_vnni"}


@cache
def cpu_flags() -> frozenset[str]:
    """Return the CPU's features, by Linux' names for them; empty where they cannot be known."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return frozenset()
    try:
        for line in CPUINFO.read_text().splitlines():
            key, _, flags = line.partition(":")
            if key.strip() == "flags":
                return frozenset(flags.split())
    except OSError:
        pass
    return frozenset()


def has_vnni() -> bool:
    """Return whether it sums products of 8-bit numbers natively."""
    return not VNNI.isdisjoint(cpu_flags())


def has_amx() -> bool:
    """Return whether it multiplies matrices of bfloat16 natively: as fast as sums of 8-bit
    products.
    """
    return "amx_bf16" in cpu_flags()
