"""The table in docs/conformance.md: networks of every family on every engine, against NumPy.

    PYTHONPATH=tests python benchmarks/conformance.py [FILE...] > docs/conformance.md

The networks have the full architecture and random weights. More files may be given. A picture of
white noise and one of 1/f noise are painted at the size of the reference, the larger differences
count; time is the median of three paintings of 320x240.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters import foreign
from converters.write_t7 import johnson, pyramid, write_t7
from impasto.converters import ConvertedNetwork, convert_network
from impasto.engines import Engine, EngineName, Precision, available_engines, has_bf16, open_engine
from impasto.errors import EngineError
from impasto.images.noise import natural_noise
from impasto.networks.padding import paint_whole

TIMED_PX = (320, 240)
RUNS = 3
WIDTH = 32  # of the first layer: Johnson's c9s1-32,d64,d128
JOHNSON = {"width": WIDTH, "blocks": 5}
TEXTURE_NETS: dict[str, Any] = {"width": 8, "ratios": (32, 16, 8, 4, 2, 1)}
BORDERS = ("reflect-start", "reflect", "replicate", "zero", "none")

HEAD = """\
# Conformance

What `benchmarks/conformance.py` printed. Every network was converted, painted two pictures on every
engine, and was compared with NumPy computing its source module by module (ONNX's own reference, for
ONNX files). Weights are random, architectures whole{more}.
Differences are of 255 levels, both sides rounded to whole ones. Milliseconds are for 320x240, or
the network's own size where that is fixed.

| network | engine | mean difference | largest | ms |
|---|---|---|---|---|"""


def main() -> None:
    files = sys.argv[1:]
    more = " but for the published files at the end" if files else ""
    print(HEAD.format(more=more))
    with tempfile.TemporaryDirectory() as folder:
        for name, style in [*families(Path(folder)), *((Path(f).name, f) for f in files)]:
            network = convert_network(style)
            references = [(photo, reference(network, photo)) for photo in photos(network)]
            for engine_name, precision in engines():
                try:
                    with open_engine(
                        network.baked.graph, engine=engine_name, precision=precision
                    ) as engine:
                        row = measured(engine, network, references)
                except EngineError as error:
                    row = f"{engine_name} | {error.problem} | | "
                print(f"| {name} | {row} |", flush=True)


def families(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and file of a network of every family."""
    net = foreign.TransformerNet(width=WIDTH)
    random = np.random.default_rng(0)
    table = random.normal(0, 2, (26, 3)).astype(np.float32)
    np.save(folder / "vector.npy", random.normal(0, 1, 100).astype(np.float32))
    contents = {
        **{
            f".t7, {norm} norm, {border}": write_t7(
                {"model": johnson(norm_kind=norm, border=border, **JOHNSON)}
            )
            for norm in ("instance", "batch")
            for border in BORDERS
        },
        ".t7 of texture_nets, six scales": write_t7(pyramid(**TEXTURE_NETS)),
        ".t7 of texture_nets, with noise": write_t7(
            pyramid(**TEXTURE_NETS, noise=3, norm_kind="batch", pads="Circular")
        ),
        ".pth of pytorch/examples": foreign.state_dict(net),
        ".npz of lengstrom": foreign.npz(foreign.lengstrom_variables(width=WIDTH)),
        ".onnx as in the ONNX zoo, freed": foreign.zoo_onnx(net),
        ".onnx that cannot be freed, 32x32": foreign.unfree_onnx(),
        ".onnx of 26 styles, #7": foreign.many_styles_onnx(table),
        ".onnx with a style vector": foreign.magenta_onnx(
            random.normal(0, 1, (3, 100)).astype(np.float32)
        ),
    }
    for number, (name, content) in enumerate(contents.items()):
        path = folder / f"{number}{name.split()[0].rstrip(',')}"
        path.write_bytes(content)
        choice = "#7" if "#7" in name else f"#{folder}/vector.npy" if "vector" in name else ""
        yield name, f"{path}{choice}"


def photos(network: ConvertedNetwork) -> list[NDArray[np.uint8]]:
    width, height = network.reference_px
    white = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return [white, natural_noise(width, height, 0)]


def reference(network: ConvertedNetwork, photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    planes = photo.transpose(2, 0, 1)[None].astype(np.float32) / 255
    return np.asarray(np.rint(255 * network.reference(planes)[0].transpose(1, 2, 0)))


def engines() -> Iterator[tuple[EngineName, Precision]]:
    for name in available_engines():
        yield name, "f32"
        if name == "openvino" and has_bf16():
            yield name, "bf16"


def measured(
    engine: Engine,
    network: ConvertedNetwork,
    references: list[tuple[NDArray[np.uint8], NDArray[np.float32]]],
) -> str:
    apart = [np.abs(engine.paint(photo) - expected) for photo, expected in references]
    input_spec = network.baked.input_spec
    photo = natural_noise(*(input_spec.fixed_px or TIMED_PX), 1)
    paint_whole(engine, input_spec, photo)
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        paint_whole(engine, input_spec, photo)
        times.append(1000 * (time.perf_counter() - began))
    mean, most = max(each.mean() for each in apart), max(each.max() for each in apart)
    return f"{engine} | {mean:.3f} | {most:.0f} | {statistics.median(times):.0f}"


if __name__ == "__main__":
    main()
