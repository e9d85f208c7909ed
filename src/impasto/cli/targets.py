"""Which photos are painted, and where their paintings go: decided before anything is loaded."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import InputError, OptionError, OutputError
from impasto.files import check_writable

if TYPE_CHECKING:
    from impasto.batch import Job

__all__ = ["STREAM", "check_targets", "plan_jobs"]

STREAM = "-"


def plan_jobs(photos: Sequence[str], output: str | None, label: str, recursive: bool) -> list[Job]:
    """Which file becomes which.

    Args:
        photos: files, folders, patterns, or `STREAM`.
        output: a file, a folder, or `STREAM`; beside the photos if not given.
        label: the style's part of file names.
        recursive: look into folders below folders.

    Raises:
        InputError: a folder or pattern has no photos.
        OptionError: the paintings do not fit into the output.
    """
    from impasto.batch import Job

    several = len(photos) > 1 or Path(photos[0]).is_dir() or _is_pattern(photos[0])
    if output == STREAM and several:
        raise OptionError("standard output holds one painting", "give one photo, or -o FOLDER")
    into_folder = output not in (None, STREAM) and (
        str(output).endswith(("/", os.sep)) or Path(str(output)).is_dir() or several
    )
    jobs: list[Job] = []
    for photo in photos:
        if photo == STREAM:
            target = output or STREAM
            if into_folder:
                target = str(Path(target, f"standard-input-{label}.png"))
            jobs.append(Job(STREAM, target, into_folder))
        elif _is_pattern(photo):
            jobs += _plan_pattern(photo, output, label)
        elif Path(photo).is_dir():
            jobs += _plan_folder(Path(photo), output, label, recursive)
        else:
            name = _painting_name(Path(photo), label)
            if output is None:
                target = str(Path(photo).with_name(name))
            else:
                target = str(Path(output, name)) if into_folder else output
            jobs.append(Job(photo, target, into_folder))
    if any(job.target == STREAM for job in jobs) and sys.stdout.isatty():
        raise OptionError("a painting is no text for a terminal", "give -o FILE, or redirect")
    return jobs


def _is_pattern(photo: str) -> bool:
    """Names of files that exist are no patterns, whatever is in them."""
    return glob.has_magic(photo) and not Path(photo).exists()


def _plan_pattern(pattern: str, output: str | None, label: str) -> Iterator[Job]:
    """``trip/**/*.jpg``: the tree below the part without wildcards is mirrored."""
    from impasto.batch import Job

    fixed = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    root = Path(*fixed)
    # Path.glob would need a root of its own, and takes no absolute pattern.
    paths = (Path(each) for each in glob.iglob(pattern, recursive=True))  # noqa: PTH207
    photos = list(_photos(paths, Path(output) if output else None))
    if not photos:
        raise InputError(f"no photo is called {pattern}", "check the pattern")
    for path in photos:
        name = _painting_name(path, label)
        if output is None:
            yield Job(str(path), str(path.with_name(name)))
        else:
            below = path.relative_to(root).with_name(name)
            yield Job(str(path), str(Path(output) / below), makes_folder=True)


def _plan_folder(folder: Path, output: str | None, label: str, recursive: bool) -> Iterator[Job]:
    from impasto.batch import Job

    named = folder if folder.name else folder.resolve()  # "." has no name of its own
    target_folder = Path(output) if output else named.with_name(f"{named.name}-{label}")
    photos = list(_photos(folder.rglob("*") if recursive else folder.iterdir(), target_folder))
    if not photos:
        hint = "give a folder with photos" if recursive else "look deeper with --recursive"
        raise InputError(f"{folder} holds no photos", hint)
    for path in photos:
        name = path.relative_to(folder).with_suffix(_writable_suffix(path))
        yield Job(str(path), str(target_folder / name), makes_folder=True)


def _photos(paths: Iterable[Path], outside: Path | None) -> Iterator[Path]:
    """Those that are called photos, in order, and are not in the folder of paintings."""
    from impasto.images import IMAGE_SUFFIXES

    for path in sorted(paths):
        named = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        painted = outside is not None and outside.resolve() in path.resolve().parents
        if named and not painted and path.is_file():
            yield path


def check_targets(jobs: Sequence[Job], *, overwrite: bool, skip_existing: bool) -> list[Job]:
    """No painting replaces a photo, another painting, or (unless told to) any file.

    Returns:
        the jobs whose paintings exist already, if these are to be skipped.

    Raises:
        OptionError: a painting would replace a photo or another painting.
        OutputError: a painting exists, or cannot be written.
    """
    sources = {Path(job.source).resolve() for job in jobs if job.source != STREAM}
    targets: set[Path] = set()
    skipped = []
    for job in jobs:
        if job.target == STREAM:
            continue
        target = Path(job.target)
        if target.resolve() in sources:
            raise OptionError(f"{job.target} would replace a photo", "give another -o")
        if target.resolve() in targets:
            raise OptionError(f"two paintings would be called {job.target}", "paint them apart")
        targets.add(target.resolve())
        if not job.makes_folder:
            check_writable(target)
        if target.exists() and skip_existing:
            skipped.append(job)
        elif target.exists() and not overwrite:
            raise OutputError(
                f"{job.target} exists already", "give --overwrite, --skip-existing, or another -o"
            )
    return skipped


def _painting_name(photo: Path, label: str) -> str:
    return f"{photo.stem}-{label}{_writable_suffix(photo)}"


def _writable_suffix(source: Path) -> str:
    from impasto.images import FORMATS

    suffix = source.suffix.lower().removeprefix(".")
    return source.suffix if suffix in FORMATS else ".jpg"
