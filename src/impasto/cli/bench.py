"""``impasto bench``: how fast the engines are here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from impasto.cli.bench_live import bench_live
from impasto.cli.console import console
from impasto.cli.options import (
    check_json,
    choose_gallery,
    choose_preset,
    json_option,
    option,
    painting_option,
    parse_size,
    takes,
    write_json,
)
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.engines import EngineName, Precision
    from impasto.evaluation.speed import Speed

__all__ = ["bench_command"]

LIVE = "Live"


@dataclass(frozen=True)
class BenchOptions:
    """The options of ``impasto bench``."""

    size: list[str] | None = option(
        None, "Repeat for more sizes. Default: 640x480.", metavar="WIDTHxHEIGHT"
    )
    engine: list[str] | None = option(
        None,
        "openvino:int8, say; repeat for more. Default: all that are installed.",
        metavar="NAME[:PRECISION]",
    )
    style: str = option(DEFAULT_STYLE, "", "--style", "-s", metavar="NAME")
    preset: str | None = option(
        None,
        "Time this network with random weights, instead of a style: standard, turbo, "
        "johnson-instance or johnson-batch.",
        metavar="NAME",
    )
    runs: int = option(9, "Counted runs of each.")
    threads: int | None = option(None, "Default: all cores.")
    johnson: bool = option(True, "Run Johnson's 32/64/128 network in OpenCV dnn beside them.")
    json_file: str | None = json_option()
    gallery: str | None = painting_option("gallery")
    live: bool = option(
        False,
        "Run impasto live instead, with a file in the camera's place and no window: "
        "frames a second, delay, and the size that frames are painted at. On one engine unless "
        "told otherwise; --runs and --johnson do not matter.",
        "--live",
        panel=LIVE,
    )
    fps: float = option(30.0, "As impasto live takes it.", panel=LIVE)
    stability: float = option(DEFAULT_STABILITY, "As impasto live takes it.", panel=LIVE)
    seconds: float = option(20.0, "Of each; the last ten count.", panel=LIVE)


@takes(BenchOptions)
def bench_command(_: typer.Context, said: BenchOptions) -> None:
    """Time every engine, in turns, next to Johnson's network in OpenCV dnn.

    Padding and conversion from and to 8-bit pixels are included; reading and writing files is not.
    """
    check_json(said.json_file)
    sizes = [parse_size(text, "--size") for text in said.size or ["640x480"]]
    spec = choose_preset(said.preset) if said.preset else None
    if said.live:
        if said.threads:
            raise OptionError("--live takes all cores", "leave --threads out")
        engines = [_engine(text) for text in said.engine or ["auto"]]
        bench_live(
            said.style,
            said.gallery,
            spec,
            engines,
            sizes,
            said.fps,
            said.stability,
            said.seconds,
            json_file=said.json_file,
        )
        return
    from dataclasses import asdict

    from impasto.evaluation.speed import measure_speed
    from impasto.styles import StyleRef

    with console.progress() as progress:
        rows = measure_speed(
            choose_gallery(said.gallery),
            said.style,
            [_engine(text) for text in said.engine]
            if said.engine
            else _installed(in_8_bits=not StyleRef.parse(said.style).is_network),
            sizes,
            runs=said.runs,
            spec=spec,
            johnson=said.johnson,
            threads=said.threads,
            progress=progress,
        )
    text = json.dumps(
        [{**asdict(row), "megapixels_per_s": row.megapixels_per_s} for row in rows], indent=2
    )
    if not (said.json_file and write_json(said.json_file, text)):
        _print(rows)


def _print(rows: Sequence[Speed]) -> None:
    console.table(
        ("engine", "size", "ms", "fastest ms", "MPixel/s", "times Johnson"),
        [
            (
                row.engine,
                f"{row.width}x{row.height}",
                f"{row.milliseconds:.1f}",
                f"{row.fastest_ms:.1f}",
                f"{row.megapixels_per_s:.1f}",
                "" if row.times_johnson is None else f"{row.times_johnson:.1f}",
            )
            for row in rows
        ],
        left=2,
    )


def _installed(in_8_bits: bool) -> list[tuple[EngineName, Precision]]:
    """Return all installed engines in float32, and the one that has more in what the CPU is fast
    at.

    Networks of other programs are not made for 8 bits.
    """
    from impasto.engines import available_engines, has_bf16, has_vnni

    engines: list[tuple[EngineName, Precision]] = []
    for name in available_engines():
        if name == "openvino" and has_bf16():
            engines.append((name, "bf16"))
        if name == "openvino" and in_8_bits and has_vnni():
            engines.append((name, "int8"))
        engines.append((name, "f32"))
    return engines


def _engine(text: str) -> tuple[EngineName, Precision]:
    name, _, precision = text.partition(":")
    return name, precision or "auto"  # type: ignore[return-value]  # open_engine checks them
