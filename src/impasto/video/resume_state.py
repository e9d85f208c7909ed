"""The work on one video in a folder beside its output: finished segments, and a list of them.

A segment counts once it is in the list, which is replaced atomically; so whatever happens, what the
list names is whole, and work goes on after it. Beside each segment lies what the painter remembered
at its end, so that the next one can go on from there as if nothing had happened.

The list also has the marks of the outputs that were made of the segments, so that what is replaced
by a longer one is known to be this work's own, not a file that somebody put there meanwhile.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from impasto._util.atomic_files import (
    check_writable,
    lock_folder,
    real_path,
    replacing,
    write_atomically,
)
from impasto._util.closeable import Closing
from impasto.errors import OptionError, OutputError

Arrays = Mapping[str, NDArray[np.generic]]

FORMAT = 2
LIST = "job.json"


@dataclass(frozen=True)
class Segment:
    """A finished piece of the output.

    Attributes:
        name: of its file in the job's folder.
        frames: how many it holds.
        last_pts: of the last of them, in the source's time base.
    """

    name: str
    frames: int
    last_pts: int


class Job(Closing):
    """A folder ``.OUTPUT.parts`` with segments; nobody else works in it until this is closed.

    Args:
        output: what the segments will become.
        settings: all that the frames depend on; work of other settings is not gone on with.
        resume: go on with what is there; otherwise it is removed.
        overwrite: an output that is there may be replaced, even if it is not this work's own.

    Raises:
        OptionError: there is nothing to resume, or it was begun with other settings.
        OutputError: the output exists, the folder cannot be written, or somebody works in it.
    """

    def __init__(
        self,
        output: Path,
        settings: Mapping[str, object],
        *,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        check_writable(output)
        self.output = output
        self.folder = _folder(output)
        self._list = self.folder / LIST
        self._settings = json.loads(json.dumps(settings))
        self._overwrite = overwrite
        self._marks: list[list[int]] = []
        self.segments: list[Segment] = []
        if resume and not is_unfinished(output):
            raise _nothing_to_resume(output)
        if not resume:
            self._check_output(resume=False)
        lock = lock_folder(self.folder)
        if lock is None:
            raise OutputError(
                f"{output} is being painted already", "wait for it, or give another output"
            )
        self._lock = lock
        try:
            if resume:
                self._read()
                self._check_output(resume=True)
            else:
                self._clear()
            self._write()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        try:
            content = json.loads(self._list.read_text(encoding="utf-8"))
            segments = [Segment(**entry) for entry in content["segments"]]
            settings, version = content["settings"], content["format"]
            self._marks = content["outputs"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _nothing_to_resume(self.output) from error
        if version != FORMAT or settings != self._settings:
            changed = [
                key for key in self._settings if settings.get(key) != self._settings[key]
            ] or ["version"]
            raise OptionError(
                f"the work on {self.output} was begun with another {' and '.join(changed)}",
                "give the same options, or start without --resume",
            )
        # A file that is gone takes all later ones with it.
        for segment in segments:
            path = self.folder / Path(segment.name).name
            if not path.is_file() or not _memory_path(path).is_file():
                break
            self.segments.append(segment)

    def _check_output(self, *, resume: bool) -> None:
        if self._overwrite or self.owns_output() or not self.output.exists():
            return
        if resume:
            remedy = "give --overwrite, too, to replace it"
        elif is_unfinished(self.output):
            remedy = "--resume goes on with it, --overwrite begins anew"
        else:
            remedy = "give another output, or --overwrite to replace it"
        raise OutputError(f"{self.output} exists already", remedy)

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.name != Path(self._lock.name).name:
                with contextlib.suppress(OSError):
                    path.unlink()

    def owns_output(self) -> bool:
        """Tell whether the output was made of this work's segments, and not changed since."""
        try:
            return _mark(self.output.stat()) in self._marks
        except OSError:
            return False

    @contextlib.contextmanager
    def publishing(self) -> Iterator[BinaryIO]:
        """Open a file that becomes the output at the end of the block, or is deleted after an
        exception in it.

        Raises:
            OutputError: it cannot be written, or somebody made a file of this name meanwhile.
        """
        try:
            target = real_path(self.output)
            with replacing(target, overwrite=self._overwrite or self.owns_output()) as file:
                yield file
                file.flush()
                self._marks.append(_mark(os.fstat(file.fileno())))
                self._write()
        except FileExistsError as error:
            raise OutputError(
                f"{self.output} was made by somebody else meanwhile",
                "move it away and give --resume, or --resume --overwrite to replace it",
            ) from error
        except OSError as error:
            raise OutputError(
                f"{self.output} cannot be written ({error.strerror})", "check the disk"
            ) from error

    @property
    def frames(self) -> int:
        """The number of frames in all finished segments."""
        return sum(segment.frames for segment in self.segments)

    @property
    def paths(self) -> list[Path]:
        """The files of the finished segments, in order."""
        return [self.folder / segment.name for segment in self.segments]

    def next_path(self) -> Path:
        """Return where the next segment goes."""
        return self.folder / f"{len(self.segments):05d}.nut"

    def add(self, segment: Segment, memory: Arrays) -> None:
        """Count a finished segment, and save what the painter remembers of it.

        Raises:
            OutputError: the disk is full.
        """
        content = io.BytesIO()
        np.savez(content, **dict(memory))  # type: ignore[arg-type]  # its stubs mean a flag of it
        with write_atomically(_memory_path(self.folder / segment.name)) as file:
            file.write(content.getvalue())
        self.segments.append(segment)
        self._write()

    def memory(self) -> Arrays:
        """Read what the painter remembered at the end of the last segment.

        Raises:
            OptionError: its file is damaged.
        """
        if not self.segments:
            return {}
        path = _memory_path(self.paths[-1])
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise OptionError(f"{path} is damaged", "start without --resume") from error

    def _write(self) -> None:
        content = {
            "format": FORMAT,
            "settings": self._settings,
            "outputs": self._marks,
            "segments": [asdict(segment) for segment in self.segments],
        }
        with write_atomically(self._list) as file:
            file.write(json.dumps(content, indent=1).encode())

    def remove(self) -> None:
        """Delete the folder: all is done, or given up."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let others work in the folder."""
        self._lock.close()


def is_unfinished(output: Path) -> bool:
    """Tell whether there is work on an output that can be resumed."""
    return (_folder(output) / LIST).is_file()


def _folder(output: Path) -> Path:
    return output.with_name(f".{output.name}.parts")


def _nothing_to_resume(output: Path) -> OptionError:
    return OptionError(f"there is no unfinished work on {output}", "start without --resume")


def _mark(stat: os.stat_result) -> list[int]:
    """Return another mark for another file, and for one that was written anew."""
    return [stat.st_ino, stat.st_mtime_ns, stat.st_size]


def _memory_path(segment: Path) -> Path:
    return segment.with_suffix(".npz")
