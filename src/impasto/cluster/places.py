"""Folders and files on any file system: this machine's, a shared one, or an object store."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pyarrow import ArrowInvalid, ArrowNotImplementedError
from pyarrow.fs import FileSelector, FileSystem, FileType, FSSpecHandler, PyFileSystem

from impasto._util.atomic_files import clear_abandoned, make_folder
from impasto.errors import InputError, OptionError, OutputError

OBJECT_STORES = {"s3", "gcs", "abfs"}
"""By pyarrow's names: an object is there once all of it is, and there are no folders."""


def is_address(path: str) -> bool:
    """Tell ``s3://bucket/photo.jpg`` from a path."""
    return "://" in path and not path.startswith("file://")


class Place:
    """A folder.

    Args:
        address: a path, or an address that pyarrow or fsspec knows (``s3://``, ``gs://``).

    Attributes:
        address: of the folder; a path is absolute, so that it is one for all processes.

    Raises:
        OptionError: no file system is known by such an address, or its package is missing.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/") or "/"
        if not is_address(address):
            self.address = os.path.abspath(address.removeprefix("file://"))  # noqa: PTH100
        _filesystem(self.address)

    def join(self, name: str) -> str:
        """Return the address of what is in the folder, or below it."""
        return f"{self.address.rstrip('/')}/{name}"

    def walk(self, folder: str = "") -> Iterator[str]:
        """Yield the names of all files in the folder and below it, in order, those of one folder
        after the other; none if it is not there. What begins with a dot is left out, and so is what
        links to folders lead to.

        Raises:
            InputError: it cannot be read.
        """
        filesystem, root = _filesystem(self.address)
        place = f"{root}/{folder}".rstrip("/")
        try:
            if filesystem is None:  # as pyarrow does it, but without a look at every file
                with os.scandir(place or "/") as entries:
                    # Links to folders may lead in circles.
                    found = sorted(
                        (each.name, each.is_dir(follow_symlinks=False)) for each in entries
                    )
            else:
                infos = filesystem.get_file_info(FileSelector(place, allow_not_found=True))
                found = sorted((each.base_name, each.type == FileType.Directory) for each in infos)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"{self.join(folder)} cannot be read ({error})", "check it") from error
        for name, is_folder in found:
            if name.startswith("."):
                continue
            if is_folder:
                yield from self.walk(f"{folder}{name}/")
            else:
                yield f"{folder}{name}"

    def holds(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        filesystem, root = _filesystem(self.address)
        if filesystem is None:
            return Path(f"{root}/{name}").is_file()
        return bool(filesystem.get_file_info(f"{root}/{name}").type == FileType.File)

    def remove(self) -> None:
        """Delete the folder, as far as that can be done."""
        filesystem, root = _filesystem(self.address)
        if filesystem is None:
            shutil.rmtree(root, ignore_errors=True)
            return
        with suppress(OSError):
            filesystem.delete_dir(root)

    def clear_abandoned(self) -> None:
        """Delete what killed processes have left half-written; object stores have no such thing."""
        filesystem, root = _filesystem(self.address)
        if filesystem is None:
            for folder, _, _ in os.walk(root):
                clear_abandoned(Path(folder))

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield where to write a file, which is in the folder at the end of the block, whole;
        whoever writes it writes it whole, too.

        Raises:
            OutputError: it cannot be written.
        """
        filesystem, root = _filesystem(self.address)
        if filesystem is None:
            path = Path(f"{root}/{name}")
            make_folder(path.parent)
            yield path
            return
        with TemporaryDirectory() as folder:
            path = Path(folder, Path(name).name)
            yield path
            try:
                _upload(filesystem, path, f"{root}/{name}")
            except OSError as error:
                raise OutputError(
                    f"{self.join(name)} cannot be written ({error})", "check it"
                ) from error


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """Yield the file of a path or an address: a copy of it, for as long as the block.

    Raises:
        InputError: it cannot be read. Errors within the block name the address, not the copy.
    """
    place, _, name = address.rpartition("/")
    filesystem, root = _filesystem(place)
    if filesystem is None:
        yield Path(f"{root}/{name}")
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder, name)
        try:
            with filesystem.open_input_stream(f"{root}/{name}") as stream, copy.open("wb") as file:
                while block := stream.read(1 << 20):
                    file.write(block)
        except OSError as error:
            raise InputError(f"{address} cannot be read ({error})", "check it") from error
        try:
            yield copy
        except InputError as error:
            problem = error.problem.replace(str(copy), address)
            raise InputError(problem, error.remedy) from error


def _upload(filesystem: FileSystem, file: Path, target: str) -> None:
    in_store = filesystem.type_name in OBJECT_STORES
    folder, _, name = target.rpartition("/")
    beside = target if in_store else f"{folder}/.{name}.{secrets.token_hex(6)}"
    if not in_store:
        filesystem.create_dir(folder, recursive=True)
    # All at once: what is closed after a part of it would be an object, too.
    content = file.read_bytes()
    with filesystem.open_output_stream(beside) as stream:
        stream.write(content)
    if not in_store:
        filesystem.move(beside, target)


def _filesystem(address: str) -> tuple[FileSystem | None, str]:
    """Return the file system of an address, and the path there; none, if it is this machine's."""
    if not is_address(address):
        return None, address.removeprefix("file://").rstrip("/")
    scheme, _, rest = address.partition("://")
    head, mark, path = rest.partition("/")
    filesystem, root = _connected(f"{scheme}://{head}")
    return filesystem, f"{root.rstrip('/')}{mark}{path}".rstrip("/")


@lru_cache(maxsize=64)
def _connected(address: str) -> tuple[FileSystem, str]:
    """Return the file system of a bucket or host, which is asked for its region once."""
    try:
        filesystem, root = FileSystem.from_uri(address)
        return filesystem, str(root)
    except (ArrowInvalid, ArrowNotImplementedError):  # not one of pyarrow's own
        pass
    except OSError as error:
        raise InputError(f"{address} does not answer ({error})", "check it") from error
    from fsspec.core import url_to_fs

    try:
        known, root = url_to_fs(address)
    except (ValueError, ImportError) as error:
        raise OptionError(f"{address} is no place to write to ({error})", "check it") from error
    return PyFileSystem(FSSpecHandler(known)), str(root)
