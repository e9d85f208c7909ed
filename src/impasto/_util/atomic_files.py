"""Writing files whole or not at all, naming them, and reading small ones."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from impasto.errors import InputError, OutputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted: lock enough
    fcntl = None  # type: ignore[assignment]

MAX_TOML_BYTES = 1 << 20
TEMPORARY_SUFFIX = ".impasto-tmp"
LOCK = "lock"


def user_data_folder() -> Path:
    """Return the folder of a user's own styles and networks; it need not exist."""
    import platformdirs

    return platformdirs.user_data_path("impasto", appauthor=False)


def user_cache_folder() -> Path:
    """Return the folder of what can be made anew; it need not exist."""
    import platformdirs

    return platformdirs.user_cache_path("impasto", appauthor=False)


def user_config_folder() -> Path:
    """Return the folder of a user's defaults; it need not exist."""
    import platformdirs

    return platformdirs.user_config_path("impasto", appauthor=False)


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """Read a small TOML file.

    Args:
        kind: what it should be, for errors: ``a preset``.

    Raises:
        InputError: it cannot be read, is too large, or no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "check the name") from error
    if len(content) > MAX_TOML_BYTES:
        raise InputError(f"{path} is too large for {kind}", "give another file")
    try:
        table: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no TOML, or no UTF-8
        raise InputError(f"{path} is no TOML ({error})", "mend it") from error
    return table


def list_folder(folder: Path, *, deep: bool = False) -> list[Path]:
    """Return what is in a folder, and in those below it if that is wanted, in alphabetical order.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return sorted(folder.rglob("*") if deep else folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror})", "check it") from error


def exists(path: str | os.PathLike[str]) -> bool:
    """Tell whether there is such a file or folder. A name that is too long is not (`Path.exists`
    fails there).
    """
    return os.path.exists(path)  # noqa: PTH110


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return where a path leads in the end, all links followed. Links that lead in a circle are
    their own end (`Path.resolve` fails there, before Python 3.13).

    Raises:
        InputError: the path is relative to the current folder, which is gone.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError as error:
        raise InputError("the current folder is gone", "go to another one") from error


@contextlib.contextmanager
def write_atomically(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when it is complete.

    The bytes go to a temporary file (`replacing`). After an exception in the block, or a crash,
    whatever was at ``path`` is still there, untouched. A symbolic link stays one, and its target is
    replaced; into a device or pipe, bytes go directly.

    Args:
        overwrite: replace what is there at the end of the block.

    Raises:
        OutputError: the folder is missing or not writable, the disk is full, or there is a file
            that shall not be replaced.
    """
    check_writable(path)
    try:
        path = real_path(path)
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        with replacing(path, overwrite=overwrite) as file:
            yield file
    except FileExistsError as error:
        raise OutputError(
            f"{path} exists already", "give another name, or --overwrite to replace it"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error})",
            "check the disk's free space and permissions",
        ) from error


@contextlib.contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file in the same folder, which is renamed to ``path`` at the end of the
    block, or deleted after an exception in it.

    A process that is killed leaves it. It is always called the same, so that whoever writes
    ``path`` next finds it and clears it away; if it is still being written, by another process or
    thread, it is locked, and a file of another name is taken.

    Raises:
        FileExistsError: something is at ``path``, if only since a moment ago, and ``overwrite`` is
            false.
        OSError: the folder is missing or not writable, or the disk is full.
    """
    file = _open_temporary(path)
    temporary = Path(file.name)
    with file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                with contextlib.suppress(OSError):  # some file systems have no permissions
                    temporary.chmod(path.stat().st_mode & 0o777)
            _let_go(file)
            if overwrite:
                temporary.replace(path)
            else:
                _rename_to_new(temporary, path)
        except BaseException:
            _let_go(file)
            temporary.unlink(missing_ok=True)
            raise


def _rename_to_new(temporary: Path, path: Path) -> None:
    """Rename a file in a way that fails where there is one of the new name, made by whomever."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: take the name first
        path.open("xb").close()
        temporary.replace(path)
    else:
        temporary.unlink()


def clear_abandoned(folder: Path) -> None:
    """Delete the temporary files that killed processes left in a folder."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        _delete_if_abandoned(path)


def _open_temporary(path: Path) -> BinaryIO:
    start = f".{path.name[:50]}"
    temporary = path.with_name(start + TEMPORARY_SUFFIX)
    _delete_if_abandoned(temporary)
    try:
        file = temporary.open("xb")
    except FileExistsError:
        name = f"{start}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}"
        file = path.with_name(name).open("xb")
    _lock(file)
    return file


def _delete_if_abandoned(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("rb") as file:
        # Between opening and locking, another process may have put its own file there.
        if _lock(file) and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            _let_go(file)
            path.unlink()


def _lock(file: BinaryIO) -> bool:
    """Lock a file until it is closed; return false if it is locked already."""
    if fcntl:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _let_go(file: BinaryIO) -> None:
    """Close a file on Windows, which neither renames nor deletes open files."""
    if not fcntl:
        file.close()


def check_writable(path: Path) -> None:
    """Find out before long work that its result could not be written.

    Raises:
        OutputError: ``path`` is a folder, or its folder is missing or not writable.
    """
    folder = path.parent
    try:
        if path.is_dir():
            raise OutputError(f"{path} is a folder", "give a file name")
        if not folder.exists():
            raise OutputError(
                f"{path} cannot be written: there is no folder {folder}",
                f"create it first: mkdir -p {folder}",
            )
        if not folder.is_dir():
            raise OutputError(
                f"{path} cannot be written: {folder} is not a folder", "give another path"
            )
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{path} cannot be written: no permission", "write elsewhere")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(f"{path} is write-protected", "give another name")
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise OutputError(
            f"{path} cannot be written ({error.strerror})", "give another path"
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {folder} cannot be made ({error.strerror})", "give another one"
        ) from error


def lock_folder(folder: Path) -> BinaryIO | None:
    """Make a folder, unless it is there, and lock it until the file that this returns is closed.

    Returns:
        None if it is locked already, by another process or thread.

    Raises:
        OutputError: the folder cannot be made, or not be written in.
    """
    make_folder(folder)
    try:
        file = (folder / LOCK).open("wb")
    except OSError as error:
        raise OutputError(f"{folder} cannot be used ({error.strerror})", "check it") from error
    if fcntl:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except OSError:  # a file system without locks
            pass
    return file
