"""``impasto convert the_scream.t7``: networks of other programs, old ones above all, as styles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto._util.atomic_files import split_network, write_atomically
from impasto.cli.console import console
from impasto.cli.options import check_target
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.converters import ConvertedNetwork

__all__ = ["convert_command"]


def convert_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A .t7, .pth, .npz or .onnx file; FILE.onnx#7 for style 7 of many, "
            "FILE.onnx#painting.jpg for a network that takes a painting, too.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.onnx",
            help="Write an ONNX file for other programs, instead of installing the style.",
            show_default=False,
        ),
    ] = None,
    convention: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What an .onnx file takes and gives: rgb255, rgb1 (0-1), tanh (-1 to 1), caffe "
            "(BGR, 0-255, minus means) or texture (takes rgb1, gives caffe). "
            "Default: guessed from its end.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file, or another style of this name.")
    ] = False,
) -> None:
    """Make a style of a network from another program, for all that impasto does.

    impasto PHOTO --style FILE then works in any folder, and FILE itself is not needed any more.
    Says what the network is, and how far what it paints is from a direct computation in NumPy.
    """
    path, _ = split_network(file)
    if output:
        if output.suffix.lower() != ".onnx":
            raise OptionError(f"{output} is no name for an ONNX file", "end it in .onnx")
        check_target(output, [path], overwrite)

    from impasto.converters import convert_network, install_network
    from impasto.converters.conventions import check_convention

    known = check_convention(convention) if convention else None
    if output:
        network = convert_network(file, known)
        with write_atomically(output, overwrite=overwrite) as stream:
            stream.write(network.to_file())
    else:
        network = install_network(file, convention=known, overwrite=overwrite)
    console.result(f"{network.family}: {network.description}")
    _compare(network)
    name = path.name + file[len(str(path)) :]
    console.note(f"{file} -> {output or f'--style {name}'}")


def _compare(network: ConvertedNetwork) -> None:
    from impasto.converters import measure_parity
    from impasto.engines import open_engine

    with open_engine(network.baked.graph, precision="f32") as engine:
        mean, most = measure_parity(network, engine)
        console.result(
            f"parity: {mean:.3f} of 255 levels between {engine} and NumPy in the mean, "
            f"{most:.0f} at most"
        )
