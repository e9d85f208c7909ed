"""The ``impasto`` command: its subcommands, global options, errors and exit codes."""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from impasto import __version__
from impasto.cli import (
    batch,
    bench,
    convert,
    distil,
    evaluate,
    export,
    learn,
    live,
    paint,
    serve,
    styles,
    stylize,
    train,
    train_encoder,
    train_fine,
    video,
)
from impasto.cli.configuration import CONFIGURED, ConfiguredCommand, config_file, read_defaults
from impasto.cli.console import console, open_streams
from impasto.cli.photo_options import OPTIONAL_VALUES
from impasto.defaults import FILM_SUFFIXES
from impasto.errors import ImpastoError, InputError, OptionError

INTERRUPTED = 130  # as shells have it: 128 + SIGINT
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "stylize": (stylize.stylize_command, "Paint photos in a style, each in a moment."),
    "video": (video.video_command, "Paint videos; their sound is kept."),
    "batch": (batch.batch_command, "Paint a million photos, or a film, on many machines."),
    "live": (live.live_command, "Paint the webcam in a window."),
    "paint": (paint.paint_command, "Paint one photo like any painting, in minutes."),
    "learn": (learn.learn_command, "Learn a style from one painting, in minutes."),
    "train": (train.train_command, "Train a network on paintings of your own."),
    "train-fine": (
        train_fine.train_fine_command,
        "Train networks that paint photos from large forms to brushwork.",
    ),
    "train-encoder": (
        train_encoder.train_encoder_command,
        "Train what predicts a style from any painting.",
    ),
    "distil": (distil.distil_command, "Teach a small network what a large one paints."),
    "evaluate": (evaluate.evaluate_command, "Measure how good styles are."),
    "convert": (
        convert.convert_command,
        "Make a style of another program's network: .t7, .pth, .onnx.",
    ),
    "export": (export.export_command, "Write a style as ONNX, for OpenCV and others."),
    "bench": (bench.bench_command, "Measure how fast the engines are."),
    "studio": (serve.studio_command, "Paint on a page in the browser."),
    "serve": (serve.serve_command, "Answer other programs over HTTP."),
}
"""Each with its line in the list of commands."""

GROUPS = {"styles": (styles.styles_app, "List the styles; keep some of your own.")}

ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]+://", re.IGNORECASE)
"""Cameras have one, and what a cluster paints; files do not."""

OF_NAMES = errno.ENAMETOOLONG, errno.EACCES
"""Errors of a name, whoever looks at it first; most of them say more of it."""

GLOBAL_FLAGS = {"--debug", "--quiet", "-q", "--verbose", "-v"}

COMPLETION = {"--install-completion", "--show-completion"}


