"""``impasto export --style udnie -o udnie.onnx``: a style for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.console import console
from impasto.cli.options import GalleryOption, StyleOption, check_target, choose_gallery
from impasto.errors import OptionError
from impasto.files import file_label, write_atomically

__all__ = ["export_command"]

PROGRAM = """\
import cv2

net = cv2.dnn.readNetFromONNX("{file}")
photo = cv2.imread("photo.jpg")
height, width = (side // {multiple} * {multiple} for side in photo.shape[:2])
photo = cv2.resize(photo, (width, height))
net.setInput(cv2.dnn.blobFromImage(photo, 1 / 255, swapRB=True))
painting = net.forward()[0].transpose(1, 2, 0)[:, :, ::-1]
cv2.imwrite("painting.png", (painting * 255).round().astype("uint8"))
"""


def export_command(
    style: StyleOption = "great-wave",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.onnx",
            help="Default: STYLE.onnx in this folder.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that exists already.")
    ] = False,
    gallery: GalleryOption = None,
) -> None:
    """Write a style as one ONNX file, for OpenCV, ONNX Runtime, OpenVINO and others.

    It takes and gives RGB in 0-1, 1 x 3 x height x width, of any size whose sides are multiples of
    what it says. Prints a program that uses it with OpenCV.
    """
    target = output or Path(f"{file_label(style)}.onnx")
    if target.suffix.lower() != ".onnx":
        raise OptionError(f"{target} is no name for an ONNX file", "end it in .onnx")
    check_target(target, [], overwrite)

    from impasto.network.graph import add_metadata
    from impasto.styles import parse_mixture, style_vector

    chosen = choose_gallery(gallery)
    styles = [chosen.load_style(name) for name, _ in parse_mixture(style)]
    multiple = chosen.trunk.spec.multiple
    licences = {f"{each.name}: {each.card.licence}" for each in styles if each.card.licence}
    graph = add_metadata(
        chosen.trunk.bake(style_vector(style, chosen)),
        {
            "style": style,
            "paintings": "; ".join(f"{each.card.artist}: {each.card.title}" for each in styles),
            "licence of the paintings": "; ".join(sorted(licences)),
            "input and output": f"RGB, 0-1, 1 x 3 x H x W; H and W multiples of {multiple}",
        },
    )
    with write_atomically(target) as stream:
        stream.write(graph)
    console.result(PROGRAM.format(file=target.as_posix(), multiple=multiple))
    console.note(f"{style} -> {target}")
