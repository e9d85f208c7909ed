"""What is around a network, in its graph: painted by all engines as impasto paints."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from converters import foreign
from impasto.defaults import EngineName
from impasto.engines import open_engine
from impasto.errors import OptionError
from impasto.multiscale import pass_sizes
from impasto.networks.input_spec import BakedNetwork, InputSpec
from impasto.networks.standalone import stand_alone, stand_alone_in_parts
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.style_model import open_network
from impasto.styles import TRUNK_FILE, Gallery, write_style
from impasto.stylizer import Stylizer
from impasto.two_part_model import revision_sizes
from tiny import TINY, picture, tiny_gallery, tiny_style, tiny_two_part_trunk

ENGINES = ("openvino", "onnxruntime", "opencv")
NATURAL_PX = 40


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def padded(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """A gallery whose network wants 10 px of reflection around a picture."""
    folder = tmp_path_factory.mktemp("padded")
    trunk = random_trunk(replace(TINY, pad_px=10))
    write_trunk(folder / TRUNK_FILE, trunk)
    write_style(folder / "first.style", tiny_style(trunk, "first", 0))
    return Gallery(folder)


def paint(network: Any, photo: NDArray[np.uint8], engine: EngineName) -> Any:
    with open_engine(network.graph, engine=engine, precision="f32") as opened:
        return opened.paint(photo).astype(int)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(48, 36), (47, 33), (600, 12)])
def test_one_pass(gallery: Gallery, engine: EngineName, size: tuple[int, int]) -> None:
    """Grain and borders; sides need not be multiples. Grain repeats after 512 px."""
    network = stand_alone(open_network("first", gallery), [size])
    assert network.input_spec == InputSpec(fixed_px=size)
    photo = picture(*size)
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        assert np.abs(paint(network, photo, engine) - stylizer(photo)).max() <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_any_size(gallery: Gallery, engine: EngineName) -> None:
    network = stand_alone(open_network("first", gallery))
    assert network.input_spec == InputSpec(multiple=4, smallest_px=12)
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        for size in ((48, 36), (16, 12), (516, 12)):
            photo = picture(*size)
            assert np.abs(paint(network, photo, engine) - stylizer(photo)).max() <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_reflection(padded: Gallery, engine: EngineName) -> None:
    network = open_network("first", padded)
    photo = picture(48, 32)
    with Stylizer("first", gallery=padded, precision="f32") as stylizer:
        expected = stylizer(photo)
    for alone in (stand_alone(network), stand_alone(network, [(48, 32)])):
        assert np.abs(paint(alone, photo, engine) - expected).max() <= 1
    assert stand_alone(network).input_spec == InputSpec(multiple=4, smallest_px=12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(90, 66), (300, 200)])
def test_passes(gallery: Gallery, engine: EngineName, size: tuple[int, int]) -> None:
    """Linear enlargement is nearly cubic; one pass would be far off. Weights are there once."""
    passes = pass_sizes(*size, 1, NATURAL_PX)
    assert len(passes) > 1
    once = stand_alone(open_network("first", gallery), [size])
    network = stand_alone(open_network("first", gallery), passes)
    photo = picture(*size)
    with Stylizer("first", gallery=gallery, precision="f32", natural_px=NATURAL_PX) as stylizer:
        expected = stylizer(photo)
    apart = np.abs(paint(network, photo, engine) - expected).mean()
    assert apart < 3
    assert apart < np.abs(paint(once, photo, engine) - expected).mean() / 3
    assert len(network.graph) < len(once.graph) + 20_000


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(90, 66), (300, 201), (412, 256)])
def test_a_draft_and_its_revisions(
    tmp_path: Path, engine: EngineName, size: tuple[int, int]
) -> None:
    """Linear resizing is nearly what impasto does; a draft alone would be far off."""
    gallery = tiny_gallery(tmp_path, trunk=tiny_two_part_trunk())
    style, trunk = gallery.load_style("first"), gallery.trunk
    draft, revision, statistics = trunk.at_effect(style.vector, 0.5)
    assert trunk.revision is not None
    parts = (
        BakedNetwork(trunk.bake(draft), trunk.spec.input_spec),
        BakedNetwork(trunk.revision.bake(revision, statistics), trunk.revision.spec.input_spec),
    )
    first, larger = revision_sizes(*size)
    network = stand_alone_in_parts(*parts, [first, *larger])
    assert network.input_spec == InputSpec(fixed_px=size)
    onnx.checker.check_model(onnx.load_from_string(network.graph), full_check=True)
    photo = picture(*size)
    photo[:, : size[0] // 2] = (90, 41, 200)  # a sky, which gets grain of its own
    with Stylizer(style, gallery=gallery, precision="f32") as stylizer:
        expected = stylizer(photo)
    apart = np.abs(paint(network, photo, engine) - expected)
    assert apart.max() <= 1 if not larger else apart.mean() < 3


def test_graphs_are_sound(gallery: Gallery, padded: Gallery) -> None:
    for network in (open_network("first", gallery), open_network("first", padded, int8=True)):
        for passes in ([], [(60, 60)], [(60, 60), (90, 90)]):
            model = onnx.load_from_string(stand_alone(network, passes).graph)
            onnx.checker.check_model(model, full_check=True)


def test_networks_of_one_size() -> None:
    network = BakedNetwork(foreign.unfree_onnx(32), InputSpec(fixed_px=(32, 32)))
    assert stand_alone(network).input_spec == stand_alone(network, [(32, 32)]).input_spec
    with pytest.raises(OptionError, match="takes 32x32 only"):
        stand_alone(network, [(64, 64)])