class _Commands(TyperGroup):
    """The commands, one of which need not be named; shells complete them, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _with_command(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name in CONFIGURED and not ctx.resilient_parsing:
            ctx.default_map = {name: read_defaults(ctx, self.commands, name)}
        return name, command, rest


app = typer.Typer(
    name="impasto",
    cls=_Commands,
    help=(
        "Turn photographs into paintings.\n\n"
        "impasto PHOTO --style great-wave is short for impasto stylize PHOTO --style great-wave, "
        "and impasto CLIP.mp4 for impasto video CLIP.mp4."
    ),
    epilog=f"Defaults of options: in {config_file()}, or in variables such as IMPASTO_STYLE.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, (_function, _summary) in COMMANDS.items():
    _class = ConfiguredCommand if _name in CONFIGURED else None
    app.command(_name, cls=_class, short_help=_summary)(_function)
for _name, (_group, _summary) in GROUPS.items():
    app.add_typer(_group, name=_name, short_help=_summary)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.result(f"impasto {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say which engine runs, and how long it takes.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show errors with a traceback.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    console.quiet, console.verbose = quiet, verbose


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and leave with its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = "--debug" in arguments
    if not debug:
        warnings.simplefilter("ignore")  # libraries warn programmers; users get errors, or nothing
    open_streams()
    try:
        _check(arguments)
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # Typer has turned KeyboardInterrupt into it
            console.error("interrupted")
        sys.exit(code or 0)
    except ImpastoError as error:
        _leave(error, str(error), error.exit_code, debug)
    except typer.TyperException as error:
        help_ = " ".join(["impasto", *_meant_command(arguments).split(), "--help"])
        problem = getattr(error, "format_message", error.__str__)().rstrip(".")
        _leave(error, f"{problem}: see {help_}", OptionError.exit_code, debug)
    except (KeyboardInterrupt, typer.Abort) as error:
        _leave(error, "interrupted", INTERRUPTED, debug)
    except (BrokenPipeError, SystemExit) as error:
        # Whoever reads our output has had enough, for which Typer and Rich exit with 1.
        if not any(isinstance(each, BrokenPipeError) for each in (error, error.__context__)):
            raise
        # Nothing more must be flushed there at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in OF_NAMES:
            line = f"{error.filename} cannot be used ({error.strerror}): check its name"
            _leave(error, line, InputError.exit_code, debug)
        problem = f"unexpected {type(error).__name__} ({error})"
        _leave(error, f"{problem}: please report it with what --debug shows", UNEXPECTED, debug)


def _check(arguments: list[str]) -> None:
    """Refuse an empty name, which would be taken for the current folder, an empty value, which
    would be taken for none given, and an address, which would be taken for a path.
    """
    addresses = [each for each in arguments if ADDRESS.search(each)]
    if addresses and _meant_command(arguments) not in ("batch", "live"):
        raise InputError(f"{addresses[0]} is an address", "download it, and give the file")
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [each for each in arguments[:end] if re.fullmatch(r"--[\w-]+=", each)]
    if options or "" in arguments:
        empty = options[0].rstrip("=") if options else "an argument"
        raise OptionError(f"{empty} is empty", "is a variable unset? Give a value, or leave it out")


def _meant_command(arguments: list[str]) -> str:
    """Return the command that is named, or meant; empty if there is none."""
    named = [each for each in _with_command(arguments) if each not in GLOBAL_FLAGS]
    return named[0] if named and named[0] in {*COMMANDS, *GROUPS} else ""


def _leave(error: BaseException, line: str, code: int, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    console.error(line)
    sys.exit(code)


def _with_command(arguments: list[str]) -> list[str]:
    """Return the arguments with global flags, which may stand anywhere, in front, and with the
    command that was left out: ``stylize``, or for a video's name ``video``.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [each for each in arguments[:end] if each in GLOBAL_FLAGS]
    rest = [each for each in arguments[:end] if each not in GLOBAL_FLAGS] + arguments[end:]
    alone = {"--help", "-h", "--version", *COMPLETION}
    if rest and rest[0] not in {*COMMANDS, *GROUPS, *alone}:
        rest.insert(0, "video" if _names_video(rest) else "stylize")
    if rest and rest[0] in ("stylize", "video", "live"):
        rest = _with_values(rest)
    return flags + rest


def _names_video(arguments: list[str]) -> bool:
    """Return whether the first argument names a video, or if options come first, one that is not
    their output.
    """
    if not arguments[0].startswith("-"):
        arguments = arguments[:1]
    return any(
        PurePath(each).suffix.lower() in FILM_SUFFIXES
        for before, each in zip(["", *arguments], arguments, strict=False)
        if not each.startswith("-") and before not in ("-o", "--output")
    )


def _with_values(arguments: list[str]) -> list[str]:
    """Add values that were left out: ``--keep-colors`` alone means luminance. Typer has no such
    options.
    """
    valued = []
    for each, following in zip(arguments, [*arguments[1:], ""], strict=True):
        value, pattern = OPTIONAL_VALUES.get(each, ("", ""))
        valued.append(f"{each}={value}" if value and not re.fullmatch(pattern, following) else each)
    return valued
