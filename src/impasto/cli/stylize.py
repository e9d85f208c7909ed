"""``impasto PHOTO...``: paint photos with a network."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import check_json, choose_gallery, takes, was_said, write_json
from impasto.cli.photo_options import PhotoOptions
from impasto.cli.targets import STREAM, check_targets, choose_suffix, plan_jobs
from impasto.defaults import DEFAULT_STYLE
from impasto.errors import BatchError, ImpastoError, OptionError
from impasto.files import file_label, make_folder
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.batch import Job, Outcome
    from impasto.engines import EngineName, Precision
    from impasto.photos import PhotoReport
    from impasto.recipes import Recipe
    from impasto.stylizer import Stylizer

__all__ = ["stylize_command"]


@takes(PhotoOptions)
def stylize_command(context: typer.Context, options: PhotoOptions) -> None:
    """Paint photos in a style, or in several."""
    from impasto.batch import Outcome
    from impasto.memory import parse_bytes

    options = _settled(context, options)
    recipes = _recipes(context, options)
    suffix = choose_suffix(options.file_format, options.output)
    labels = {each.style: _label(each, options.compare) for each in recipes}
    jobs, skipped = _plan(options, labels, suffix)
    memory_bytes = parse_bytes(options.memory) // max(1, options.jobs)
    outcomes = [Outcome(job, "skipped") for job in skipped]
    passed = set(skipped)
    due = [job for job in jobs if job not in passed]
    with ExitStack() as opened:
        stylizers = _open(options, recipes, opened)
        engine = str(stylizers[recipes[0].style].engine)
        console.detail(f"engine: {engine}")
        _save(options, recipes)
        act, say = (_foresee, partial(_say_plan, engine)) if options.dry_run else (_paint, _say)
        try:
            for style in list(stylizers):
                with stylizers.pop(style) as stylizer:  # closed before the next one takes memory
                    paint = partial(act, stylizer, options, suffix, memory_bytes)
                    in_style = [job for job in due if job.style == style]
                    _paint_all(in_style, paint, say, options.jobs, outcomes, len(jobs))
        finally:
            if options.report:
                _report(options.report, recipes, engine, outcomes, len(jobs))
    if skipped:
        console.note(f"{len(skipped)} skipped, whose paintings exist already")
    _fail(outcomes, len(jobs))
    if options.show:
        _show([outcome.job.target for outcome in outcomes if outcome.report])


def _settled(context: typer.Context, options: PhotoOptions) -> PhotoOptions:
    """Return the options without those defaults of the user that the command line excludes."""
    for pair in (("skip_existing", "overwrite"), ("keep_colors", "palette")):
        for said, other in (pair, pair[::-1]):
            if was_said(context, said) and getattr(options, said) and not was_said(context, other):
                options = replace(options, **{other: getattr(PhotoOptions, other)})
    return options


def _recipes(context: typer.Context, options: PhotoOptions) -> list[Recipe]:
    """Return a recipe for each style: the preset, if there is one, with the options that were given
    in their places.
    """
    from impasto.places import split_regions
    from impasto.recipes import Recipe, read_preset

    names = {field.name for field in fields(Recipe)} - {"style"}
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    given["regions"] = tuple(options.regions or ())
    rest = split_regions(given["regions"])[0]
    if rest and was_said(context, "styles"):
        raise OptionError("--style and --region rest:STYLE say the same", "give one of them")
    recipe = Recipe(**given)
    if options.preset:
        said = {name: value for name, value in given.items() if was_said(context, name)}
        recipe = replace(read_preset(options.preset), **said)
        if not was_said(context, "styles"):
            return [recipe]
    styles = [rest] if rest else options.styles or [DEFAULT_STYLE]
    return [replace(recipe, style=style) for style in dict.fromkeys(styles)]


def _label(recipe: Recipe, compare: bool) -> str:
    """Return what file names have beside the photo's."""
    rest, placed = recipe.placed_styles()
    label = file_label("+".join(dict.fromkeys([rest, *(style for _, style in placed)])))
    return f"{label}-compared" if compare else label


def _open(
    options: PhotoOptions, recipes: Sequence[Recipe], opened: ExitStack
) -> dict[str, Stylizer]:
    """Open a stylizer for each style: all of them at first, so that what is wrong with one shows
    before the others have painted for hours. Those that are still there in the end are closed.
    """
    stylizers: dict[str, Stylizer] = {}

    @opened.callback
    def close_those_left() -> None:
        for stylizer in stylizers.values():
            stylizer.close()

    for recipe in recipes:
        stylizers[recipe.style] = recipe.open(
            engine=cast("EngineName", options.engine),
            precision=cast("Precision", options.precision),
            gallery=choose_gallery(options.gallery),
        )
    return stylizers


def _save(options: PhotoOptions, recipes: Sequence[Recipe]) -> None:
    from impasto.recipes import write_preset

    if options.save_preset:
        console.note(f"preset saved: {write_preset(options.save_preset, recipes[0])}")


