import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto._util.atomic_files import (
    check_writable,
    clear_abandoned,
    lock_folder,
    make_folder,
    read_toml,
    write_atomically,
)
from impasto.errors import InputError, OutputError


def names(folder: Path) -> Any:
    return sorted(path.name for path in folder.iterdir())


def test_writes(tmp_path: Path) -> None:
    with write_atomically(tmp_path / "a.txt") as file:
        file.write(b"new")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), write_atomically(path) as file:
        file.write(bytes(1 // (len(path.name) - 5)))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), write_atomically(path):
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def leave_behind(path: Path) -> Any:
    """A process that is killed while it writes, and the names of what it leaves."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from impasto._util.atomic_files import write_atomically\n"
        "with write_atomically(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert killed.returncode == -9
    return names(path.parent)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    assert leave_behind(path) == [".a.txt.impasto-tmp", "a.txt"]
    assert path.read_bytes() == b"old"
    with write_atomically(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_folder_is_cleared_of_abandoned_files_only(tmp_path: Path) -> None:
    leave_behind(tmp_path / "a.txt")
    for name in (".hidden.tmp", "a.impasto-tmp"):  # not ours
        (tmp_path / name).touch()
    with write_atomically(tmp_path / "b.txt") as file:
        clear_abandoned(tmp_path)
        assert names(tmp_path) == [".b.txt.impasto-tmp", ".hidden.tmp", "a.impasto-tmp"]
        file.write(b"whole")
    assert (tmp_path / "b.txt").read_bytes() == b"whole"


def test_two_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with write_atomically(path) as first:
        first.write(b"first")
        with write_atomically(path) as second:
            second.write(b"second")
            assert len(names(tmp_path)) == 2
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Whether the file system has links or not."""
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.txt"
    first = write_atomically(path, overwrite=False)
    first.__enter__().write(b"first")
    with write_atomically(path, overwrite=False) as second:
        second.write(b"second")
    with pytest.raises(OutputError, match=r"a\.txt exists already"):
        first.__exit__(None, None, None)
    assert path.read_bytes() == b"second"
    assert names(tmp_path) == ["a.txt"]


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_full_disk_is_one_line_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(OutputError, match="No space left on device"),
        write_atomically(path) as file,
    ):
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with write_atomically(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with write_atomically(tmp_path / "pipe") as file:
        file.write(b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="cannot be written"),
        write_atomically(tmp_path / ("x" * 300)),
    ):
        pytest.fail("it opened")


def test_make_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder(tmp_path / "file" / "b")


@pytest.mark.skipif(os.name == "nt", reason="nothing is locked there")
def test_lock_folder(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path / "a" / "b")
    assert lock
    assert lock_folder(tmp_path / "a" / "b") is None
    lock.close()
    again = lock_folder(tmp_path / "a" / "b")
    assert again
    again.close()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        lock_folder(tmp_path / "file")


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    with write_atomically(tmp_path / "new"):
        pass
    assert (tmp_path / "new").stat().st_mode == plain.stat().st_mode


def test_permissions_of_a_replaced_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.touch()
    path.chmod(0o640)
    with write_atomically(path):
        pass
    assert path.stat().st_mode & 0o777 == 0o640


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(OutputError, match="there is no folder"):
        check_writable(tmp_path / "missing" / "a.txt")
    with pytest.raises(OutputError, match="not a folder"):
        check_writable(tmp_path / "file" / "a.txt")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(OutputError, match="no permission"):
        check_writable(tmp_path / "a.txt")


def test_long_names(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)
    with write_atomically(path) as file:
        file.write(b"1")
    assert path.read_bytes() == b"1"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"a = ", "is no TOML"),
        (b"a = '\xff'", "is no TOML"),
        (b"#" * (1 << 20 | 1), "is too large for a preset"),
    ],
)
def test_toml_that_is_none(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.toml {says}"):
        read_toml(tmp_path / "a.toml", "a preset")
