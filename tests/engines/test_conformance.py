"""One suite for every engine: the same graphs, compared with torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from impasto.defaults import EngineName, Precision
from impasto.engines import available_engines, has_bf16, open_engine
from impasto.errors import EngineError, InputError
from impasto.networks.export import bake, bake_steered
from impasto.networks.spec import Conv, NetworkSpec, Residual
from impasto.perceptual.tensors import to_tensor
from impasto.styles import open_gallery
from impasto.training.style_network import StyleNetwork
from tiny import TINY, picture

JOHNSON_LIKE = (
    Conv("down1", 3, 6, kernel=9),
    Conv("down2", 6, 8, stride=2),
    Residual((Conv("body1a", 8, 8), Conv("body1b", 8, 8, relu=False))),
    Conv("up1", 8, 6, stride=2, transposed=True),
    Conv("paint", 6, 3, kernel=9, norm=False, relu=False),
)
SPECS = {
    "tiny": TINY,
    "johnson": NetworkSpec("johnson", JOHNSON_LIKE, padding="zero", output="tanh"),
    "batch": NetworkSpec("batch", JOHNSON_LIKE, padding="zero", norm="batch", output="tanh"),
}
ENGINES = [(name, "f32") for name in available_engines()]
if has_bf16():
    ENGINES.append(("openvino", "bf16"))
IN_INT8 = ["openvino", "onnxruntime"]
each_engine = pytest.mark.parametrize(("name", "precision"), ENGINES)


def network(spec: NetworkSpec, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    made = StyleNetwork(spec, 1)
    with torch.no_grad():
        made.styles.add_(0.3 * torch.randn_like(made.styles))
        made.convs["paint"].get_parameter("weight").mul_(5)
        for name, buffer in made.named_buffers():
            buffer.uniform_(0.5, 1.5) if "variance" in name else buffer.normal_(0, 0.2)
    return made.eval()


def graph(made: Any) -> bytes:
    vector = made.styles.detach().numpy()[0]
    return bake(made.spec, made.weights(), vector)


def by_torch(made: Any, photo: NDArray[np.uint8]) -> Any:
    with torch.no_grad():
        painted = made.paint_padded(to_tensor(photo), made.styles)[0].clamp(0, 1)
    return painted.permute(1, 2, 0).numpy() * 255


def assert_close(painted: Any, expected: Any, precision: Precision) -> None:
    """Within 2/255 of torch; bf16 in the mean."""
    difference = np.abs(painted - expected)
    assert (difference.mean() if precision == "bf16" else difference.max()) <= 2
    assert painted.dtype == np.uint8
    assert painted.flags.c_contiguous


def test_there_are_engines() -> None:
    assert [name for name, _ in ENGINES][:3] == ["openvino", "onnxruntime", "opencv"]


@each_engine
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_against_torch_at_changing_sizes(
    name: EngineName, precision: Precision, spec: NetworkSpec
) -> None:
    made = network(spec)
    with open_engine(graph(made), engine=name, precision=precision) as engine:
        for width, height in [(32, 24), (64, 40), (24, 24), (32, 24)]:
            photo = picture(width, height, seed=width)
            assert_close(engine.paint(photo), by_torch(made, photo), precision)


@each_engine
def test_the_shipped_trunk_against_torch(name: EngineName, precision: Precision) -> None:
    gallery = open_gallery()
    vector = gallery.load_style("starry-night").vector
    made = StyleNetwork(gallery.trunk.spec, 1).eval()
    made.load_weights({key: array.astype("f4") for key, array in gallery.trunk.weights.items()})
    with torch.no_grad():
        made.styles.copy_(torch.from_numpy(vector))
    photo = picture(160, 120)
    with open_engine(gallery.trunk.bake(vector), engine=name, precision=precision) as engine:
        assert_close(engine.paint(photo), by_torch(made, photo), precision)


@each_engine
def test_a_stream_of_one_size(name: EngineName, precision: Precision) -> None:
    """More calls than it takes to be compiled for one size, then another size."""
    made = network(TINY)
    with open_engine(graph(made), engine=name, precision=precision) as engine:
        for size in [(32, 24)] * 6 + [(40, 16)] * 2:
            photo = picture(*size, seed=3)
            assert_close(engine.paint(photo), by_torch(made, photo), precision)


@each_engine
@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_pictures(name: EngineName, precision: Precision, level: int) -> None:
    """Without variance, normalisation blows rounding errors up: engines may differ, not fail."""
    photo = np.full((24, 32, 3), level, np.uint8)
    with open_engine(graph(network(TINY)), engine=name, precision=precision) as engine:
        painted = engine.paint(photo)
        assert painted.shape == photo.shape
        np.testing.assert_array_equal(engine.paint(photo), painted)


@each_engine
def test_the_same_picture_gives_the_same_painting(name: EngineName, precision: Precision) -> None:
    photo = picture(32, 24)
    with open_engine(graph(network(TINY)), engine=name, precision=precision) as engine:
        first = engine.paint(photo)
        kept = first.copy()
        engine.paint(255 - photo)
        np.testing.assert_array_equal(first, kept)  # results are not overwritten by later calls
        np.testing.assert_array_equal(engine.paint(photo), kept)


@each_engine
def test_arrays_that_are_not_contiguous(name: EngineName, precision: Precision) -> None:
    photo = picture(32, 24)
    with open_engine(graph(network(TINY)), engine=name, precision=precision) as engine:
        expected = engine.paint(np.ascontiguousarray(photo[:, ::-1]))
        np.testing.assert_array_equal(engine.paint(photo[:, ::-1]), expected)


@each_engine
def test_it_says_what_it_is(name: EngineName, precision: Precision) -> None:
    with open_engine(graph(network(TINY)), engine=name, precision=precision, threads=1) as engine:
        assert (engine.name, engine.precision) == (name, precision)
        assert engine.version in str(engine)
        assert precision in str(engine)


@each_engine
def test_wrong_arrays(name: EngineName, precision: Precision) -> None:
    with open_engine(graph(network(TINY)), engine=name, precision=precision) as engine:
        for array in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32)):
            with pytest.raises(InputError):
                engine.paint(array)  # type: ignore[arg-type]


@each_engine
def test_sides_that_do_not_fit(name: EngineName, precision: Precision) -> None:
    with (
        open_engine(graph(network(TINY)), engine=name, precision=precision) as engine,
        pytest.raises(EngineError),
    ):
        engine.paint(picture(33, 25))


@each_engine
@pytest.mark.parametrize("damage", [b"", b"no graph at all", b"\x08\x08"])
def test_damaged_graphs_are_one_line(name: EngineName, precision: Precision, damage: bytes) -> None:
    with pytest.raises(EngineError, match="cannot load the graph") as caught:
        open_engine(damage, engine=name, precision=precision)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["opencv", "onnxruntime"])
def test_bf16_where_there_is_none(name: EngineName) -> None:
    with pytest.raises(EngineError, match="no bf16"):
        open_engine(graph(network(TINY)), engine=name, precision="bf16")


@each_engine
def test_a_steered_graph(name: EngineName, precision: Precision) -> None:
    """It paints as the baked one does, and the statistics that it gives can be frozen."""
    made = network(TINY)
    style = made.styles.detach().numpy()[0]
    photo, other = picture(64, 40, seed=1), picture(48, 48, seed=2) // 8
    with (
        open_engine(bake_steered(TINY, made.weights()), engine=name, precision=precision) as engine,
        open_engine(graph(made), engine=name, precision=precision) as plain,
    ):
        painted, statistics = engine.paint_steered(photo, style)
        assert_close(painted, plain.paint(photo).astype(float), precision)
        _, others = engine.paint_steered(other, style)
    for frozen, is_alike in ((statistics, True), (others, False)):
        with open_engine(
            bake(TINY, made.weights(), style, frozen), engine=name, precision=precision
        ) as engine:
            difference = np.abs(engine.paint(photo).astype(int) - painted).mean()
        assert difference < 1 if is_alike else difference > 2


@each_engine
def test_a_plain_graph_cannot_be_steered(name: EngineName, precision: Precision) -> None:
    made = network(TINY)
    vector = np.zeros(TINY.style_size, np.float32)
    with (
        open_engine(graph(made), engine=name, precision=precision) as engine,
        pytest.raises(EngineError),
    ):
        engine.paint_steered(picture(32, 32), vector)


def in_8_bits(made: Any, statistics: Any = None) -> bytes:
    return bake(made.spec, made.weights(), made.styles.detach().numpy()[0], statistics, int8=True)


@pytest.mark.parametrize("name", IN_INT8)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_int8_against_torch_at_changing_sizes(name: EngineName, spec: NetworkSpec) -> None:
    """Within 2/255 in the mean."""
    made = network(spec)
    with open_engine(in_8_bits(made), engine=name, precision="int8") as engine:
        assert engine.precision == "int8"
        for width, height in [(32, 24), (64, 40), (24, 24), (32, 24)]:
            photo = picture(width, height, seed=width)
            difference = np.abs(engine.paint(photo) - by_torch(made, photo))
            assert 0 < difference.mean() <= 2


@pytest.mark.parametrize("name", IN_INT8)
@pytest.mark.parametrize("style", ["great-wave", "starry-night", "udnie"])
def test_the_shipped_trunk_in_int8(name: EngineName, style: str) -> None:
    gallery = open_gallery()
    trunk, vector = gallery.trunk, gallery.load_style(style).vector
    photo = picture(160, 120)
    with open_engine(trunk.bake(vector), engine=name, precision="f32") as engine:
        expected = engine.paint(photo).astype(int)
    with open_engine(trunk.bake(vector, int8=True), engine=name, precision="int8") as engine:
        assert np.abs(engine.paint(photo) - expected).mean() <= 4


@pytest.mark.parametrize("name", IN_INT8)
def test_a_stream_of_one_size_in_int8(name: EngineName) -> None:
    """Exactly the same each time, in more calls than it takes to be compiled for one size."""
    gallery = open_gallery()
    graph = gallery.trunk.bake(gallery.load_style("udnie").vector, int8=True)
    photo = picture(160, 120)
    with open_engine(graph, engine=name, precision="int8") as engine:
        first = engine.paint(photo)
        for _ in range(5):
            np.testing.assert_array_equal(engine.paint(photo), first)


@pytest.mark.parametrize("name", IN_INT8)
def test_steered_and_frozen_in_int8(name: EngineName) -> None:
    """Statistics that a steered graph measures, frozen, give the same painting."""
    made = network(TINY)
    style, photo = made.styles.detach().numpy()[0], picture(32, 24)
    steered = bake_steered(TINY, made.weights(), int8_style=style)
    with open_engine(steered, engine=name, precision="int8") as engine:
        painted, statistics = engine.paint_steered(photo, style)
    assert np.abs(painted - by_torch(made, photo)).mean() <= 2
    with open_engine(in_8_bits(made, statistics), engine=name, precision="int8") as engine:
        assert np.abs(engine.paint(photo).astype(int) - painted).mean() <= 2


def test_int8_is_refused_where_there_is_none() -> None:
    made = network(TINY)
    with pytest.raises(EngineError, match="not made for int8"):
        open_engine(graph(made), engine="openvino", precision="int8")
    with pytest.raises(EngineError, match="OpenCV dnn has no int8"):
        open_engine(in_8_bits(made), engine="opencv", precision="int8")
