"""``impasto batch SOURCE -o TARGET``: paint more photos and films than one machine can."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from dataclasses import dataclass

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    FILES,
    REQUIRED,
    argument,
    file_quality_option,
    max_size_option,
    option,
    painting_option,
    painting_values,
    stability_option,
    strip_option,
    takes,
)
from impasto.cli.targets import choose_suffix
from impasto.errors import BatchError, ImpastoError, MissingExtraError
from impasto.options import StylizeOptions

NODES = "Nodes"
MOST_NAMED = 100
"""Failures that are named on standard error; the table has them all."""


@dataclass(frozen=True)
class BatchCommandOptions:
    """The options of ``impasto batch``, in the order of its help."""

    source: str = argument(
        "SOURCE",
        "A folder (with those below it), a pattern ('trip/**/*.jpg'), a film, or a manifest: a "
        ".parquet or .csv file with the column path, and others for options of single rows (style, "
        "strength...). Paths may be addresses: s3://bucket/photos.",
    )
    output: str = option(
        REQUIRED,
        "A new folder, or one where the same command goes on; s3://, gs:// and other addresses, "
        "too.",
        "--output",
        "-o",
        metavar="TARGET",
    )
    style: str = painting_option("style")
    strength: float = painting_option("strength")
    stroke: float = painting_option("stroke")
    quality: str = painting_option("quality")
    detail: float = painting_option("detail")
    keep_colors: str | None = painting_option("keep_colors")
    palette: str | None = painting_option("palette")
    seed: int = painting_option("seed")
    mask: str | None = painting_option("mask")
    subject: str | None = painting_option("subject")
    invert_mask: bool = painting_option("invert_mask")
    regions: list[str] | None = painting_option("regions")
    protect_faces: float = painting_option("protect_faces")
    stability: float = stability_option()
    max_size: int | None = max_size_option()
    file_quality: int = file_quality_option()
    file_format: str | None = option(
        None,
        "Of painted photos: png, jpg, webp... Default: the photo's.",
        "--format",
        metavar="NAME",
        panel=FILES,
    )
    strip: bool = strip_option()
    address: str | None = option(
        None,
        "Of a Ray cluster; auto finds the one that this machine is of. Default: paint here alone.",
        metavar="HOST:PORT",
        panel=NODES,
    )
    cpus: int = option(1, "Threads of each painter.", panel=NODES, minimum=1)
    painters: int | None = option(
        None,
        "At most so many at a time. Default: as many as there are CPUs for.",
        panel=NODES,
        minimum=1,
    )
    gallery: str | None = painting_option("gallery")
    engine: str = painting_option("engine")
    precision: str = painting_option("precision")


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

    how = BatchOptions(
        StylizeOptions(**painting_values(options)),
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
            failures.append(ImpastoError(error if path in error else f"{path}: {error}"))
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
