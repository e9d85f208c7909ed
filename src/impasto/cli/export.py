"""``impasto export --style udnie -o udnie.onnx``: a style for other programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto._util.atomic_files import write_atomically
from impasto.cli.console import console
from impasto.cli.options import (
    check_target,
    choose_gallery,
    option,
    painting_option,
    parse_size,
    takes,
)
from impasto.errors import OptionError
from impasto.multiscale import NATURAL_PX, pass_sizes
from impasto.networks.network_files import split_network

if TYPE_CHECKING:
    from impasto.networks.input_spec import BakedNetwork
    from impasto.styles import Gallery, StyleRef

ANY_SIZE = """\
photo = cv2.imread("photo.jpg")
height, width = (max({smallest}, side // {multiple} * {multiple}) for side in photo.shape[:2])
photo = cv2.resize(photo, (width, height))"""
ONE_SIZE = """\
photo = cv2.resize(cv2.imread("photo.jpg"), ({width}, {height}))"""
PROGRAM = """\
import cv2

net = cv2.dnn.readNetFromONNX("{file}")
{photo}
net.setInput(cv2.dnn.blobFromImage(photo, 1 / 255, swapRB=True))
painting = net.forward()[0].transpose(1, 2, 0)[:, :, ::-1]
cv2.imwrite("painting.png", (painting * 255).round().astype("uint8"))
"""

CALIBRATION_PX = 256
CALIBRATION_PICTURES = 8


@dataclass(frozen=True)
class ExportOptions:
    """The options of ``impasto export``."""

    style: str = painting_option("style")
    output: Path | None = option(
        None, "Default: STYLE.onnx in this folder.", "--output", "-o", metavar="FILE.onnx"
    )
    size: str | None = option(
        None,
        "Only this size, as OpenCV 4 needs it, and phones and browsers may. Default: any.",
        metavar="WxH",
    )
    quality: str = option(
        "live",
        "live: one small network; fine: the two that paint large forms into photos, for "
        "one --size.",
    )
    int8: bool = option(False, "8 bits instead of 32: a quarter of the file.", "--int8")
    overwrite: bool = option(False, "Replace a file that exists already.", "--overwrite")
    gallery: str | None = painting_option("gallery")


@takes(ExportOptions)
def export_command(_: typer.Context, said: ExportOptions) -> None:
    """Write a style as one ONNX file, for OpenCV, ONNX Runtime, OpenVINO, phones and browsers.

    It takes and gives RGB in 0-1, 1 x 3 x height x width, of any size whose sides are multiples of
    what it says. It paints as impasto PHOTO --quality live --precision f32 does; if of any size, in
    one pass; with --quality fine, as photos are painted. Prints a program that uses it with OpenCV.
    """
    from impasto.networks.standalone import stand_alone
    from impasto.style_model import open_network
    from impasto.styles import StyleRef
    from impasto.styles.predict import find_fine_style

    ref = StyleRef.parse(said.style)
    target = said.output or Path(f"{ref.label}.onnx")
    if target.suffix.lower() != ".onnx":
        raise OptionError(f"{target} is no name for an ONNX file", "end it in .onnx")
    check_target(target, [split_network(said.style)[0]], said.overwrite)
    chosen = choose_gallery(said.gallery)
    if said.quality not in ("live", "fine"):
        raise OptionError(f"quality is {said.quality!r}", "give live or fine")
    passes = _passes(ref, said.size) if said.size and said.quality == "live" else []
    if said.quality == "fine":
        network = _in_two_parts(ref, chosen, said.size, said.int8)
    else:
        network = open_network(ref, chosen)
        if said.int8:
            network = _quantized(ref, chosen, network)
        network = stand_alone(network, passes)
    with write_atomically(target, overwrite=said.overwrite) as stream:
        stream.write(network.to_file(_description(ref, chosen, network)))
    console.result(_program(target, network))
    console.note(f"{said.style} -> {target}")
    if len(passes) > 1:
        each = " and ".join(f"{width}x{height}" for width, height in passes)
        console.note(f"it paints at {each}, from coarse to fine, as impasto does")
    if said.quality == "live" and find_fine_style(ref, chosen):
        console.note("it holds the network of --quality live; --quality fine --size WxH the others")
    if not network.input_spec.fixed_px:
        console.note("OpenCV 5 or later runs it; for OpenCV 4, give --size WxH")
        if not ref.is_network:
            console.note(
                f"it paints once; pictures whose shorter side is over {NATURAL_PX} px are painted "
                "from coarse to fine by impasto, and by a file with --size WxH"
            )


def _in_two_parts(ref: StyleRef, gallery: Gallery, size: str | None, int8: bool) -> BakedNetwork:
    """Return the two networks of a fine style as one, half way between its two forms."""
    from impasto.networks.input_spec import BakedNetwork
    from impasto.networks.standalone import stand_alone_in_parts
    from impasto.styles.predict import find_fine_style
    from impasto.two_part_model import revision_sizes

    style = find_fine_style(ref, gallery)
    if style is None or gallery.fine is None:
        raise OptionError(f"no fine network paints {ref.text}", "leave --quality out")
    if not size:
        raise OptionError("--quality fine is for one size", "give --size WxH")
    trunk = gallery.fine.trunk_of(style).adapted(style.kernels)
    assert trunk.revision
    draft, revision = (
        bake(style.vector, 0.5, int8=int8) for bake in (trunk.bake_draft, trunk.bake_revision)
    )
    first, larger = revision_sizes(*parse_size(size, "--size"))
    return stand_alone_in_parts(
        BakedNetwork(draft, trunk.spec.input_spec),
        BakedNetwork(revision, trunk.revision.spec.input_spec),
        [first, *larger],
    )


def _quantized(ref: StyleRef, gallery: Gallery, network: BakedNetwork) -> BakedNetwork:
    """Return a network in 8 bits, and say how far it is from floats on a picture that it was not
    made with.

    The ranges of a gallery's styles are known; those of other networks are learned from pictures.
    """
    import numpy as np

    from impasto.engines import open_engine
    from impasto.engines.int8 import quantize_int8
    from impasto.images.noise import natural_noise
    from impasto.style_model import open_network

    width, height = network.input_spec.fixed_px or (CALIBRATION_PX, CALIBRATION_PX)
    *pictures, other = (natural_noise(width, height, n) for n in range(CALIBRATION_PICTURES + 1))
    if ref.is_network:
        quantized = replace(network, graph=quantize_int8(network.graph, pictures))
    else:
        quantized = open_network(ref, gallery, int8=True)
    paintings = []
    for each in (network, quantized):
        with open_engine(each.graph, precision="f32") as engine:
            paintings.append(engine.paint(other).astype(int))
    apart = np.abs(paintings[0] - paintings[1])
    console.note(
        f"int8: {apart.mean():.1f} of 255 levels from float in the mean, "
        f"{np.percentile(apart, 99):.0f} or less in 99 % of values"
    )
    return quantized


def _passes(ref: StyleRef, size: str) -> list[tuple[int, int]]:
    """Return the sizes at which impasto paints pictures of one size."""
    width, height = parse_size(size, "--size")
    return [(width, height)] if ref.is_network else pass_sizes(width, height, stroke=1)


def _description(ref: StyleRef, gallery: Gallery, network: BakedNetwork) -> dict[str, str]:
    """Return what the file says of itself."""
    from impasto.styles.predict import styles_in

    input_spec = network.input_spec
    sides = f"H and W multiples of {input_spec.multiple}"
    if input_spec.fixed_px:
        sides = f"H {input_spec.fixed_px[1]}, W {input_spec.fixed_px[0]}"
    convention = {"style": ref.text, "input and output": f"RGB, 0-1, 1 x 3 x H x W; {sides}"}
    if ref.is_network:
        return convention
    styles = styles_in(ref, gallery)
    licences = {f"{each.name}: {each.card.licence}" for each in styles if each.card.licence}
    return {
        **convention,
        "paintings": "; ".join(
            ": ".join(filter(None, (each.card.artist, each.card.title))) for each in styles
        ),
        "licence of the paintings": "; ".join(sorted(licences)),
    }


def _program(target: Path, network: BakedNetwork) -> str:
    input_spec = network.input_spec
    if input_spec.fixed_px:
        photo = ONE_SIZE.format(width=input_spec.fixed_px[0], height=input_spec.fixed_px[1])
    else:
        photo = ANY_SIZE.format(smallest=input_spec.smallest_px, multiple=input_spec.multiple)
    return PROGRAM.format(file=target.as_posix(), photo=photo)
