"""``impasto evaluate PHOTOS --paintings FOLDER``: how good the styles are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    EngineOption,
    GalleryOption,
    JsonOption,
    PrecisionOption,
    check_json,
    choose_gallery,
    require_torch,
    write_json,
)
from impasto.defaults import DEFAULT_STABILITY
from impasto.errors import InputError

__all__ = ["evaluate_command"]

VIDEO = "Videos"


def evaluate_command(
    photos: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO...", help="Photos, or folders of photos; with --video, videos."
        ),
    ],
    paintings: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="The paintings that the styles were learned from; or one, for all of them.",
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME",
            help="Only this one; repeat for more. Mixtures and files of networks (the_scream.t7), "
            "too: the folder has the_scream.jpg for these.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="Take so many photos of a folder.")] = 4,
    size: Annotated[int, typer.Option(metavar="PX", help="The photos' shorter side.")] = 256,
    painting_size: Annotated[
        int | None,
        typer.Option(
            metavar="PX",
            help="The paintings' shorter side. Default: as each style was learned.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Run L-BFGS from white noise for N iterations, to compare with. "
            "Slow at first; its curves are cached.",
        ),
    ] = 0,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Of the curves. Default: in the user's cache folder.",
            show_default=False,
        ),
    ] = None,
    video: Annotated[
        bool,
        typer.Option("--video", help="Measure how calm videos are.", rich_help_panel=VIDEO),
    ] = False,
    stability: Annotated[
        float, typer.Option(help="As impasto video takes it.", rich_help_panel=VIDEO)
    ] = DEFAULT_STABILITY,
    frames: Annotated[
        int, typer.Option(metavar="N", help="Take so many of each video.", rich_help_panel=VIDEO)
    ] = 48,
    json_file: JsonOption = None,
    gallery: GalleryOption = None,
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
) -> None:
    """Measure content loss C, style loss S and J = C + 15 S (medians over the photos).

    R is how much one motif stands in rows where the painting has none (of parts of the paintings
    themselves, most have 0.2 to 0.8). With --reference, J is also told as the number of L-BFGS
    iterations that reach it. With --video, the warping error is measured beside S: how much a
    painting differs from the one before, moved to where things are now.
    """
    require_torch("impasto evaluate")
    check_json(json_file)
    from contextlib import ExitStack

    from impasto.engines import EngineName, Precision
    from impasto.evaluation.scored_styles import find_subjects
    from impasto.evaluation.scores import evaluate, reports_to_json
    from impasto.images import IMAGE_SUFFIXES
    from impasto.perceptual.hardware import keep_freed_memory
    from impasto.stylizer import Stylizer

    keep_freed_memory()
    chosen = choose_gallery(gallery)
    subjects = find_subjects(style or chosen.names, chosen, paintings)
    if video:
        from impasto.cli.evaluate_video import evaluate_videos

        evaluate_videos(
            photos,
            subjects,
            chosen,
            stability=stability,
            frames=frames,
            size_px=size,
            painting_px=painting_size,
            engine=cast("EngineName", engine),
            precision=cast("Precision", precision),
            json_file=json_file,
        )
        return
    files: list[Path] = []
    for path in photos:
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            if not found:
                raise InputError(f"{path} holds no photos", "give a folder with photos")
            files += found[:limit]
        else:
            files.append(path)
    with ExitStack() as stack, console.progress() as progress:
        painters = {
            each.name: stack.enter_context(
                Stylizer(
                    each.style,
                    gallery=chosen,
                    engine=cast("EngineName", engine),
                    precision=cast("Precision", precision),
                )
            )
            for each in subjects
        }
        reports = evaluate(
            painters,
            {each.name: each.painting for each in subjects},
            files,
            size_px=size,
            painting_px=painting_size or {each.name: each.painting_px for each in subjects},
            reference_iterations=reference,
            cache=(cache or _default_cache()) if reference else None,
            progress=progress,
        )
    text = reports_to_json(reports)
    if json_file and write_json(json_file, text):
        return
    console.table(
        ("style", "C", "S", "S at relu5_1", "J", "L-BFGS iterations", "R"),
        [
            (
                report.style,
                f"{report.content:.3f}",
                f"{report.style_loss:.4f}",
                f"{report.deep_style:.4f}",
                f"{report.objective:.3f}",
                "" if report.iterations is None else _iterations(report.iterations, reference),
                f"{report.repetition:.2f}",
            )
            for report in reports
        ],
    )


def _iterations(count: int, most: int) -> str:
    return f"{count} or more" if count == most else str(count)


def _default_cache() -> Path:
    from impasto._util.atomic_files import make_folder, user_cache_folder

    make_folder(user_cache_folder())
    return user_cache_folder() / "lbfgs-curves.json"
