"""Which photos are painted, and where their paintings go: decided before anything is loaded."""

from __future__ import annotations

import errno
import glob
import itertools
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto._util.atomic_files import check_writable, exists, list_folder, real_path
from impasto.errors import InputError, OptionError, OutputError

if TYPE_CHECKING:
    from impasto.photo_jobs import Job

STREAM = "-"


def choose_suffix(file_format: str | None, output: str | None) -> str:
    """Return the suffix, with its dot, of paintings whose file is not named; empty if it is their
    photos'.

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
    photos: Sequence[str],
    output: str | None,
    labels: Mapping[str, str],
    recursive: bool,
    suffix: str = "",
) -> list[Job]:
    """Decide which file becomes which, style by style.

    In its photo's own folder a painting is called PHOTO-STYLE; in any other it has the photo's
    name, whether photos were named one by one, by a folder or by a pattern, unless several styles
    share the folder. What is called as the painting of another photo is no photo: an earlier run
    made it.

    Args:
        photos: files, folders, patterns, or `STREAM`.
        output: a file, a folder, or `STREAM`; beside the photos if not given.
        labels: each style's part of file names.
        suffix: as `choose_suffix` gives it.

    Raises:
        InputError: a folder or pattern has no photos, or a name can be no file's.
        OptionError: the paintings do not fit into the output.
        OutputError: the output is a file where a folder is needed, or can be no file.
    """
    for photo in photos:
        if problem := _problem_of_name(photo):
            raise InputError(f"{photo} cannot be read ({problem})", "check its name")
    if output and (problem := _problem_of_name(output)):
        raise OutputError(f"{output} cannot be written ({problem})", "give another -o")
    several = len(photos) > 1 or len(labels) > 1 or names_several(photos[0])
    if output == STREAM and several:
        raise OptionError(
            "standard output holds one painting", "give one photo and style, or -o FOLDER"
        )
    if STREAM in photos and len(labels) > 1:
        raise OptionError("standard input is read once", "give one style, or the photo's file")
    into_folder = output not in (None, STREAM) and (
        str(output).endswith(("/", os.sep)) or Path(str(output)).is_dir() or several
    )
    folder = Path(str(output)) if into_folder else None
    if folder:
        _check_folder(folder, str(output))
    jobs: list[Job] = []
    for style, label in labels.items():
        naming = _Naming(style, label, suffix, everywhere=into_folder and len(labels) > 1)
        for photo in photos:
            if _is_pattern(photo):
                jobs += _plan_pattern(photo, folder, naming)
            elif Path(photo).is_dir():
                jobs += _plan_folder(Path(photo), folder, naming, recursive)
            else:
                jobs.append(_plan_file(photo, folder, output, naming))
    if any(job.target == STREAM for job in jobs) and sys.stdout.isatty():
        raise OptionError("a painting is no text for a terminal", "give -o FILE, or redirect")
    paintings = {Path(job.target) for job in jobs if len(jobs) > 1}
    return [job for job in jobs if Path(job.source) not in paintings]


@dataclass(frozen=True)
class _Naming:
    """How the paintings of a style are called.

    Attributes:
        style: which.
        label: its part of file names.
        suffix: of paintings; their photos' if empty.
        everywhere: the label is part of all names, not only of those beside the photos.
    """

    style: str
    label: str
    suffix: str
    everywhere: bool

    def painting(self, photo: Path, folder: Path) -> Path:
        """Return the file of a photo's painting in a folder."""
        from impasto.images import FORMATS

        beside = real_path(folder) == real_path(photo.parent)
        stem = f"{photo.stem}-{self.label}" if beside or self.everywhere else photo.stem
        writable = photo.suffix.lower().removeprefix(".") in FORMATS
        return folder / f"{stem}{self.suffix or (photo.suffix if writable else '.jpg')}"


def _problem_of_name(name: str) -> str:
    """Return why a name can be no file's; empty if it can, be there such a file or not."""
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
            f"{folder} is called as one picture, and there will be several",
            f"give -o FOLDER, or {folder}/ if that is to be one",
        )


def folder_beside(folder: Path, label: str) -> Path:
    """Return where a folder's paintings go, if nothing else is said: FOLDER-STYLE beside it."""
    named = real_path(folder) if folder.name in ("", "..") else folder
    return named.parent / f"{named.name}-{label}"


def names_several(photo: str) -> bool:
    """Return whether this is a folder or a pattern."""
    return _is_pattern(photo) or (exists(photo) and Path(photo).is_dir())


def _is_pattern(photo: str) -> bool:
    """Return whether a name is a pattern: no existing file's is, whatever is in it."""
    return glob.has_magic(photo) and not exists(photo)


def _plan_file(photo: str, folder: Path | None, output: str | None, naming: _Naming) -> Job:
    from impasto.photo_jobs import Job

    if photo == STREAM:
        named = f"standard-input-{naming.label}{naming.suffix or '.png'}"
        target = str(folder / named) if folder else output or STREAM
    elif output is None or folder:
        target = str(naming.painting(Path(photo), folder or Path(photo).parent))
    else:
        target = output
    return Job(photo, target, folder is not None, naming.style)


def _plan_pattern(pattern: str, folder: Path | None, naming: _Naming) -> list[Job]:
    """Plan ``trip/**/*.jpg``: the tree below the part without wildcards is mirrored."""
    root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    # Path.glob would need a root of its own, and takes no absolute pattern.
    paths = (Path(each) for each in glob.iglob(pattern, recursive=True))  # noqa: PTH207
    jobs = _mirrored(paths, root, folder or root, naming)
    if not jobs:
        raise InputError(f"no photo is called {pattern}", "check the pattern")
    return jobs


def _plan_folder(photos: Path, folder: Path | None, naming: _Naming, recursive: bool) -> list[Job]:
    folder = folder or folder_beside(photos, naming.label)
    paths = list_folder(photos, deep=recursive)
    jobs = _mirrored(paths, photos, folder, naming)
    if not jobs:
        deeper = not recursive and any(each.is_dir() for each in paths)
        hint = "look deeper with --recursive" if deeper else "give a folder with photos"
        raise InputError(f"{photos} holds no photos", hint)
    return jobs


def _mirrored(paths: Iterable[Path], root: Path, folder: Path, naming: _Naming) -> list[Job]:
    """Return a job for each photo below ``root``, but for those in the paintings' folder."""
    from impasto.images import is_image
    from impasto.photo_jobs import Job

    jobs = []
    real = real_path(folder)
    apart = real_path(root) in real.parents
    for path in sorted(paths):
        painted = apart and real in real_path(path).parents
        below = path.relative_to(root).parent
        if is_image(path) and not painted and not _goes_in_circles(root, below):
            target = naming.painting(path, folder / below)
            beside = target.parent == path.parent
            jobs.append(Job(str(path), str(target), not beside, naming.style))
    return jobs


def _goes_in_circles(root: Path, below: Path) -> bool:
    """Return whether a link on the way leads back to a folder that the way has been through."""
    folders = [real_path(root / each) for each in (below, *below.parents)]
    return len(set(folders)) < len(folders)


def check_targets(jobs: Sequence[Job], *, overwrite: bool, skip_existing: bool) -> list[Job]:
    """Check that no painting replaces a photo, another painting, or (unless told to) any file.

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
