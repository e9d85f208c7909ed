"""``impasto bench``: how fast the engines are here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.cli.console import console
from impasto.cli.options import (
    check_json,
    choose_gallery,
    choose_preset,
    json_option,
    option,
    painting_option,
    parse_size,
    show_figures,
    takes,
)
from impasto.defaults import DEFAULT_STABILITY, DEFAULT_STYLE
from impasto.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.engines import EngineName, Precision
    from impasto.networks.spec import NetworkSpec

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
        _bench_live(said, spec, sizes)
        return
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
    show_figures(
        [{**asdict(row), "megapixels_per_s": row.megapixels_per_s} for row in rows],
        said.json_file,
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


def _bench_live(
    said: BenchOptions, spec: NetworkSpec | None, sizes: Sequence[tuple[int, int]]
) -> None:
    """Measure how fast the live loop is here."""
    from tempfile import TemporaryDirectory

    from impasto.evaluation.live_speed import measure_live, random_gallery
    from impasto.live import LiveOptions
    from impasto.options import StylizeOptions

    if said.threads:
        raise OptionError("--live takes all cores", "leave --threads out")
    engines = [_engine(text) for text in said.engine or ["auto"]]
    with TemporaryDirectory(prefix="impasto-") as folder, console.progress() as progress:
        styles = random_gallery(Path(folder), spec) if spec else choose_gallery(said.gallery)
        painting = StylizeOptions("random" if spec else said.style, gallery=styles)
        options = LiveOptions(painting, rate=said.fps, stability=said.stability)
        rows = measure_live(options, engines, sizes, seconds=said.seconds, progress=progress)
    show_figures(
        [asdict(row) for row in rows],
        said.json_file,
        ("engine", "camera", "painted at", "frames/s", "delay, ms", "95 % below", "in frames"),
        [
            (
                row.engine,
                f"{row.width}x{row.height}",
                f"{row.painted_width}x{row.painted_height}",
                f"{row.frames_per_s:.1f}",
                f"{row.delay_ms:.0f}",
                f"{row.long_delay_ms:.0f}",
                f"{row.delay_frames:.1f}",
            )
            for row in rows
        ],
        left=3,
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
