import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.networks.input_spec import BakedNetwork, InputSpec, read_input_spec
from impasto.networks.trunk import random_trunk
from tiny import TINY

INPUT_SPECS = [
    InputSpec(),
    InputSpec(4, 24),
    InputSpec(8, 16, pad_px=40, grain=0.015, coarse_grain=0.03, plain_grain=0.1),
    InputSpec(fixed_px=(224, 160)),
]


def baked(input_spec: InputSpec) -> BakedNetwork:
    return BakedNetwork(random_trunk(TINY).bake(np.ones(TINY.style_size, np.float32)), input_spec)


@pytest.mark.parametrize("input_spec", INPUT_SPECS)
def test_it_travels_with_the_file(input_spec: InputSpec) -> None:
    model = onnx.load_from_string(baked(input_spec).to_file({"style": "first"}))
    onnx.checker.check_model(model, full_check=True)
    assert read_input_spec(model, "a.onnx") == input_spec
    assert {entry.key: entry.value for entry in model.metadata_props}["style"] == "first"


def test_a_file_without() -> None:
    assert read_input_spec(onnx.load_from_string(baked(InputSpec()).graph), "a.onnx") is None


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_fixed_size_holds_the_whole_picture(width: int, height: int) -> None:
    input_spec = InputSpec(fixed_px=(224, 160))
    fitted = input_spec.fit(width, height)
    left, top, right, bottom = input_spec.padding_px(*fitted)
    assert min(left, top, right, bottom) == 0
    assert (left + fitted[0] + right, top + fitted[1] + bottom) == (224, 160)
    assert InputSpec(4).fit(width, height) == (width, height)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"multiple": 0}',
        '{"multiple": 1.5}',
        '{"multiple": true}',
        '{"smallest_px": 100000}',
        '{"pad_px": -1}',
        '{"grain": 2}',
        '{"coarse_grain": -0.1}',
        '{"plain_grain": 1.1}',
        '{"fixed_px": [1]}',
        '{"fixed_px": [0, 1]}',
        '{"fixed_px": 7}',
        '{"unknown": 1}',
    ],
)
def test_damaged_descriptions(text: str) -> None:
    model = onnx.load_from_string(baked(InputSpec()).graph)
    onnx.helper.set_model_props(model, {"impasto": text})
    with pytest.raises(InputError, match=r"a\.onnx has a damaged description"):
        read_input_spec(model, "a.onnx")
