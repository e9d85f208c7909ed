"""``impasto PHOTO...``: paint photos with a network."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from impasto._util.atomic_files import file_label, make_folder, real_path
from impasto.cli.console import console
from impasto.cli.options import (
    HOW,
    DetailOption,
    EngineOption,
    GalleryOption,
    InvertMaskOption,
    KeepColorsOption,
    MaskOption,
    PaletteOption,
    PrecisionOption,
    ProtectFacesOption,
    QualityOption,
    RegionsOption,
    SeedOption,
    StrengthOption,
    StrokeOption,
    StyleOption,
    SubjectOption,
    check_json,
    write_json,
)
from impasto.cli.targets import STREAM, check_targets, choose_suffix, plan_jobs
from impasto.defaults import DEFAULT_STYLE, EngineName, Precision
from impasto.errors import BatchError, OptionError
from impasto.options import StylizeOptions
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.batch import Job, Outcome
    from impasto.photos import PhotoReport
    from impasto.stylizer import Stylizer

__all__ = ["OPTIONAL_VALUES", "stylize_command"]

OPTIONAL_VALUES = {
    "--keep-colors": ("luminance", r"luminance|histogram|linear"),
    "--subject": ("found", r"-?\d+(,-?\d+)*"),
    "--protect-faces": ("0.7", r"[-+]?(\.?\d[\d.,e+-]*|nan|inf)"),
}
"""Options whose value may be left out: what it is then, and what is one if it follows."""

FOLDERS, FILES = "Folders", "Files"


def stylize_command(
    context: typer.Context,
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO...",
            help="Photos, folders of photos, patterns ('trip/**/*.jpg'), or - for standard input.",
            show_default=False,
        ),
    ] = None,
    style: StyleOption = DEFAULT_STYLE,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            show_default=False,
            help="A file, a folder, or - for standard output. "
            "Default: PHOTO-STYLE beside the photo; for a folder, FOLDER-STYLE beside it. "
            "In another folder, paintings have the photos' names.",
        ),
    ] = None,
    strength: StrengthOption = StylizeOptions.strength,
    stroke: StrokeOption = StylizeOptions.stroke,
    quality: QualityOption = "auto",
    detail: DetailOption = StylizeOptions.detail,
    keep_colors: KeepColorsOption = None,
    palette: PaletteOption = None,
    seed: SeedOption = StylizeOptions.seed,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="All of How and Where, as saved; or FILE.toml. Options given beside it win.",
            show_default=False,
            rich_help_panel=HOW,
        ),
    ] = None,
    save_preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Save How and Where under this name, or as FILE.toml.",
            show_default=False,
            rich_help_panel=HOW,
        ),
    ] = None,
    mask: MaskOption = None,
    subject: SubjectOption = None,
    invert_mask: InvertMaskOption = False,
    regions: RegionsOption = None,
    protect_faces: ProtectFacesOption = StylizeOptions.protect_faces,
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive",
            "-r",
            help="Photos in folders below folders, too; the paintings' folders are alike.",
            rich_help_panel=FOLDERS,
        ),
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out photos whose painting is there.",
            rich_help_panel=FOLDERS,
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace paintings that exist already.", rich_help_panel=FOLDERS
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            help="How many photos to read and write at the same time; they share the memory.",
            rich_help_panel=FOLDERS,
        ),
    ] = 1,
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="What became of each photo, as JSON; - for standard output.",
            show_default=False,
            rich_help_panel=FOLDERS,
        ),
    ] = None,
    file_quality: Annotated[
        int, typer.Option(help="Of JPEG, WebP and AVIF, 1 to 100.", rich_help_panel=FILES)
    ] = 95,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of paintings: png, jpg, webp... Default: the photo's; png on standard output.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None,
    strip: Annotated[
        bool,
        typer.Option(
            "--strip", help="Leave out EXIF data: camera, place, time.", rich_help_panel=FILES
        ),
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
    from impasto.presets import preset_values, write_preset

    given = {
        "style": style,
        "strength": strength,
        "stroke": stroke,
        "quality": quality,
        "detail": detail,
        "keep_colors": keep_colors,
        "palette": palette,
        "seed": seed,
        "mask": mask,
        "subject": subject,
        "invert_mask": invert_mask,
        "regions": tuple(regions or ()),
        "protect_faces": protect_faces,
    }
    options = replace(
        _options(context, given, preset),
        gallery=gallery,
        engine=cast(EngineName, engine),
        precision=cast(Precision, precision),
    )
    if not photos and not save_preset:
        raise OptionError("no photo is given", "give photos, folders, or - for standard input")
    if skip_existing and overwrite:
        raise OptionError("--skip-existing and --overwrite exclude each other", "give one of them")
    rest, placed = options.placed_styles()
    label = file_label("+".join(dict.fromkeys(map(str, [rest, *(each for _, each in placed)]))))
    suffix = choose_suffix(file_format, output)
    work = plan_jobs(photos, output, label, recursive, suffix) if photos else []
    skipped = check_targets(work, overwrite=overwrite, skip_existing=skip_existing)
    if report == STREAM and any(job.target == STREAM for job in work):
        raise OptionError("standard output holds the painting", "give --report FILE")
    check_json(report)
    named = {real_path(each) for job in work for each in (job.source, job.target)}
    if report and report != STREAM and real_path(report) in named:
        raise OptionError(f"--report {report} is a photo's or painting's name", "give another")

    from impasto.batch import Outcome
    from impasto.images import check_format
    from impasto.large.memory_plan import parse_bytes
    from impasto.stylizer import Stylizer

    for job in work:
        if job.target != STREAM:
            check_format(job.target)
    memory_bytes = parse_bytes(memory)
    with Stylizer(options) as stylizer:
        console.detail(f"engine: {stylizer.engine}")
        if save_preset:
            console.note(f"preset saved: {write_preset(save_preset, options)}")
        outcomes = [Outcome(job, "skipped") for job in skipped]
        paint = partial(
            _paint,
            stylizer,
            quality=file_quality,
            file_format=suffix.removeprefix(".") or "png",
            strip=strip,
            overwrite=overwrite,
            memory_bytes=memory_bytes // max(1, jobs),
        )
        try:
            _paint_all([job for job in work if job not in skipped], paint, jobs, outcomes)
        finally:
            if report:
                from impasto.batch import report_json

                about = {"recipe": preset_values(options), "engine": str(stylizer.engine)}
                write_json(report, report_json(outcomes, planned=len(work), about=about))
    if skipped:
        console.note(f"{len(skipped)} skipped, whose paintings exist already")
    failures = [outcome.error for outcome in outcomes if outcome.error]
    if failures and len(work) == 1:
        raise failures[0]
    if failures:
        for failure in failures:
            console.error(failure)
        raise BatchError(failures, len(work) - len(failures))


def _options(context: typer.Context, given: dict[str, Any], preset: str | None) -> StylizeOptions:
    """The preset, if there is one, with the options that were given in their places."""
    from impasto.masks.parse import split_regions
    from impasto.presets import read_preset

    said = {
        name: value
        for name, value in given.items()
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    }
    if "style" in said and split_regions(given["regions"])[0]:
        raise OptionError("--style and --region rest:STYLE say the same", "give one of them")
    return read_preset(preset).changed(said) if preset else StylizeOptions(**given)


def _paint_all(jobs: list[Job], paint: Any, at_once: int, outcomes: list[Outcome]) -> None:
    from impasto.batch import paint_batch

    with console.progress() as progress:
        if len(jobs) == 1:
            paint = partial(paint, progress=progress)

        def tell(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if outcome.report:
                _say(outcome, outcome.report)
            if len(jobs) > 1:
                progress(Progress("painting", len(outcomes), len(jobs)))

        paint_batch(jobs, paint, tell, at_once)


def _say(outcome: Outcome, report: PhotoReport) -> None:
    job = outcome.job
    source = "standard input" if job.source == STREAM else job.source
    target = "standard output" if job.target == STREAM else job.target
    more = f", {report.pictures} pictures" if report.pictures > 1 else ""
    more += f", without {report.left_out} more pictures" if report.left_out else ""
    if job.target != STREAM or report.left_out:
        console.note(f"{source} -> {target}{more}")
    if report.clipped_px:
        console.note(
            f"{source}: {report.clipped_px:,} pixels beyond black (0) or white (1, or the tag "
            "SMaxSampleValue) are painted as these"
        )
    how = f", {report.plan}" if report.plan else ""
    milliseconds = 1000 * outcome.seconds
    console.detail(f"{report.width} x {report.height} px in {milliseconds:.0f} ms{how}")


def _paint(
    stylizer: Stylizer,
    job: Job,
    *,
    quality: int,
    file_format: str,
    strip: bool,
    overwrite: bool,
    memory_bytes: int,
    progress: Any = lambda event: None,
) -> PhotoReport:
    from impasto.photos import encode_painting, paint_photo

    source = sys.stdin.buffer if job.source == STREAM else job.source
    if job.target == STREAM:
        content, report = encode_painting(
            stylizer, source, file_format, quality=quality, strip=strip
        )
        console.send(content)
        return report
    if job.makes_folder:
        make_folder(Path(job.target).parent)
    return paint_photo(
        stylizer,
        source,
        job.target,
        quality=quality,
        strip=strip,
        overwrite=overwrite,
        memory_bytes=memory_bytes,
        progress=progress,
    )
