from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.defaults import EngineName
from impasto.engines import open_engine
from impasto.errors import EngineError, StyleError
from impasto.networks.encoder import (
    ENCODER,
    POOL_EPSILON,
    Encoder,
    EncoderSpec,
    read_encoder,
    write_encoder,
)
from impasto.networks.trunk import random_trunk
from tiny import TINY, picture, tiny_encoder


@pytest.fixture(scope="module")
def encoder() -> Any:
    return tiny_encoder(random_trunk(TINY))


def by_hand(encoder: Any, painting: NDArray[np.uint8]) -> Any:
    """The same in NumPy, one tap after the other."""
    weights = {name: array.astype(np.float64) for name, array in encoder.weights.items()}
    x = (painting.transpose(2, 0, 1) / 255 - 0.5) * 4
    pooled = []
    for name in ("down1", "more1_1", "down2"):
        kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        height, width = x.shape[1:]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
        taps = [
            np.einsum("oi,ihw->ohw", kernel[:, :, r, c], padded[:, r : r + height, c : c + width])
            for r in range(3)
            for c in range(3)
        ]
        found = np.maximum(sum(taps) + bias[:, None, None], 0)
        x = x + found if name == "more1_1" else found[:, ::2, ::2]
        pooled += [x.mean(axis=(1, 2)), np.sqrt(x.var(axis=(1, 2)) + POOL_EPSILON)]
    hidden = weights["hidden.weight"] @ np.concatenate(pooled) + weights["hidden.bias"]
    hidden = np.maximum(hidden, 0)
    code = weights["code.weight"] @ hidden + weights["code.bias"]
    return weights["style.weight"] @ code + weights["style.bias"]


@pytest.mark.parametrize("engine", ["opencv", "openvino", "onnxruntime"])
@pytest.mark.parametrize("size", [(64, 64), (97, 70)])
def test_every_engine_computes_what_numpy_does(
    encoder: Any, engine: EngineName, size: tuple[int, int]
) -> None:
    painting = picture(*size)
    with open_engine(encoder.graph, engine=engine, precision="f32") as opened:
        vector = opened.encode(painting)
    np.testing.assert_allclose(vector, by_hand(encoder, painting), rtol=1e-3, atol=1e-3)


def test_a_graph_that_paints_predicts_nothing() -> None:
    trunk = random_trunk(TINY)
    graph = trunk.bake(np.ones(trunk.spec.style_size, dtype=np.float32))
    with open_engine(graph) as engine, pytest.raises(EngineError, match="predicts no style"):
        engine.encode(picture(64, 64))


def test_written_and_read(encoder: Any, tmp_path: Path) -> None:
    write_encoder(tmp_path / "e.safetensors", encoder)
    again = read_encoder(tmp_path / "e.safetensors")
    assert (again.spec, again.trunk) == (encoder.spec, encoder.trunk)
    for name, array in encoder.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)


def test_the_one_that_ships_is_small(tmp_path: Path) -> None:
    spec = replace(ENCODER, style_size=1648)
    weights = {name: np.zeros(shape, np.float16) for name, shape in spec.shapes().items()}
    write_encoder(tmp_path / "e.safetensors", Encoder(spec, weights, "0"))
    assert (tmp_path / "e.safetensors").stat().st_size < 2_300_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"channels": []}',
        '{"channels": [4, 100000], "style_size": 3}',
        '{"channels": [4], "style_size": 1e9}',
        '{"channels": [4], "painting_px": 100000}',
        '{"channels": [4], "more": [0, 1], "style_size": 3}',
        '{"channels": [4], "more": [9], "style_size": 3}',
        '{"channels": [4], "more": 1, "style_size": 3}',
        '{"channels": [4], "colour": 3}',
    ],
)
def test_absurd_descriptions(text: str) -> None:
    with pytest.raises(StyleError, match="damaged description"):
        EncoderSpec.from_json(text)


def test_encoders_from_before_there_were_more_convolutions_a_size() -> None:
    spec = EncoderSpec.from_json('{"channels": [4, 6], "hidden": 8, "style_size": 3}')
    assert [each.name for each in spec.convolutions] == ["down1", "down2"]
    spec = EncoderSpec((4, 6), more=(2,))
    assert [each.name for each in spec.convolutions] == ["down1", "more1_1", "more1_2", "down2"]


def test_damaged_files(encoder: Any, tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    lacking = {k: v for k, v in encoder.weights.items() if k != "code.bias"}
    write_encoder(path, replace(encoder, weights=lacking))
    with pytest.raises(StyleError, match=r"lacks code\.bias"):
        read_encoder(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StyleError, match="damaged"):
        read_encoder(path)
    with pytest.raises(StyleError, match="cannot be read"):
        read_encoder(tmp_path / "none.safetensors")
