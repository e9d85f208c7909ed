"""``impasto PHOTO...``: paint photos with a network."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    EngineOption,
    GalleryOption,
    PrecisionOption,
    StrokeOption,
    StyleOption,
    choose_gallery,
)
from impasto.errors import BatchError, ImpastoError, InputError, OptionError, OutputError
from impasto.files import check_writable, file_label, make_folder
from impasto.progress import Progress, ProgressListener, ignore_progress

if TYPE_CHECKING:
    from impasto.engines import EngineName, Precision
    from impasto.images import ColorWay
    from impasto.stylizer import Stylizer

__all__ = ["COLOR_WAYS", "stylize_command"]

STREAM = "-"
COLOR_WAYS = ("luminance", "histogram", "linear")
"""As `impasto.images.COLOR_WAYS`, which loads NumPy."""


def stylize_command(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...", help="Photos, folders of photos, or - for standard input."
        ),
    ],
    style: StyleOption = "great-wave",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            show_default=False,
            help="A file, a folder, or - for standard output. "
            "Default: PHOTO-STYLE beside the photo; for a folder, FOLDER-STYLE beside it.",
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(help="0 is the photo, 1 the painting, up to 1.5 exaggerates.")
    ] = 1.0,
    stroke: StrokeOption = 1.0,
    keep_colors: Annotated[
        str,
        typer.Option(
            metavar="[WAY]",
            help="Keep the photo's colours: luminance (if nothing is said), histogram or linear.",
            show_default=False,
        ),
    ] = "",
    palette: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE", help="Take the colours of this picture.", show_default=False
        ),
    ] = None,
    quality: Annotated[int, typer.Option(help="Of JPEG, WebP and AVIF, 1 to 100.")] = 95,
    file_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="Of standard output: png, jpg, webp...")
    ] = "png",
    strip: Annotated[
        bool, typer.Option("--strip", help="Leave out EXIF data: camera, place, time.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace paintings that exist already.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Photos in folders below folders, too.")
    ] = False,
    gallery: GalleryOption = None,
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
    memory: Annotated[
        str,
        typer.Option(
            metavar="AMOUNT",
            help="How much may be used; larger pictures are painted in tiles.",
            rich_help_panel="Speed",
        ),
    ] = "2GB",
) -> None:
    """Paint photos in a style."""
    jobs = _plan(photos, output, style, recursive)
    _check_targets(jobs, overwrite)

    from impasto.images import check_format, read_image
    from impasto.memory import parse_bytes
    from impasto.stylizer import Stylizer

    writing = _Writing(quality, file_format.lower(), strip, parse_bytes(memory))
    for job in jobs:
        if job.target != STREAM:
            check_format(job.target)
    stylizer = Stylizer(
        style,
        strength=strength,
        stroke=stroke,
        keep_colors=cast("ColorWay", keep_colors) if keep_colors else False,
        palette=read_image(palette).pixels if palette else None,
        engine=cast("EngineName", engine),
        precision=cast("Precision", precision),
        gallery=choose_gallery(gallery),
    )
    with stylizer, console.progress() as progress:
        console.detail(f"engine: {stylizer.engine}")
        failures: list[ImpastoError] = []
        for number, job in enumerate(jobs, 1):
            try:
                _run(job, stylizer, writing, progress if len(jobs) == 1 else ignore_progress)
            except ImpastoError as error:
                if len(jobs) == 1:
                    raise
                failures.append(error)
            if len(jobs) > 1:
                progress(Progress("painting", number, len(jobs)))
    if failures:
        for failure in failures:
            console.error(failure)
        raise BatchError(failures, len(jobs) - len(failures))


@dataclass(frozen=True)
class _Writing:
    """How paintings are written."""

    quality: int
    file_format: str
    strip: bool
    memory_bytes: int


@dataclass(frozen=True)
class _Job:
    """One photo, and where its painting goes; either may be a `STREAM`."""

    source: str
    target: str
    makes_folder: bool = False


def _run(job: _Job, stylizer: Stylizer, writing: _Writing, progress: ProgressListener) -> None:
    from impasto.photos import encode_painting, paint_photo

    began = time.perf_counter()
    source = sys.stdin.buffer if job.source == STREAM else job.source
    quality, strip = writing.quality, writing.strip
    if job.target == STREAM:
        content, report = encode_painting(
            stylizer, source, writing.file_format, quality=quality, strip=strip
        )
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        if job.makes_folder:
            make_folder(Path(job.target).parent)
        report = paint_photo(
            stylizer,
            source,
            job.target,
            quality=quality,
            strip=strip,
            memory_bytes=writing.memory_bytes,
            progress=progress,
        )
        more = f", {report.pictures} pictures" if report.pictures > 1 else ""
        more += f", without {report.left_out} more pictures" if report.left_out else ""
        console.note(f"{job.source} -> {job.target}{more}")
    milliseconds = 1000 * (time.perf_counter() - began)
    how = f", {report.plan}" if report.plan else ""
    console.detail(f"{report.width} x {report.height} px in {milliseconds:.0f} ms{how}")


def _plan(photos: list[str], output: str | None, style: str, recursive: bool) -> list[_Job]:
    """Which file becomes which, decided before anything is loaded or painted."""
    label = file_label(style)
    into_folder = (
        output is not None
        and output != STREAM
        and (
            output.endswith(("/", os.sep))
            or Path(output).is_dir()
            or len(photos) > 1
            or Path(photos[0]).is_dir()
        )
    )
    if output == STREAM and (len(photos) > 1 or Path(photos[0]).is_dir()):
        raise OptionError("standard output holds one painting", "give one photo, or -o FOLDER")
    jobs: list[_Job] = []
    for photo in photos:
        if photo == STREAM:
            target = output or STREAM
            if into_folder:
                target = str(Path(target, f"standard-input-{label}.png"))
            jobs.append(_Job(STREAM, target, into_folder))
        elif Path(photo).is_dir():
            jobs += _plan_folder(Path(photo), output, label, recursive)
        else:
            source = Path(photo)
            name = f"{source.stem}-{label}{_writable_suffix(source)}"
            if output is None:
                target = str(source.with_name(name))
            else:
                target = str(Path(output, name)) if into_folder else output
            jobs.append(_Job(photo, target, into_folder))
    if any(job.target == STREAM for job in jobs) and sys.stdout.isatty():
        raise OptionError("a painting is no text for a terminal", "give -o FILE, or redirect")
    return jobs


def _plan_folder(folder: Path, output: str | None, label: str, recursive: bool) -> Iterator[_Job]:
    from impasto.images import IMAGE_SUFFIXES

    named = folder if folder.name else folder.resolve()  # "." has no name of its own
    target_folder = Path(output) if output else named.with_name(f"{named.name}-{label}")
    paths = sorted(folder.rglob("*") if recursive else folder.iterdir())
    photos = [
        path
        for path in paths
        if path.suffix.lower() in IMAGE_SUFFIXES
        and path.is_file()
        and not path.name.startswith(".")
        and target_folder.resolve() not in path.resolve().parents
    ]
    if not photos:
        hint = "give a folder with photos" if recursive else "look deeper with --recursive"
        raise InputError(f"{folder} holds no photos", hint)
    for path in photos:
        name = path.relative_to(folder).with_suffix(_writable_suffix(path))
        yield _Job(str(path), str(target_folder / name), makes_folder=True)


def _check_targets(jobs: list[_Job], overwrite: bool) -> None:
    """No painting replaces a photo, another painting, or (unless told to) any file."""
    sources = {Path(job.source).resolve() for job in jobs if job.source != STREAM}
    targets: set[Path] = set()
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
        if target.exists() and not overwrite:
            raise OutputError(f"{job.target} exists already", "give --overwrite, or another -o")


def _writable_suffix(source: Path) -> str:
    from impasto.images import FORMATS

    suffix = source.suffix.lower().removeprefix(".")
    return source.suffix if suffix in FORMATS else ".jpg"
