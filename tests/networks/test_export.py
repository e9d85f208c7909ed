from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from impasto.networks.export import bake, bake_steered
from impasto.networks.spec import JOHNSON, STANDARD, Conv, NetworkSpec, johnson
from impasto.networks.trunk import random_trunk
from tiny import TINY


def run(graph: bytes, photo: NDArray[np.float32]) -> Any:
    given: Any = ReferenceEvaluator(onnx.load_from_string(graph)).run(None, {"photo": photo})
    return given[0]


def weights(spec: NetworkSpec) -> Any:
    return {name: array.astype(np.float32) for name, array in random_trunk(spec).weights.items()}


def plain_style(spec: NetworkSpec) -> NDArray[np.float32]:
    vector = np.zeros(spec.style_size, np.float32)
    for _, scale, _ in spec.style_slices():
        vector[scale] = 1
    return vector


@pytest.mark.parametrize("spec", [STANDARD, JOHNSON, johnson("batch"), TINY], ids=lambda s: s.name)
def test_graphs_are_valid_onnx(spec: NetworkSpec) -> None:
    graph = bake(spec, weights(spec), plain_style(spec))
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)


COPY = NetworkSpec("copy", (Conv("paint", 3, 3, kernel=1, norm=False, relu=False),))
COPY_WEIGHTS = {
    "paint.weight": np.eye(3, dtype=np.float32)[..., None, None],
    "paint.bias": np.array([0.0, -0.25, 1.0], np.float32),
}
NO_STYLE = np.zeros(0, np.float32)


def test_one_convolution_by_hand() -> None:
    photo = np.full((1, 3, 2, 2), 0.25, np.float32)
    painting = run(bake(COPY, COPY_WEIGHTS, NO_STYLE), photo)
    assert painting[0, :, 0, 0].tolist() == [0.75, 0.5, 1.0]  # 0.5 + 0.25 + bias, clipped to 1


def test_reflection_by_hand() -> None:
    """A kernel that takes its right neighbour sees, beyond the border, the last but one pixel."""
    spec = NetworkSpec("shift", (Conv("paint", 3, 3, norm=False, relu=False),))
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        kernel[channel, channel, 1, 2] = 1
    photo = np.zeros((1, 3, 3, 4), np.float32)
    photo[:] = [0.1, 0.2, 0.3, 0.4]
    bias = np.full(3, -0.5, np.float32)
    painting = run(bake(spec, {"paint.weight": kernel, "paint.bias": bias}, NO_STYLE), photo)
    np.testing.assert_allclose(painting[0, 0, 0], [0.2, 0.3, 0.4, 0.3], atol=1e-6)


def test_batch_normalisation_folds_into_the_convolution() -> None:
    spec = NetworkSpec(
        "batch", (Conv("paint", 3, 3, kernel=1, shuffle=2, relu=False),), norm="batch"
    )
    random = np.random.default_rng(0)
    kernel = random.standard_normal((12, 3, 1, 1)).astype(np.float32)
    mean, variance = np.array([0.1, 0.2, 0.3], np.float32), np.array([0.5, 1.0, 2.0], np.float32)
    scale, shift = np.array([0.1, 0.2, 0.3], np.float32), np.array([0.01, -0.02, 0.03], np.float32)
    arrays = {"paint.weight": kernel, "paint.mean": mean, "paint.variance": variance}
    photo = random.random((1, 3, 1, 1)).astype(np.float32)
    painting = run(bake(spec, arrays, np.concatenate([scale, shift])), photo)

    made = (kernel[:, :, 0, 0] @ photo[0, :, 0, 0]).reshape(3, 2, 2)  # CRD: channel first
    expected = (made - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-5)
    expected = 0.5 + expected * scale[:, None, None] + shift[:, None, None]
    np.testing.assert_allclose(painting[0], expected.clip(0, 1), atol=1e-5)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="style vector"):
        bake(TINY, weights(TINY), np.zeros(3, np.float32))
    wrong = {**weights(TINY), "down1.weight": np.zeros((1, 1, 1, 1), np.float32)}
    with pytest.raises(ValueError, match=r"down1\.weight"):
        bake(TINY, wrong, plain_style(TINY))


def test_frozen_statistics_by_hand() -> None:
    """One channel a colour, scale 2, shift -0.5, mean 0.5, variance 0.25."""
    spec = NetworkSpec("frozen", (Conv("paint", 3, 3, kernel=1, relu=False),))
    kernel = {"paint.weight": np.eye(3, dtype=np.float32)[..., None, None]}
    style = np.array([2, 2, 2, -0.5, -0.5, -0.5], np.float32)
    statistics = np.array([0.5, 0.5, 0.5, 0.25, 0.25, 0.25], np.float32)
    photo = np.full((1, 3, 2, 2), 0.6, np.float32)
    painting = run(bake(spec, kernel, style, statistics), photo)
    # (0.6 - 0.5) / 0.5 * 2 - 0.5 + 0.5
    np.testing.assert_allclose(painting, 0.4, atol=1e-4)
    with pytest.raises(ValueError, match="statistics"):
        bake(spec, kernel, style, np.zeros(5, np.float32))


def test_a_steered_graph_gives_its_statistics() -> None:
    spec = NetworkSpec("steered", (Conv("paint", 3, 3, kernel=1, relu=False),))
    kernel = {"paint.weight": np.eye(3, dtype=np.float32)[..., None, None]}
    graph = onnx.load_from_string(bake_steered(spec, kernel))
    onnx.checker.check_model(graph, full_check=True)
    photo = np.zeros((1, 3, 1, 2), np.float32)
    photo[..., 1] = 1  # mean 0.5, variance 0.25
    given: Any = ReferenceEvaluator(graph).run(
        ["painting", "statistics"],
        {"photo": photo, "style": np.array([0.1, 0.1, 0.1, 0, 0, 0], np.float32)},
    )
    painting, statistics = given
    np.testing.assert_allclose(statistics, [0.5] * 3 + [0.25] * 3, atol=1e-6)
    expected = 0.5 + 0.1 * (np.array([0, 1]) - 0.5) / 0.5
    np.testing.assert_allclose(painting[0, 0, 0], expected, atol=1e-4)


def test_batch_normalisation_cannot_be_steered() -> None:
    spec = johnson("batch")
    with pytest.raises(ValueError, match="johnson-batch"):
        bake_steered(spec, weights(spec))
