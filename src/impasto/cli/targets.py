"""Which photos are painted, and where their paintings go: decided before anything is loaded."""

from __future__ import annotations

import errno
import glob
import itertools
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto._util.atomic_files import check_writable, real_path
from impasto.errors import InputError, OptionError, OutputError

if TYPE_CHECKING:
    from impasto.batch import Job

__all__ = ["STREAM", "check_targets", "choose_suffix", "plan_jobs"]

STREAM = "-"


def choose_suffix(file_format: str | None, output: str | None) -> str:
    """With the dot, of paintings whose file is not named; empty if they are as their photos.

    Raises:
        OptionError: there is no such format, or the output has another one.
    """
    from impasto.images import FORMATS

    if file_format is None:
        return ""
    ending = file_format.lower().removeprefix(".")
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise OptionError(f"--format {file_format} is no format", f"one of {known}")
    named = Path(output or "")
    of_file = FORMATS.get(named.suffix.lower().removeprefix("."))
    if of_file not in (None, FORMATS[ending]) and not named.is_dir():
        raise OptionError(f"--format {file_format} is not that of {output}", "give one of them")
    return f".{ending}"


def plan_jobs(
    photos: Sequence[str], output: str | None, label: str, recursive: bool, suffix: str = ""
) -> list[Job]:
    """Which file becomes which.

    In its photo's own folder a painting is called PHOTO-STYLE; in any other it has the photo's
    name, whether photos were named one by one, by a folder or by a pattern. What is called as the
    painting of another photo is no photo: an earlier run made it.

    Args:
        photos: files, folders, patterns, or `STREAM`.
        output: a file, a folder, or `STREAM`; beside the photos if not given.
        label: the style's part of file names.
        recursive: look into folders below folders.
        suffix: as `choose_suffix` gives it.

    Raises:
        InputError: a folder or pattern has no photos, or a name can be no file's.
        OptionError: the paintings do not fit into the output.
        OutputError: the output is a file where a folder is needed, or can be no file.
    """
    from impasto.batch import Job

    for photo in photos:
        if problem := _problem_of_name(photo):
            raise InputError(f"{photo} cannot be read ({problem})", "check its name")
    if output and (problem := _problem_of_name(output)):
        raise OutputError(f"{output} cannot be written ({problem})", "give another -o")
    several = len(photos) > 1 or Path(photos[0]).is_dir() or _is_pattern(photos[0])
    if output == STREAM and several:
        raise OptionError("standard output holds one painting", "give one photo, or -o FOLDER")
    into_folder = output not in (None, STREAM) and (
        str(output).endswith(("/", os.sep)) or Path(str(output)).is_dir() or several
    )
    folder = Path(str(output)) if into_folder else None
    if folder:
        _check_folder(folder, str(output))
    jobs: list[Job] = []
    for photo in photos:
        if photo == STREAM:
            target = (
                str(folder / f"standard-input-{label}{suffix or '.png'}")
                if folder
                else output or STREAM
            )
            jobs.append(Job(STREAM, target, into_folder))
        elif _is_pattern(photo):
            jobs += _plan_pattern(photo, folder, label, suffix)
        elif Path(photo).is_dir():
            jobs += _plan_folder(Path(photo), folder, label, recursive, suffix)
        elif output is None or folder:
            target = str(_painting_path(Path(photo), folder or Path(photo).parent, label, suffix))
            jobs.append(Job(photo, target, into_folder))
        else:
            jobs.append(Job(photo, output))
    if any(job.target == STREAM for job in jobs) and sys.stdout.isatty():
        raise OptionError("a painting is no text for a terminal", "give -o FILE, or redirect")
    paintings = {Path(job.target) for job in jobs if len(jobs) > 1}
    return [job for job in jobs if Path(job.source) not in paintings]


def _problem_of_name(name: str) -> str:
    """Why it can be no file's; empty if it can, be there such a file or not."""
    try:
        Path(name).stat()
    except OSError as error:
        return str(error.strerror) if error.errno == errno.ENAMETOOLONG else ""
    return ""


def _check_folder(folder: Path, output: str) -> None:
    from impasto.images import FORMATS

    if folder.is_file():
        raise OutputError(f"{folder} is a file, and a folder is needed", "give another -o")
    pictured = folder.suffix.lower().removeprefix(".") in FORMATS
    if pictured and not folder.is_dir() and not output.endswith(("/", os.sep)):
        raise OptionError(
            f"{folder} is called as one picture, and there are several photos",
            f"give -o FOLDER, or {folder}/ if that is to be one",
        )