def _report(
    file: str,
    recipes: Sequence[Recipe],
    engine: str,
    outcomes: Sequence[Outcome],
    planned: int,
) -> None:
    from impasto.batch import report_json

    styles = [recipe.style for recipe in recipes]
    recipe = {**asdict(recipes[0]), "style": styles[0] if len(styles) == 1 else styles}
    about = {"recipe": recipe, "engine": engine}
    write_json(file, report_json(outcomes, planned=planned, about=about))


def _plan(
    options: PhotoOptions, labels: Mapping[str, str], suffix: str
) -> tuple[list[Job], list[Job]]:
    """Return what is to be painted, and which of it is there already and is skipped."""
    from impasto.images import check_format

    if not options.photos and not options.save_preset:
        raise OptionError("no photo is given", "give photos, folders, or - for standard input")
    if options.dry_run and (options.report or options.save_preset or options.show):
        remedy = "leave out --report, --save-preset and --open"
        raise OptionError("--dry-run writes nothing", remedy)
    if options.save_preset and len(labels) > 1:
        raise OptionError("a preset has one style", "give one --style with --save-preset")
    if options.skip_existing and options.overwrite:
        raise OptionError("--skip-existing and --overwrite exclude each other", "give one of them")
    jobs = []
    if options.photos:
        jobs = plan_jobs(options.photos, options.output, labels, options.recursive, suffix)
    skipped = check_targets(jobs, overwrite=options.overwrite, skip_existing=options.skip_existing)
    if any(job.target == STREAM for job in jobs):
        if options.report == STREAM:
            raise OptionError("standard output holds the painting", "give --report FILE")
        if options.show:
            raise OptionError("--open shows a file", "give -o FILE")
    check_json(options.report)
    for job in jobs:
        if job.target != STREAM:
            check_format(job.target)
    return jobs, skipped


def _paint_all(
    jobs: Sequence[Job],
    paint: Any,
    say: Callable[[Outcome, PhotoReport], None],
    at_once: int,
    outcomes: list[Outcome],
    planned: int,
) -> None:
    from impasto.batch import paint_batch

    with console.progress() as progress:
        if planned == 1:
            paint = partial(paint, progress=progress)

        def tell(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if outcome.report:
                say(outcome, outcome.report)
            if planned > 1:
                progress(Progress("painting", len(outcomes), planned))

        paint_batch(jobs, paint, tell, at_once)


def _say(outcome: Outcome, report: PhotoReport) -> None:
    job = outcome.job
    more = f", {report.pictures} pictures" if report.pictures > 1 else ""
    more += f", without {report.left_out} more pictures" if report.left_out else ""
    if job.target != STREAM:
        console.note(f"{job.source} -> {job.target}{more}")
    how = f", {report.plan}" if report.plan else ""
    milliseconds = 1000 * outcome.seconds
    console.detail(f"{report.width} x {report.height} px in {milliseconds:.0f} ms{how}")


def _say_plan(engine: str, outcome: Outcome, report: PhotoReport) -> None:
    job = outcome.job
    size = f"{report.width} x {report.height} px"
    console.result(f"{job.source} -> {job.target}: {job.style}, {size}, {report.plan}, {engine}")


def _show(paintings: Sequence[str]) -> None:
    """Open a painting, or the folder that several are in, in the system's viewer."""
    shown = os.path.commonpath([Path(each).resolve() for each in paintings]) if paintings else ""
    if shown and typer.launch(shown):
        raise ImpastoError(f"the system has no viewer for {shown}", "open it yourself")


def _fail(outcomes: Sequence[Outcome], planned: int) -> None:
    """Raise what went wrong, if anything did."""
    failures = [outcome.error for outcome in outcomes if outcome.error]
    if failures and planned == 1:
        raise failures[0]
    if failures:
        for failure in failures:
            console.error(failure)
        raise BatchError(failures, planned - len(failures))


def _paint(
    stylizer: Stylizer,
    options: PhotoOptions,
    suffix: str,
    memory_bytes: int,
    job: Job,
    progress: Any = lambda event: None,
) -> PhotoReport:
    from impasto.photos import encode_painting, paint_photo

    source = sys.stdin.buffer if job.source == STREAM else job.source
    if job.target == STREAM:
        file_format = suffix.removeprefix(".") or "png"
        content, report = encode_painting(
            stylizer,
            source,
            file_format,
            quality=options.quality,
            strip=options.strip,
            longer_px=options.max_size,
            compare=options.compare,
        )
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return report
    if job.makes_folder:
        make_folder(Path(job.target).parent)
    return paint_photo(
        stylizer,
        source,
        job.target,
        quality=options.quality,
        strip=options.strip,
        longer_px=options.max_size,
        compare=options.compare,
        memory_bytes=memory_bytes,
        progress=progress,
    )


def _foresee(
    stylizer: Stylizer,
    options: PhotoOptions,
    suffix: str,
    memory_bytes: int,
    job: Job,
    progress: Any = lambda event: None,
) -> PhotoReport:
    from impasto.photos import plan_photo

    source = sys.stdin.buffer if job.source == STREAM else job.source
    return plan_photo(
        stylizer,
        source,
        f"painting{suffix or '.png'}" if job.target == STREAM else job.target,
        longer_px=options.max_size,
        compare=options.compare,
        memory_bytes=memory_bytes,
    )
