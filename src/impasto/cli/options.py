"""Options that several commands share."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from impasto._util.atomic_files import check_writable, real_path, write_atomically
from impasto.cli.console import console
from impasto.defaults import DEFAULT_STYLE
from impasto.errors import MissingExtraError, OptionError, OutputError
from impasto.multiscale import MAX_SIDE_PX
from impasto.options import StylizeOptions

if TYPE_CHECKING:
    from impasto.networks.spec import NetworkSpec
    from impasto.styles import Gallery

__all__ = [
    "HOW",
    "SCHEDULE",
    "SPEED",
    "WHERE",
    "DetailOption",
    "DeviceOption",
    "EngineOption",
    "GalleryOption",
    "InvertMaskOption",
    "JsonOption",
    "KeepColorsOption",
    "MaskOption",
    "PaletteOption",
    "PrecisionOption",
    "ProtectFacesOption",
    "QualityOption",
    "RegionsOption",
    "SeedOption",
    "StabilityOption",
    "StrengthOption",
    "StrokeOption",
    "StyleOption",
    "StylesOption",
    "SubjectOption",
    "TorchPrecisionOption",
    "check_json",
    "check_target",
    "choose_gallery",
    "choose_preset",
    "flag",
    "parse_size",
    "require_torch",
    "takes",
    "was_said",
    "write_json",
]

Options = TypeVar("Options")

HOW, WHERE, SPEED, SCHEDULE = "How", "Where", "Speed", "Schedule"


def _painting(
    name: str,
    *declarations: str,
    metavar: str | None = None,
    panel: str | None,
    more_help: str = "",
) -> Any:
    """Return an option of `StylizeOptions`, with its help; defaults of none are not shown."""
    option = StylizeOptions.__dataclass_fields__[name]
    return typer.Option(
        *declarations,
        metavar=metavar,
        help=option.metadata["help"] + more_help,
        show_default=option.default not in (None, ()) and not more_help,
        rich_help_panel=panel,
        autocompletion=_style_names if name == "style" else None,
    )


def flag(name: str, help_: str, short: str | None = None, *, panel: str | None = None) -> Any:
    """Return an option to switch something on, and off again where a user's defaults have it on."""
    shorts = [short] if short else []
    return typer.Option(
        f"--{name}/--no-{name}", *shorts, help=help_, show_default=False, rich_help_panel=panel
    )


def _style_names() -> list[str]:
    return list(choose_gallery(None).names)


StyleOption = Annotated[str, _painting("style", "--style", "-s", metavar="NAME", panel=None)]
StylesOption = Annotated[
    list[str] | None,
    _painting(
        "style",
        "--style",
        "-s",
        metavar="NAME",
        panel=None,
        more_help=f" Repeat for a painting in each. Default: {DEFAULT_STYLE}.",
    ),
]
StrengthOption = Annotated[float, _painting("strength", panel=HOW)]
StrokeOption = Annotated[float, _painting("stroke", panel=HOW)]
QualityOption = Annotated[str, _painting("quality", panel=HOW)]
DetailOption = Annotated[float, _painting("detail", panel=HOW)]
KeepColorsOption = Annotated[str | None, _painting("keep_colors", metavar="WAY", panel=HOW)]
PaletteOption = Annotated[str | None, _painting("palette", metavar="PICTURE", panel=HOW)]
SeedOption = Annotated[int, _painting("seed", panel=HOW)]
MaskOption = Annotated[str | None, _painting("mask", metavar="PICTURE", panel=WHERE)]
SubjectOption = Annotated[str | None, _painting("subject", metavar="X,Y,W,H", panel=WHERE)]
InvertMaskOption = Annotated[
    bool, flag("invert-mask", "Paint all but the mask or subject.", panel=WHERE)
]
RegionsOption = Annotated[
    list[str] | None, _painting("regions", "--region", metavar="PLACE:STYLE", panel=WHERE)
]
ProtectFacesOption = Annotated[float, _painting("protect_faces", metavar="AMOUNT", panel=WHERE)]
GalleryOption = Annotated[str | None, _painting("gallery", metavar="FOLDER", panel=None)]
EngineOption = Annotated[str, _painting("engine", metavar="NAME", panel=SPEED)]
PrecisionOption = Annotated[str, _painting("precision", metavar="NAME", panel=SPEED)]

DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=SPEED)]
TorchPrecisionOption = Annotated[
    str,
    typer.Option(
        help="auto (bf16 where there is hardware for it), f32 or bf16.", rich_help_panel=SPEED
    ),
]
JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="All figures as JSON; - for standard output.",
        show_default=False,
    ),
]


StabilityOption = Annotated[
    float,
    typer.Option(
        help="How much strokes stay on the things that they are painted on, from 0 (every frame "
        "is painted anew) to 1."
    ),
]


def takes(
    options: type[Options],
) -> Callable[[Callable[[typer.Context, Options], None]], Callable[..., None]]:
    """Let a command take its options as one object.

    Args:
        options: a dataclass, each field of which is annotated as Typer has it.
    """
    hints = get_type_hints(options, include_extras=True)
    parameters = [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for field in fields(options):  # type: ignore[arg-type]
        default = Parameter.empty if field.default is MISSING else field.default
        parameters.append(
            Parameter(
                field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
            )
        )

    def decorate(run: Callable[[typer.Context, Options], None]) -> Callable[..., None]:
        def command(context: typer.Context, **given: Any) -> None:
            run(context, options(**given))

        command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        command.__doc__ = run.__doc__
        return command

    return decorate


def was_said(context: typer.Context, parameter: str) -> bool:
    """Return whether an option stands on the command line, and is no default of any kind."""
    return getattr(context.get_parameter_source(parameter), "name", "") == "COMMANDLINE"


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
        console.send(io.BytesIO(content))
        return True
    with write_atomically(Path(file)) as stream:
        stream.write(content)
    return False


def choose_gallery(folder: str | None) -> Gallery:
    """Return the gallery in a folder, the shipped one, or its small networks."""
    from impasto.styles import open_gallery

    return open_gallery(folder)


def choose_preset(name: str) -> NetworkSpec:
    """Return the network of that name.

    Raises:
        OptionError: there is none.
    """
    from impasto.networks.spec import PRESETS

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
        InputError: the current folder is gone, without which torch's MKL ends the process.
    """
    real_path(".")
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(feature, "learn")
