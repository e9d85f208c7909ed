"""``impasto convert the_scream.t7``: networks of other programs, old ones above all, as styles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from impasto._util.atomic_files import write_atomically
from impasto.cli.console import console
from impasto.cli.options import argument, check_target, option, takes
from impasto.errors import OptionError
from impasto.networks.network_files import split_network


@dataclass(frozen=True)
class ConvertOptions:
    """The options of ``impasto convert``."""

    file: str = argument(
        "FILE",
        "A .t7, .pth, .npz or .onnx file; FILE.onnx#7 for style 7 of many, "
        "FILE.onnx#painting.jpg for a network that takes a painting, too.",
    )
    output: Path | None = option(
        None,
        "Write an ONNX file for other programs, instead of installing the style.",
        "--output",
        "-o",
        metavar="FILE.onnx",
    )
    convention: str | None = option(
        None,
        "What an .onnx file takes and gives: rgb255, rgb1 (0-1), tanh (-1 to 1), caffe (BGR, "
        "0-255, minus means) or texture (takes rgb1, gives caffe). Default: guessed from its end.",
        metavar="NAME",
    )
    overwrite: bool = option(False, "Replace a file, or another style of this name.", "--overwrite")


@takes(ConvertOptions)
def convert_command(_: typer.Context, said: ConvertOptions) -> None:
    """Make a style of a network from another program, for all that impasto does.

    impasto PHOTO --style FILE then works in any folder, and FILE itself is not needed any more.
    Says what the network is, and how far what it paints is from a direct computation in NumPy.
    """
    path = split_network(said.file)[0]
    if said.output:
        if said.output.suffix.lower() != ".onnx":
            raise OptionError(f"{said.output} is no name for an ONNX file", "end it in .onnx")
        check_target(said.output, [path], said.overwrite)

    from impasto.converters import convert_network, install_network, measure_parity
    from impasto.converters.conventions import check_convention
    from impasto.engines import open_engine

    known = check_convention(said.convention) if said.convention else None
    if said.output:
        network = convert_network(said.file, known)
        with write_atomically(said.output, overwrite=said.overwrite) as stream:
            stream.write(network.to_file())
    else:
        network = install_network(said.file, convention=known, overwrite=said.overwrite)
    console.result(f"{network.family}: {network.description}")
    with open_engine(network.baked.graph, precision="f32") as engine:
        mean, most = measure_parity(network, engine)
        console.result(
            f"parity: {mean:.3f} of 255 levels between {engine} and NumPy in the mean, "
            f"{most:.0f} at most"
        )
    name = path.name + said.file[len(str(path)) :]
    console.note(f"{said.file} -> {said.output or f'--style {name}'}")
