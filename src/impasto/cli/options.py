"""Options that several commands share."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.console import console
from impasto.errors import MissingExtraError, OptionError, OutputError
from impasto.files import check_writable, real_path, write_atomically
from impasto.strokes import MAX_SIDE_PX

if TYPE_CHECKING:
    from impasto.network.spec import NetworkSpec
    from impasto.styles import Gallery

__all__ = [
    "SCHEDULE",
    "WHERE",
    "CompileOption",
    "DeviceOption",
    "EngineOption",
    "EverySecondsOption",
    "GalleryOption",
    "JsonOption",
    "LateCropOption",
    "MaskOption",
    "PrecisionOption",
    "ResumeRunOption",
    "ScheduleFloat",
    "ScheduleInt",
    "StabilityOption",
    "StrokeOption",
    "StyleOption",
    "TorchPrecisionOption",
    "check_json",
    "check_target",
    "choose_gallery",
    "choose_preset",
    "parse_size",
    "require_torch",
    "write_json",
]

SPEED, WHERE, SCHEDULE = "Speed", "Where", "Schedule"

EngineOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto (the fastest installed), openvino, onnxruntime or opencv.",
        rich_help_panel=SPEED,
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto (bf16 with AMX, else int8 with VNNI, as the CPU has them), f32, bf16 or int8.",
        rich_help_panel=SPEED,
    ),
]
GalleryOption = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Styles of your own, as impasto train makes them; or turbo: most of the "
        "shipped ones in networks of less than half the size.",
        show_default=False,
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=SPEED)]
TorchPrecisionOption = Annotated[
    str,
    typer.Option(
        help="auto (bf16 where there is hardware for it), f32 or bf16.", rich_help_panel=SPEED
    ),
]
CompileOption = Annotated[
    bool | None,
    typer.Option(
        "--compile/--no-compile",
        help="Compile the network first: a sixth faster, after up to a minute. Default: for long "
        "runs, where there is a C++ compiler.",
        show_default=False,
        rich_help_panel=SPEED,
    ),
]

MaskOption = Annotated[
    str,
    typer.Option(
        metavar="PICTURE",
        help="Paint where this picture is white; or subject, or background.",
        show_default=False,
        rich_help_panel=WHERE,
    ),
]

ResumeRunOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with the run in the output folder. Its own options stand; only --steps may "
        "change.",
    ),
]
ScheduleInt = Annotated[int, typer.Option(rich_help_panel=SCHEDULE)]
ScheduleFloat = Annotated[float, typer.Option(rich_help_panel=SCHEDULE)]
LateCropOption = Annotated[
    int,
    typer.Option(
        metavar="PX", help="Their side in the last 30 % of steps.", rich_help_panel=SCHEDULE
    ),
]
EverySecondsOption = Annotated[float, typer.Option(metavar="SECONDS", rich_help_panel=SCHEDULE)]

JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="All figures as JSON; - for standard output.",
        show_default=False,
    ),
]


StyleOption = Annotated[
    str,
    typer.Option(
        "--style",
        "-s",
        metavar="NAME",
        help="A style (impasto styles lists them), any painting: cow.jpg, a mixture: "
        "sea-at-satta:0.7+cow.jpg:0.3, or the file of a network: the_scream.t7, candy.onnx, "
        "many.onnx#7, magenta.onnx#painting.jpg.",
    ),
]
StabilityOption = Annotated[
    float,
    typer.Option(
        help="How much strokes stay on the things that they are painted on, from 0 (every frame "
        "is painted anew) to 1."
    ),
]
StrokeOption = Annotated[
    float,
    typer.Option(help="Size of the strokes, from 0.5 (fine) to 2 (large).", rich_help_panel="How"),
]


def check_target(target: Path, sources: Sequence[Path], overwrite: bool) -> None:
    """Find out before the work that its result has no place.

    Raises:
        OptionError: it would replace one of the sources.
        OutputError: it cannot be written, or exists already and shall not be replaced.
    """
    check_writable(target)
    if real_path(target) in map(real_path, sources):
        raise OptionError(f"{target} would replace what it is made from", "give another -o")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists already", "give --overwrite, or another -o")


def check_json(file: str | None) -> None:
    """Find out before long work that its figures could not be written.

    Raises:
        OutputError: the file cannot be written.
    """
    if file and file != "-":
        check_writable(Path(file))


def write_json(file: str, text: str) -> bool:
    """Write figures to a file, or to standard output; true if it was the latter."""
    # JSON is UTF-8 whatever the terminal; of names that are none, it has a notation.
    content = text.encode(errors="backslashreplace") + b"\n"
    if file == "-":
        console.send(content)
        return True
    with write_atomically(Path(file)) as stream:
        stream.write(content)
    return False


def choose_gallery(folder: str | None) -> Gallery:
    """The gallery in a folder, the shipped one, or its small networks."""
    from impasto.styles import open_gallery

    return open_gallery(folder)


def choose_preset(name: str) -> NetworkSpec:
    """The network of that name.

    Raises:
        OptionError: there is none.
    """
    from impasto.network.spec import PRESETS

    if name not in PRESETS:
        raise OptionError(f"--preset {name!r} is unknown", f"one of {', '.join(PRESETS)}")
    return PRESETS[name]


def parse_size(text: str, option: str) -> tuple[int, int]:
    """Width and height of ``640x480``.

    Raises:
        OptionError: it is no size, or out of range.
    """
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise OptionError(f"{option} {text!r} is no size", "write 640x480") from error
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise OptionError(f"{option} {text} is out of range", f"give sides from 1 to {MAX_SIDE_PX}")
    return width, height


def require_torch(feature: str) -> None:
    """Torch is installed.

    Raises:
        MissingExtraError: it is not installed, with the line that installs it.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(feature, "learn")
