"""``impasto evaluate PHOTOS --paintings FOLDER``: how good the styles are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    REQUIRED,
    argument,
    check_json,
    choose_gallery,
    json_option,
    option,
    painting_option,
    require_torch,
    show_figures,
    takes,
)
from impasto.defaults import DEFAULT_STABILITY
from impasto.errors import OptionError
from impasto.options import StylizeOptions

if TYPE_CHECKING:
    from impasto._util.arrays import Pixels
    from impasto.evaluation.scored_styles import ScoredStyle
    from impasto.evaluation.scores import PaintPhoto
    from impasto.stylizer import Stylizer

VIDEO, PAPERS = "Videos", "As papers do"
SIZE_PX, PAPERS_PX, MOST_PX = 512, 256, 16384


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of ``impasto evaluate``."""

    photos: list[Path] = argument("PHOTO...", "Photos, or folders of photos; with --video, videos.")
    paintings: Path = option(
        REQUIRED,
        "The paintings that the styles were learned from; or one, for all of them.",
        metavar="FOLDER",
    )
    style: list[str] | None = option(
        None,
        "Only this one; repeat for more. Mixtures and files of networks (the_scream.t7), "
        "too: the folder has the_scream.jpg for these.",
        "--style",
        "-s",
        metavar="NAME",
    )
    limit: int = option(4, "Take so many photos of a folder.", metavar="N")
    size: int | None = option(
        None, "The photos' shorter side. Default: 512, with --papers or --video 256.", metavar="PX"
    )
    sheet: Path = option(
        Path("evaluation.jpg"),
        "Photos, paintings and results in one picture, to look at before any number; "
        "the next free name if it exists.",
        metavar="FILE",
    )
    sheet_sizes: str = option(
        "512,1024,2048", "The results' shorter sides on the sheet.", metavar="PX,PX..."
    )
    best: bool = option(
        False, "Beside the optimisation of impasto paint: minutes for each photo.", "--best"
    )
    papers: bool = option(
        False,
        "Measure J = C + 15 S at one size, as papers do; it says nothing of large forms.",
        "--papers",
        panel=PAPERS,
    )
    painting_size: int | None = option(
        None,
        "The paintings' shorter side. Default: as each style was learned.",
        metavar="PX",
        panel=PAPERS,
    )
    reference: int = option(
        0,
        "Run L-BFGS from white noise for N iterations, to compare with. "
        "Slow at first; its curves are cached.",
        metavar="N",
        panel=PAPERS,
    )
    cache: Path | None = option(
        None, "Of the curves. Default: in the user's cache folder.", metavar="FILE", panel=PAPERS
    )
    video: bool = option(False, "Measure how calm videos are.", "--video", panel=VIDEO)
    stability: float = option(DEFAULT_STABILITY, "As impasto video takes it.", panel=VIDEO)
    frames: int = option(48, "Take so many of each video.", metavar="N", panel=VIDEO)
    json_file: str | None = json_option()
    quality: str = painting_option("quality")
    gallery: str | None = painting_option("gallery")
    engine: str = painting_option("engine")
    precision: str = painting_option("precision")


@takes(EvaluateOptions)
def evaluate_command(_: typer.Context, said: EvaluateOptions) -> None:
    """Make a sheet to look at, then measure style by size, content and rows of motifs.

    Style is measured with picture and painting reduced to 64, 128, 256 and 512 px: large forms
    first. C is content by features, self-similarity content by what resembles what. R is how much
    one motif stands in rows where the painting has none (of parts of the paintings themselves, most
    have 0.2 to 0.8). With --papers, J = C + 15 S at one size, and with --reference the number of
    L-BFGS iterations that reach it. With --video, the warping error beside S: how much a painting
    differs from the one before, moved to where things are now.
    """
    require_torch("impasto evaluate")
    check_json(said.json_file)
    from impasto.evaluation.scored_styles import find_scored_styles
    from impasto.images import find_images
    from impasto.perceptual.hardware import keep_freed_memory
    from impasto.stylizer import Stylizer

    keep_freed_memory()
    chosen = choose_gallery(said.gallery)
    styles = find_scored_styles(said.style or chosen.names, chosen, said.paintings)
    asked = {name: getattr(said, name) for name in ("quality", "engine", "precision")}
    options = StylizeOptions(gallery=chosen).changed(asked)
    if said.video:
        _videos(said, styles, options)
        return
    found = [
        find_images(each, "photos")[: said.limit] if each.is_dir() else [each]
        for each in said.photos
    ]
    with ExitStack() as stack:
        painters = {
            each.name: stack.enter_context(Stylizer(replace(options, style=each.style)))
            for each in styles
        }
        way = _as_papers_do if said.papers or said.reference else _by_size
        way(said, painters, styles, list(chain(*found)))