def _is_pattern(photo: str) -> bool:
    """Names of files that exist are no patterns, whatever is in them."""
    return glob.has_magic(photo) and not Path(photo).exists()


def _plan_pattern(pattern: str, folder: Path | None, label: str, suffix: str) -> list[Job]:
    """``trip/**/*.jpg``: the tree below the part without wildcards is mirrored."""
    root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    # Path.glob would need a root of its own, and takes no absolute pattern.
    paths = (Path(each) for each in glob.iglob(pattern, recursive=True))  # noqa: PTH207
    jobs = _mirrored(paths, root, folder or root, label, suffix)
    if not jobs:
        raise InputError(f"no photo is called {pattern}", "check the pattern")
    return jobs


def _plan_folder(
    photos: Path, folder: Path | None, label: str, recursive: bool, suffix: str
) -> list[Job]:
    named = photos if photos.name else real_path(photos)  # "." has no name of its own
    folder = folder or named.with_name(f"{named.name}-{label}")
    try:
        paths = list(photos.rglob("*") if recursive else photos.iterdir())
    except OSError as error:
        raise InputError(f"{photos} cannot be read ({error.strerror})", "check it") from error
    jobs = _mirrored(paths, photos, folder, label, suffix)
    if not jobs:
        deeper = not recursive and any(each.is_dir() for each in paths)
        hint = "look deeper with --recursive" if deeper else "give a folder with photos"
        raise InputError(f"{photos} holds no photos", hint)
    return jobs


def _mirrored(
    paths: Iterable[Path], root: Path, folder: Path, label: str, suffix: str
) -> list[Job]:
    """A job for each photo below ``root``, in order, but for those in the paintings' folder."""
    from impasto.batch import Job
    from impasto.images import IMAGE_SUFFIXES

    jobs = []
    real = real_path(folder)
    apart = real_path(root) in real.parents
    for path in sorted(paths):
        named = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        painted = apart and real in real_path(path).parents
        below = path.relative_to(root).parent
        if named and not painted and path.is_file() and not _goes_in_circles(root, below):
            target = _painting_path(path, folder / below, label, suffix)
            beside = target.parent == path.parent
            jobs.append(Job(str(path), str(target), makes_folder=not beside))
    return jobs


def _goes_in_circles(root: Path, below: Path) -> bool:
    """A link on the way leads back to a folder that the way has been through."""
    folders = [real_path(root / each) for each in (below, *below.parents)]
    return len(set(folders)) < len(folders)


def _painting_path(photo: Path, folder: Path, label: str, suffix: str) -> Path:
    from impasto.images import FORMATS

    beside = real_path(folder) == real_path(photo.parent)
    stem = f"{photo.stem}-{label}" if beside else photo.stem
    if not suffix:
        writable = photo.suffix.lower().removeprefix(".") in FORMATS
        suffix = photo.suffix if writable else ".jpg"
    return folder / f"{stem}{suffix}"


def check_targets(jobs: Sequence[Job], *, overwrite: bool, skip_existing: bool) -> list[Job]:
    """No painting replaces a photo, another painting, or (unless told to) any file.

    Returns:
        the jobs whose paintings exist already, if these are to be skipped.

    Raises:
        OptionError: a painting would replace a photo or another painting.
        OutputError: a painting exists, or cannot be written.
    """
    sources = {real_path(job.source) for job in jobs if job.source != STREAM}
    targets: set[Path] = set()
    skipped = []
    for job in jobs:
        if job.target == STREAM:
            continue
        target, real = Path(job.target), real_path(job.target)
        if real in sources:
            raise OptionError(f"{job.target} would replace a photo", "give another -o")
        if real in targets:
            raise OptionError(
                f"two paintings would be called {job.target}", "paint them apart, with another -o"
            )
        targets.add(real)
        if not job.makes_folder:
            check_writable(target)
        exists = os.path.lexists(real)
        if exists and skip_existing:
            skipped.append(job)
        elif exists and not overwrite:
            raise OutputError(
                f"{job.target} exists already", "give --overwrite, --skip-existing, or another -o"
            )
    return skipped
