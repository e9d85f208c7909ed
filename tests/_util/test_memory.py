import os
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto._util.memory import usable_memory_bytes

PAGE_BYTES = 0 if sys.platform == "win32" else os.sysconf("SC_PAGE_SIZE")
KB, MB = 1 << 10, 1 << 20


@pytest.fixture
def system(tmp_path: Path) -> Any:
    """A Linux with 4000 MB free, and a process that has 100 pages."""
    if sys.platform == "win32":
        pytest.skip("Windows tells it in another way")

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    meminfo = f"MemTotal: 9000000 kB\nMemFree: 10 kB\nMemAvailable: {4000 * KB} kB\n"
    write("proc/meminfo", meminfo)
    write("proc/self/statm", "900 100 30 1 0 50 0\n")
    return write


def usable_beyond_its_own(root: Path) -> Any:
    usable = usable_memory_bytes(root)
    assert usable is not None
    return usable - 100 * PAGE_BYTES


def test_what_is_free_and_what_the_process_has(system: Any, tmp_path: Path) -> None:
    assert usable_memory_bytes(tmp_path) == 4000 * MB + 100 * PAGE_BYTES


@pytest.mark.parametrize("path", ["/", "/user/session", "/of/the/host"])
def test_within_the_limit_of_a_container(path: str, system: Any, tmp_path: Path) -> None:
    system("proc/self/cgroup", f"0::{path}\n")
    system("sys/fs/cgroup/memory.max", f"{1000 * MB}\n")
    system("sys/fs/cgroup/memory.current", f"{300 * MB}\n")
    system("sys/fs/cgroup/memory.stat", f"anon 5\ninactive_file {50 * MB}\n")
    system("sys/fs/cgroup/user/session/memory.max", "max\n")
    assert usable_beyond_its_own(tmp_path) == (1000 - 300 + 50) * MB


def test_the_tightest_limit_counts(system: Any, tmp_path: Path) -> None:
    system("proc/self/cgroup", "0::/a/b\n")
    for folder, limit in (("a", 700), ("a/b", 900)):
        system(f"sys/fs/cgroup/{folder}/memory.max", f"{limit * MB}\n")
        system(f"sys/fs/cgroup/{folder}/memory.current", f"{200 * MB}\n")
        system(f"sys/fs/cgroup/{folder}/memory.stat", "inactive_file 0\n")
    assert usable_beyond_its_own(tmp_path) == 500 * MB
    system("sys/fs/cgroup/a/memory.current", f"{800 * MB}\n")  # more than it may have
    assert usable_beyond_its_own(tmp_path) == 0


def test_control_groups_of_version_1(system: Any, tmp_path: Path) -> None:
    system("proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/\n0::/\n")
    system("sys/fs/cgroup/memory/memory.limit_in_bytes", f"{600 * MB}\n")
    system("sys/fs/cgroup/memory/memory.usage_in_bytes", f"{100 * MB}\n")
    system("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 0\n")
    assert usable_beyond_its_own(tmp_path) == 500 * MB


def test_a_limit_beyond_what_is_free(system: Any, tmp_path: Path) -> None:
    system("proc/self/cgroup", "4:memory:/\n")
    system("sys/fs/cgroup/memory/memory.limit_in_bytes", f"{2**63 - 4096}\n")
    system("sys/fs/cgroup/memory/memory.usage_in_bytes", "0\n")
    system("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 0\n")
    assert usable_beyond_its_own(tmp_path) == 4000 * MB


def test_what_cannot_be_read_is_unknown(system: Any, tmp_path: Path) -> None:
    system("proc/meminfo", "MemTotal: 9000000 kB\n")  # before Linux 3.14
    assert usable_memory_bytes(tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells it in another way")
def test_elsewhere_half_of_what_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", there.__getitem__)
    assert usable_memory_bytes(tmp_path) == 500 * 4096


def test_this_machine_has_some() -> None:
    assert (usable_memory_bytes() or 0) > 10 * MB