def _by_size(
    said: EvaluateOptions,
    painters: Mapping[str, Stylizer],
    styles: Sequence[ScoredStyle],
    files: Sequence[Path],
) -> None:
    """Write the sheet, then print the table."""
    from impasto.evaluation.by_size import COMPARED_PX, median_score, score_by_size, sheet_of
    from impasto.evaluation.scores import exact_vgg
    from impasto.images import Picture, read_image, scale_shorter_side, write_image

    pictures = {str(path): read_image(path).pixels for path in files}
    paintings = {each.name: read_image(each.painting).pixels for each in styles}
    names = (said.sheet.with_stem(f"{said.sheet.stem}-{number}") for number in count(2))
    target = next(each for each in chain([said.sheet], names) if not each.exists())
    sizes_px = [_whole(text) for text in said.sheet_sizes.split(",")]
    write_image(target, Picture(sheet_of(painters, paintings, pictures, sizes_px)))
    console.note(f"look at {target} before you read on")
    ways: dict[str, PaintPhoto] = dict(painters)
    if said.best:
        for each in styles:
            name = f"{each.name}, optimised"
            ways[name], paintings[name] = _optimised(paintings[each.name]), paintings[each.name]
    size_px = said.size or SIZE_PX
    reduced = {name: scale_shorter_side(each, size_px) for name, each in pictures.items()}
    with console.progress() as progress:
        scores = score_by_size(exact_vgg(), ways, paintings, reduced, progress)
    rows = []
    for name, by_photo in scores.items():
        median = median_score(list(by_photo.values()))
        by_size = (f"{median.style[px]:.3f}" for px in COMPARED_PX)
        rest = (median.content, median.similarity, median.repetition)
        rows.append((name, *by_size, *(f"{each:.2f}" for each in rest)))
    sizes = (f"S at {px} px" for px in COMPARED_PX)
    tree = [
        {"style": name, "photos": {photo: asdict(each) for photo, each in by_photo.items()}}
        for name, by_photo in scores.items()
    ]
    show_figures(tree, said.json_file, ("style", *sizes, "C", "self-similarity", "R"), rows)


def _optimised(painting: Pixels) -> PaintPhoto:
    """Return what paints photos by the optimisation, at the size they have."""
    from impasto.gatys.optimize import paint
    from impasto.gatys.options import PaintOptions

    def paint_photo(photo: Pixels) -> Pixels:
        return paint(photo, painting, PaintOptions(size_px=max(photo.shape[:2]))).pixels

    return paint_photo


def _as_papers_do(
    said: EvaluateOptions,
    painters: Mapping[str, Stylizer],
    styles: Sequence[ScoredStyle],
    files: Sequence[Path],
) -> None:
    """Print J at one size."""
    from impasto._util.atomic_files import make_folder, user_cache_folder
    from impasto.evaluation.scores import evaluate, report_tree

    cache = None
    if said.reference:
        make_folder(user_cache_folder())
        cache = said.cache or user_cache_folder() / "lbfgs-curves.json"
    with console.progress() as progress:
        reports = evaluate(
            painters,
            {each.name: each.painting for each in styles},
            files,
            size_px=said.size or PAPERS_PX,
            painting_px=said.painting_size or {each.name: each.painting_px for each in styles},
            reference_iterations=said.reference,
            cache=cache,
            progress=progress,
        )
    show_figures(
        report_tree(reports),
        said.json_file,
        ("style", "C", "S", "S at relu5_1", "J", "L-BFGS iterations", "R"),
        [
            (
                report.style,
                f"{report.median.content:.3f}",
                f"{report.median.style:.4f}",
                f"{report.median.deep_style:.4f}",
                f"{report.objective:.3f}",
                ""
                if report.iterations is None
                else f"{report.iterations}{' or more' * (report.iterations == said.reference)}",
                f"{report.median.repetition:.2f}",
            )
            for report in reports
        ],
    )


def _videos(said: EvaluateOptions, styles: Sequence[ScoredStyle], options: StylizeOptions) -> None:
    """Paint videos in several ways, and tell how they compare with painting frame by frame."""
    from impasto.evaluation.video_scores import FRAME_BY_FRAME, score_videos

    with console.progress() as progress:
        scores = score_videos(
            said.photos,
            styles,
            options,
            stability=said.stability,
            frames=said.frames,
            size_px=said.size or PAPERS_PX,
            painting_px=said.painting_size,
            progress=progress,
        )
    alone = {row.style: row for row in scores if row.way == FRAME_BY_FRAME}
    show_figures(
        [asdict(row) for row in scores],
        said.json_file,
        ("style", "painted", "warping error", "of frame by frame", "S", "of frame by frame"),
        [
            (
                row.style,
                row.way,
                f"{row.warping_error:.2f}",
                f"{row.warping_error / max(alone[row.style].warping_error, 1e-9):.0%}",
                f"{row.style_loss:.4f}",
                f"{row.style_loss / max(alone[row.style].style_loss, 1e-9):.0%}",
            )
            for row in scores
        ],
        left=2,
    )


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or not 0 < int(text) <= MOST_PX:
        raise OptionError(f"--sheet-sizes has {text!r}", "give sizes in pixels: 512,1024")
    return int(text)
