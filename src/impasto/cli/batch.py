"""``impasto batch SOURCE -o TARGET``: paint more photos and films than one machine can."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from dataclasses import dataclass, fields
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import (
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
    StabilityOption,
    StrengthOption,
    StrokeOption,
    StyleOption,
    SubjectOption,
    flag,
    takes,
)
from impasto.cli.targets import choose_suffix
from impasto.defaults import DEFAULT_STABILITY
from impasto.errors import BatchError, ImpastoError, MissingExtraError
from impasto.options import StylizeOptions

__all__ = ["batch_command"]

FILES, NODES = "Files", "Nodes"
MOST_NAMED = 100
"""Failures that are named on standard error; the table has them all."""


@dataclass(frozen=True)
class BatchCommandOptions:
    """The options of ``impasto batch``, in the order of its help."""

    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder (with those below it), a pattern ('trip/**/*.jpg'), a film, or a "
            "manifest: a .parquet or .csv file with the column path, and others for options of "
            "single rows (style, strength...). Paths may be addresses: s3://bucket/photos.",
        ),
    ]
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="TARGET",
            help="A new folder, or one where the same command goes on; s3://, gs:// and other "
            "addresses, too.",
        ),
    ]
    style: StyleOption = StylizeOptions.style  # type: ignore[assignment]
    strength: StrengthOption = StylizeOptions.strength
    stroke: StrokeOption = StylizeOptions.stroke
    quality: QualityOption = StylizeOptions.quality
    detail: DetailOption = StylizeOptions.detail
    keep_colors: KeepColorsOption = None
    palette: PaletteOption = None
    seed: SeedOption = StylizeOptions.seed
    mask: MaskOption = None
    subject: SubjectOption = None
    invert_mask: InvertMaskOption = False
    regions: RegionsOption = None
    protect_faces: ProtectFacesOption = StylizeOptions.protect_faces
    stability: StabilityOption = DEFAULT_STABILITY
    max_size: Annotated[
        int | None,
        typer.Option(
            metavar="PX",
            min=1,
            help="The longer side of paintings; larger photos are reduced, and then painted.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None
    file_quality: Annotated[
        int, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF.", rich_help_panel=FILES)
    ] = 95
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of painted photos: png, jpg, webp... Default: the photo's.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None
    strip: Annotated[
        bool, flag("strip", "Leave out EXIF data: camera, place, time.", panel=FILES)
    ] = False
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Of a Ray cluster; auto finds the one that this machine is of. Default: paint "
            "here alone.",
            show_default=False,
            rich_help_panel=NODES,
        ),
    ] = None
    cpus: Annotated[
        int, typer.Option(min=1, help="Threads of each painter.", rich_help_panel=NODES)
    ] = 1
    painters: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most so many at a time. Default: as many as there are CPUs for.",
            show_default=False,
            rich_help_panel=NODES,
        ),
    ] = None
    gallery: GalleryOption = None
    engine: EngineOption = "auto"
    precision: PrecisionOption = "auto"


@takes(BatchCommandOptions)
def batch_command(_: typer.Context, options: BatchCommandOptions) -> None:
    """Paint many photos, or films, on all nodes of a Ray cluster.

    Ctrl-C, a node or the whole cluster may end it: the same command goes on where it was. What
    became of each row is in TARGET/results.parquet.
    """
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("impasto batch", "cluster")
    from impasto.cluster.photos import BatchOptions
    from impasto.cluster.places import Place
    from impasto.cluster.run import Batch, paint_batch
    from impasto.cluster.source import Source

    look = {each.name: getattr(options, each.name) for each in fields(StylizeOptions)}
    look["regions"] = tuple(options.regions or ())
    how = BatchOptions(
        StylizeOptions(**look),
        suffix=choose_suffix(options.file_format, None),
        file_quality=options.file_quality,
        strip=options.strip,
        longer_px=options.max_size,
        stability=options.stability,
        cpus=options.cpus,
    )
    failures: list[ImpastoError] = []

    def on_failure(path: str, error: str) -> None:
        if len(failures) < MOST_NAMED:
            failures.append(ImpastoError(f"{path}: {error}"))
            console.error(failures[-1])

    try:
        # What Ray says of nodes that it has lost is no result.
        with contextlib.redirect_stdout(sys.stderr), console.progress() as progress:
            report = paint_batch(
                Batch(Source(options.source), Place(options.output), how, options.painters),
                address=options.address,
                progress=progress,
                on_failure=on_failure,
            )
    except KeyboardInterrupt:
        console.note(f"{options.output} has what was painted; the same command goes on")
        raise
    console.note(f"{report.painted} painted, {report.skipped} were there: {report.table}")
    if report.lost:
        console.error(f"{report.lost} rows ended each painter that took them: is memory short?")
    if failed := report.failed + report.lost:
        raise BatchError(failures, report.painted + report.skipped, failed)
