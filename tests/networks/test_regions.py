from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.defaults import EngineName
from impasto.engines import open_engine
from impasto.networks.regions import bake_regions
from impasto.networks.spec import JOHNSON, NetworkSpec, johnson
from impasto.networks.trunk import random_trunk
from tiny import TINY, picture, tiny_style

WIDTH, HEIGHT = 96, 64


def styles_of(trunk: Any) -> tuple[Any, Any]:
    """Two style vectors, and statistics that a picture might have."""
    vectors = [tiny_style(trunk, "a", seed).vector for seed in (0, 1)]
    random = np.random.default_rng(5)
    statistics = [random.uniform(0.1, 0.5, trunk.spec.style_size).astype("f4") for _ in vectors]
    return vectors, statistics


def paint(
    graph: bytes, photo: NDArray[np.uint8], shares: Any = None, engine: EngineName = "openvino"
) -> Any:
    with open_engine(graph, engine=engine, precision="f32") as opened:
        return (
            opened.paint(photo) if shares is None else opened.paint_regions(photo, shares)
        ).astype(int)


def halves(width: int = WIDTH) -> Any:
    left = np.zeros((HEIGHT, width), np.float32)
    left[:, : width // 2] = 1
    return np.stack([left, 1 - left])


@pytest.mark.parametrize("spec", [TINY, JOHNSON, johnson("batch")], ids=lambda spec: spec.name)
def test_a_region_is_its_styles_own_painting(spec: NetworkSpec) -> None:
    """But for half a receptive field along the border, where there is neither one nor the other."""
    reach = -(-spec.receptive_field_px // 2 // spec.multiple) * spec.multiple + spec.multiple
    width = 2 * (reach + 24)
    trunk, photo = random_trunk(spec), picture(width, HEIGHT)
    vectors, statistics = styles_of(trunk)
    alone = [paint(trunk.bake(*both), photo) for both in zip(vectors, statistics, strict=True)]
    painted = paint(trunk.bake_regions(vectors, statistics), photo, halves(width))
    assert np.abs(alone[0] - alone[1]).mean() > 3
    for side, expected in zip((slice(0, 24), slice(-24, None)), alone, strict=True):
        assert np.abs(painted[:, side] - expected[:, side]).max() <= 1
    left = slice(0, width // 2)
    assert np.abs(painted[:, left] - alone[0][:, left]).max() > 1  # strokes meet


@pytest.mark.parametrize("engine", ["openvino", "opencv", "onnxruntime"])
def test_even_shares_are_a_mixture_of_scales_and_shifts(engine: EngineName) -> None:
    """Everywhere alike, shares mix what the styles do to normalised features."""
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
    trunk, photo = random_trunk(TINY), picture(WIDTH, HEIGHT)
    vectors, (statistics, _) = styles_of(trunk)
    shares = np.stack([np.full((HEIGHT, WIDTH), share, np.float32) for share in (0.25, 0.75)])
    mixed = (0.25 * vectors[0] + 0.75 * vectors[1]).astype(np.float32)
    expected = paint(trunk.bake(mixed, statistics), photo, engine=engine)
    painted = paint(trunk.bake_regions(vectors, [statistics] * 2), photo, shares, engine)
    assert np.abs(painted - expected).max() <= 1


def test_shapes_are_checked() -> None:
    trunk = random_trunk(TINY)
    vectors, statistics = styles_of(trunk)
    weights = trunk.float32_weights()
    with pytest.raises(ValueError, match="a vector is"):
        bake_regions(TINY, weights, [vectors[0][1:]], statistics[:1])
    with pytest.raises(ValueError, match="1 statistics for 2 styles"):
        bake_regions(TINY, weights, vectors, statistics[:1])
    with (
        open_engine(trunk.bake_regions(vectors, statistics), precision="f32") as engine,
        pytest.raises(ValueError, match="shares are"),
    ):
        engine.paint_regions(picture(WIDTH, HEIGHT), halves()[:, 1:])
