from typing import Any

import numpy as np
import onnx
import pytest

from impasto.networks.export import bake
from impasto.networks.quantize import DEVIATIONS, Bounds, quantize_kernel
from impasto.networks.trunk import random_trunk
from tiny import TINY


def floats(*values: object) -> Any:
    return np.array(values, dtype=np.float32)


def test_bounds_follow_from_the_style() -> None:
    bounds = Bounds.of_normalised(scale=floats(1, -2), shift=floats(0.5, 0))
    np.testing.assert_allclose(bounds.low, [0.5 - DEVIATIONS, -2 * DEVIATIONS])
    np.testing.assert_allclose(bounds.high, [0.5 + DEVIATIONS, 2 * DEVIATIONS])
    np.testing.assert_allclose(bounds.rectified().low, 0)
    np.testing.assert_allclose((bounds + bounds).high, 2 * bounds.high)


@pytest.mark.parametrize(
    ("low", "high", "step", "zero"),
    [
        (-1, 1.55, 0.01, 100),
        (0, 2.55, 0.01, 0),
        (1, 2.55, 0.01, 0),  # zero is always among the values
        (-2.55, -1, 0.01, 255),
        (0, 0, 1e-6 / 255, 0),
    ],
)
def test_steps(low: float, high: float, step: float, zero: int) -> None:
    found = Bounds(floats(low, 0), floats(high, 0)).to_uint8()
    assert found[0] == pytest.approx(step, rel=1e-5)
    assert found[1] == zero


def test_kernels_are_within_half_a_step() -> None:
    kernel = np.random.default_rng(0).normal(size=(5, 4, 3, 3)).astype(np.float32)
    kernel[2] = 0
    whole, step = quantize_kernel(kernel)
    assert whole.dtype == np.int8
    assert np.abs(whole.astype(int)).max(axis=(1, 2, 3)).tolist() == [127, 127, 0, 127, 127]
    apart = np.abs(whole * step[:, None, None, None] - kernel)
    assert (apart <= step[:, None, None, None] * 0.5001).all()


def test_which_convolutions_are_in_8_bits() -> None:
    """All but the first, which sees the photo's own 8 bits as floats."""
    trunk = random_trunk(TINY)
    model = onnx.load_from_string(trunk.bake(np.ones(TINY.style_size, np.float32), int8=True))
    onnx.checker.check_model(model)
    made = {output: node for node in model.graph.node for output in node.output}
    learned = [node for node in model.graph.node if node.op_type == "Conv"]
    learned = [node for node in learned if all(a.name != "group" for a in node.attribute)]
    kinds = [made[node.input[1]].op_type if node.input[1] in made else "" for node in learned]
    assert kinds == [""] + ["DequantizeLinear"] * (len(learned) - 1)
    floats = bake(TINY, trunk.float32_weights(), np.ones(TINY.style_size, np.float32))
    assert b"QuantizeLinear" not in floats
