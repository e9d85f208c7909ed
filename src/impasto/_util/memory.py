"""How much memory there is."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path


def usable_memory_bytes(root: Path = Path("/")) -> int | None:
    """Return how much memory this process may have in all, with what it has: on Linux, what it has
    and what is free, within the limits of its control groups (containers have some); on Windows,
    what is free; elsewhere half of what there is; none if the system does not tell.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    if sys.platform == "win32":
        return _free_on_windows()
    if (root / "proc/meminfo").is_file():
        return _usable_on_linux(root)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return None


def _usable_on_linux(root: Path) -> int | None:
    try:
        fields = dict(
            line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines()
        )
        free = 1024 * int(fields["MemAvailable"].split()[0])
        resident_pages = int((root / "proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, LookupError):
        return None
    free = min([free, *_left_in_groups(root)])
    return free + resident_pages * os.sysconf("SC_PAGE_SIZE")


def _left_in_groups(root: Path) -> list[int]:
    """Return what the limits of the process's control groups leave, of both versions, in bytes."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2, which has one tree for all
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = top / path.lstrip("/")
        # A limit holds for all groups below; in a container, the path may be the host's own.
        for folder in (group, *group.parents):
            if (each := _left_in(folder, *names)) is not None:
                left.append(each)
            if folder == top:
                break
    return left


def _left_in(folder: Path, limit: str, used: str, cache: str) -> int | None:
    """Return what a control group's limit leaves; none if it has no limit. The kernel gives back
    what it caches of files.
    """
    try:
        most, taken = (int((folder / name).read_text()) for name in (limit, used))
        lines = (folder / "memory.stat").read_text().splitlines()
        return max(0, most - taken + int(dict(line.split() for line in lines)[cache]))
    except (OSError, ValueError, LookupError):  # "max" is no number
        return None


def _free_on_windows() -> int | None:
    if sys.platform != "win32":
        return None

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of sysinfoapi.h."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", *"abcde")),
        )

    status = Status(length=ctypes.sizeof(Status))
    told = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.free) if told else None
