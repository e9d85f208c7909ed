"""Options that several commands share."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import MISSING, field, fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import typer

from impasto._util.atomic_files import check_writable, real_path, write_atomically
from impasto.cli.console import console
from impasto.defaults import DEFAULT_FILE_QUALITY, DEFAULT_STABILITY
from impasto.errors import MissingExtraError, OptionError, OutputError
from impasto.multiscale import MAX_SIDE_PX
from impasto.options import StylizeOptions

if TYPE_CHECKING:
    from impasto.networks.spec import NetworkSpec
    from impasto.styles import Gallery

Options = TypeVar("Options")
Value = TypeVar("Value")

REQUIRED: Any = MISSING
FILES, HOW, WHERE, SPEED, SCHEDULE = "Files", "How", "Where", "Speed", "Schedule"

_PAINTING = {
    "style": (None, "NAME"),
    "strength": (HOW, None),
    "stroke": (HOW, None),
    "quality": (HOW, None),
    "detail": (HOW, None),
    "keep_colors": (HOW, "WAY"),
    "palette": (HOW, "PICTURE"),
    "seed": (HOW, None),
    "mask": (WHERE, "PICTURE"),
    "subject": (WHERE, "X,Y,W,H"),
    "invert_mask": (WHERE, None),
    "regions": (WHERE, "PLACE:STYLE"),
    "protect_faces": (WHERE, "AMOUNT"),
    "gallery": (None, "FOLDER"),
    "engine": (SPEED, "NAME"),
    "precision": (SPEED, "NAME"),
}
"""Panels of the options of `StylizeOptions`, and what stands for their values in the help."""


def option(
    default: Value,
    help_: str = "",
    *names: str,
    metavar: str | None = None,
    panel: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    variable: str | None = None,
) -> Value:
    """Return a field that is an option; one that can be switched off by a name shows no default."""
    information = typer.Option(
        ... if default is REQUIRED else default,
        *names,
        metavar=metavar,
        help=help_,
        rich_help_panel=panel,
        min=minimum,
        max=maximum,
        envvar=variable,
        show_default=default != "" and not any("/" in name for name in names),
        autocompletion=(lambda: list(choose_gallery(None).names)) if "--style" in names else None,
    )
    return field(default=default, metadata={"typer": information})


def flag(name: str, help_: str, short: str | None = None, *, panel: str | None = None) -> bool:
    """Return an option to switch something on, and off again where a user's defaults have it on."""
    return option(False, help_, f"--{name}/--no-{name}", *([short] if short else []), panel=panel)


def argument(metavar: str, help_: str, default: Any = REQUIRED) -> Any:
    """Return a field that is an argument."""
    information = typer.Argument(
        ... if default is REQUIRED else default, metavar=metavar, help=help_
    )
    return field(default=default, metadata={"typer": information})


def help_of(name: str) -> str:
    """Return the help of an option of `StylizeOptions`."""
    return str(StylizeOptions.__dataclass_fields__[name].metadata["help"])


def painting_option(name: str) -> Any:
    """Return a field that is an option of `StylizeOptions`, with its default and its help."""
    default, (panel, metavar) = getattr(StylizeOptions, name), _PAINTING[name]
    if default is False:
        return flag(name.replace("_", "-"), help_of(name), panel=panel)
    names = {"style": ("--style", "-s"), "regions": ("--region",)}.get(name, ())
    return option(default, help_of(name), *names, metavar=metavar, panel=panel)


def painting_values(options: Any) -> dict[str, Any]:
    """Return by name what a command says of options of `StylizeOptions`."""
    said = {name: getattr(options, name) for name in _PAINTING if hasattr(options, name)}
    if "regions" in said:
        said["regions"] = tuple(said["regions"] or ())
    return said


def device_option() -> str:
    """Return the option that chooses torch's device."""
    return option("auto", "auto, cpu, cuda or mps.", panel=SPEED)


def torch_precision_option() -> str:
    """Return the option that chooses torch's precision."""
    return option("auto", "auto (bf16 where there is hardware for it), f32 or bf16.", panel=SPEED)


def json_option() -> str | None:
    """Return the option that asks for all figures as JSON."""
    return option(None, "All figures as JSON; - for standard output.", "--json", metavar="FILE")


def max_size_option() -> int | None:
    """Return the option that says how large paintings are at most."""
    return option(
        None,
        "The longer side of paintings; larger photos are reduced, and then painted.",
        metavar="PX",
        panel=FILES,
        minimum=1,
    )


def file_quality_option() -> int:
    """Return the option that says how well files are compressed."""
    return option(
        DEFAULT_FILE_QUALITY, "Of JPEG, WebP and AVIF.", panel=FILES, minimum=1, maximum=100
    )


def strip_option() -> bool:
    """Return the option that leaves metadata out."""
    return flag("strip", "Leave out EXIF data: camera, place, time.", panel=FILES)


def stability_option() -> float:
    """Return the option that says how much strokes stay from frame to frame."""
    return option(
        DEFAULT_STABILITY,
        "How much strokes stay on the things that they are painted on, from 0 (every frame is "
        "painted anew) to 1.",
    )


def takes(
    options: type[Options],
) -> Callable[[Callable[[typer.Context, Options], None]], Callable[..., None]]:
    """Let a command take its options as one object.

    Args:
        options: a dataclass whose fields `option`, `flag`, `argument` or `painting_option` made.
    """
    hints = get_type_hints(options)
    parameters = [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    parameters += [
        Parameter(
            each.name,
            Parameter.KEYWORD_ONLY,
            default=each.metadata["typer"],
            annotation=hints[each.name],
        )
        for each in fields(options)  # type: ignore[arg-type]
    ]

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


def write_json(file: str, tree: object) -> None:
    """Write what JSON can hold to a file, or to standard output."""
    # JSON is UTF-8 whatever the terminal; of names that are none, it has a notation.
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    content = text.encode(errors="backslashreplace") + b"\n"
    if file == "-":
        console.send(io.BytesIO(content))
        return
    with write_atomically(Path(file)) as stream:
        stream.write(content)


def show_figures(
    tree: object,
    json_file: str | None,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: int = 1,
) -> None:
    """Write figures as JSON, if asked for; print a table, unless standard output holds that."""
    if json_file:
        write_json(json_file, tree)
    if json_file != "-":
        console.table(columns, rows, left=left)


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
    """Return width and height of ``640x480``.

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
    """Check that torch is installed.

    Raises:
        MissingExtraError: it is not installed, with the line that installs it.
        InputError: the current folder is gone, without which torch's MKL ends the process.
    """
    real_path(".")
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(feature, "learn")
