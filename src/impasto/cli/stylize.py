"""``impasto PHOTO...``: paint photos with a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from impasto._util.atomic_files import real_path
from impasto.cli.console import console
from impasto.cli.options import check_json, painting_values, takes, was_said, write_json
from impasto.cli.photo_options import PhotoOptions
from impasto.cli.photo_run import PhotoRun
from impasto.cli.targets import STREAM, check_targets, choose_suffix, names_several, plan_jobs
from impasto.cli.watching import appearing
from impasto.defaults import DEFAULT_STYLE
from impasto.errors import OptionError
from impasto.options import OF_NO_PHOTO, StylizeOptions

if TYPE_CHECKING:
    from impasto.photo_jobs import Job
    from impasto.stylizer import Stylizer


@takes(PhotoOptions)
def stylize_command(context: typer.Context, options: PhotoOptions) -> None:
    """Paint photos in a style, or in several."""
    from impasto.presets import write_preset

    options = _settled(context, options)
    styles = _styles(context, options)
    _check(options, len(styles))
    suffix = choose_suffix(options.file_format, options.output)
    labels = {style: _label(each, options.compare) for style, each in styles.items()}
    photos = options.photos or []
    plan = partial(plan_jobs, photos, options.output, labels, options.recursive, suffix)
    jobs = plan() if photos and not options.watch else []
    skipped = _check_jobs(options, jobs)
    run = PhotoRun(options, suffix, jobs, skipped)
    with ExitStack() as opened:
        stylizers = _open(styles, opened)
        engine = str(next(iter(stylizers.values())).engine)
        console.detail(f"engine: {engine}")
        if options.save_preset:
            console.note(f"preset saved: {write_preset(options.save_preset, *styles.values())}")
        try:
            if options.watch:
                console.note("watching for photos: Ctrl-C ends it")
                for due in appearing(plan, overwrite=options.overwrite):
                    run.add(due)
                    for style, stylizer in stylizers.items():
                        run.paint(stylizer, [job for job in due if job.style == style])
            passed = set(skipped)
            for style in list(stylizers):
                with stylizers.pop(style) as stylizer:  # closed before the next one takes memory
                    due = [job for job in jobs if job.style == style and job not in passed]
                    run.paint(stylizer, due)
        finally:
            if options.report:
                write_json(options.report, run.report(_about(styles, engine)))
    run.finish()


def _settled(context: typer.Context, options: PhotoOptions) -> PhotoOptions:
    """Return the options without those defaults of the user that the command line excludes."""
    for pair in (("skip_existing", "overwrite"), ("keep_colors", "palette")):
        for said, other in (pair, pair[::-1]):
            if was_said(context, said) and getattr(options, said) and not was_said(context, other):
                options = replace(options, **{other: getattr(PhotoOptions, other)})
    return options


def _styles(context: typer.Context, options: PhotoOptions) -> dict[str, StylizeOptions]:
    """Return how to paint in each style: the preset, if there is one, with the options that were
    given in their places.
    """
    from impasto.masks.parse import split_regions
    from impasto.presets import read_preset

    given = painting_values(options)
    rest = split_regions(given["regions"])[0]
    if rest and was_said(context, "styles"):
        raise OptionError("--style and --region rest:STYLE say the same", "give one of them")
    if options.preset:
        said = {
            name: value
            for name, value in given.items()
            if name in OF_NO_PHOTO or was_said(context, name)
        }
        look = read_preset(options.preset).changed(said)
    else:
        look = StylizeOptions(**given)
    styles = [rest] if rest else options.styles or [DEFAULT_STYLE]
    if options.preset and not was_said(context, "styles"):
        styles = [str(look.style)]
    return {style: look.changed({"style": style}) for style in styles}


def _label(look: StylizeOptions, compare: bool) -> str:
    """Return what file names have beside the photo's."""
    from impasto.styles import StyleRef

    rest, placed = look.placed_styles()
    styles = dict.fromkeys([rest, *(each for _, each in placed)])
    label = "+".join(StyleRef.parse(each).label for each in styles)
    return f"{label}-compared" if compare else label


def _open(styles: Mapping[str, StylizeOptions], opened: ExitStack) -> dict[str, Stylizer]:
    """Open a stylizer for each style: all of them at first, so that what is wrong with one shows
    before the others have painted for hours. Those that are still there in the end are closed.
    """
    from impasto.stylizer import Stylizer

    stylizers: dict[str, Stylizer] = {}

    @opened.callback
    def close_those_left() -> None:
        for stylizer in stylizers.values():
            stylizer.close()

    for style, look in styles.items():
        stylizers[style] = Stylizer(look)
    return stylizers


def _about(styles: Mapping[str, StylizeOptions], engine: str) -> dict[str, Any]:
    """Return what the report says of all photos."""
    from impasto.presets import preset_values

    recipe = preset_values(next(iter(styles.values())))
    if len(styles) > 1:
        recipe["style"] = list(styles)
    return {"recipe": recipe, "engine": engine}


def _check(options: PhotoOptions, styles: int) -> None:
    """Check that options make sense together."""
    if not options.photos and not options.save_preset:
        raise OptionError("no photo is given", "give photos, folders, or - for standard input")
    if options.dry_run and (options.report or options.save_preset or options.show or options.watch):
        remedy = "leave out --report, --save-preset, --open and --watch"
        raise OptionError("--dry-run writes nothing", remedy)
    if options.watch and not all(names_several(photo) for photo in options.photos or [""]):
        raise OptionError("--watch is for folders", "give one in which photos will appear")
    if options.save_preset and styles > 1:
        raise OptionError("a preset has one style", "give one --style with --save-preset")
    if options.skip_existing and options.overwrite:
        raise OptionError("--skip-existing and --overwrite exclude each other", "give one of them")
    check_json(options.report)


def _check_jobs(options: PhotoOptions, jobs: Sequence[Job]) -> list[Job]:
    """Check that paintings can go where they shall.

    Returns:
        the jobs whose paintings exist already, if these are to be skipped.
    """
    from impasto.images import check_format

    skipped = check_targets(jobs, overwrite=options.overwrite, skip_existing=options.skip_existing)
    for job in jobs:
        if job.target != STREAM:
            check_format(job.target)
        elif options.report == STREAM:
            raise OptionError("standard output holds the painting", "give --report FILE")
        elif options.show:
            raise OptionError("--open shows a file", "give -o FILE")
    named = {real_path(each) for job in jobs for each in (job.source, job.target)}
    if options.report and options.report != STREAM and real_path(options.report) in named:
        raise OptionError(
            f"--report {options.report} is a photo's or painting's name", "give another"
        )
    return skipped
