"""``impasto convert the_scream.t7``: old style files for today's engines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import check_target
from impasto.errors import OptionError
from impasto.files import write_atomically

__all__ = ["convert_command"]


def convert_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .t7 file of jcjohnson/fast-neural-style.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.onnx",
            help="Default: FILE.onnx beside it.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that exists already.")
    ] = False,
) -> None:
    """Convert a style network of Torch7 to ONNX, for OpenCV 5 and all other engines.

    The ONNX file takes and gives RGB pictures in 0-1 of any size, with what was around the network
    (BGR, 0-255, minus the means) inside.
    """
    target = output or file.with_suffix(".onnx")
    if target.suffix.lower() != ".onnx":
        raise OptionError(f"{target} is no name for an ONNX file", "end it in .onnx")
    check_target(target, [file], overwrite)

    from impasto.legacy.convert import convert_module, describe, find_network
    from impasto.legacy.t7 import read_t7

    network = find_network(read_t7(file), str(file))
    graph = convert_module(network, str(file), "caffe")
    with write_atomically(target) as stream:
        stream.write(graph)
    console.result(describe(network))
    console.note(f"{file} -> {target}")
