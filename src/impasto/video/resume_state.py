"""The work on one video in a folder beside its output: finished segments, and a list of them.

A segment counts once it is in the list, which is replaced atomically; so whatever happens, what the
list names is whole, and work goes on after it. Beside each segment lies what the painter remembered
at its end, so that the next one can go on from there as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto._util.atomic_files import check_writable, make_folder, write_atomically
from impasto.errors import OptionError

__all__ = ["Job", "Segment"]

Arrays = Mapping[str, NDArray[np.generic]]

FORMAT = 1


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


class Job:
    """A folder ``.OUTPUT.parts`` with segments.

    Args:
        output: what the segments will become.
        settings: all that the frames depend on; work of other settings is not gone on with.
        resume: go on with what is there; otherwise it is removed.

    Raises:
        OptionError: there is nothing to resume, or it was begun with other settings.
        OutputError: the folder cannot be written.
    """

    def __init__(self, output: Path, settings: Mapping[str, object], *, resume: bool) -> None:
        check_writable(output)
        self.folder = output.with_name(f".{output.name}.parts")
        self._list = self.folder / "job.json"
        self._settings = json.loads(json.dumps(settings))
        self.segments: list[Segment] = []
        if resume:
            self._read(output)
        else:
            self.remove()
        make_folder(self.folder)
        self._write()

    def _read(self, output: Path) -> None:
        try:
            content = json.loads(self._list.read_text(encoding="utf-8"))
            segments = [Segment(**entry) for entry in content["segments"]]
            settings, version = content["settings"], content["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OptionError(
                f"there is no unfinished work on {output}", "start without --resume"
            ) from error
        if version != FORMAT or settings != self._settings:
            changed = [
                key for key in self._settings if settings.get(key) != self._settings[key]
            ] or ["version"]
            raise OptionError(
                f"the work on {output} was begun with another {' and '.join(changed)}",
                "give the same options, or start without --resume",
            )
        # A file that is gone takes all later ones with it.
        for segment in segments:
            path = self.folder / Path(segment.name).name
            if not path.is_file() or not _memory_path(path).is_file():
                break
            self.segments.append(segment)

    @property
    def frames(self) -> int:
        """In all finished segments."""
        return sum(segment.frames for segment in self.segments)

    @property
    def paths(self) -> list[Path]:
        """Of the finished segments, in order."""
        return [self.folder / segment.name for segment in self.segments]

    def next_path(self) -> Path:
        """Where the next segment goes."""
        return self.folder / f"{len(self.segments):05d}.nut"

    def add(self, segment: Segment, memory: Arrays) -> None:
        """A segment is finished, and this is what the painter remembers of it.

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
        """What the painter remembered at the end of the last segment.

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
            "segments": [asdict(segment) for segment in self.segments],
        }
        with write_atomically(self._list) as file:
            file.write(json.dumps(content, indent=1).encode())

    def remove(self) -> None:
        """All is done, or given up."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)


def _memory_path(segment: Path) -> Path:
    return segment.with_suffix(".npz")
