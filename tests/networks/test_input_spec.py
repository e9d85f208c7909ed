import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.networks.input_spec import BakedNetwork, Framing, read_framing
from impasto.networks.trunk import random_trunk
from tiny import TINY

FRAMINGS = [
    Framing(),
    Framing(4, 24),
    Framing(8, 16, pad_px=40, grain=0.015, coarse_grain=0.03),
    Framing(fixed_px=(224, 160)),
]


def baked(framing):
    return BakedNetwork(random_trunk(TINY).bake(np.ones(TINY.style_size, np.float32)), framing)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_it_travels_with_the_file(framing):
    model = onnx.load_from_string(baked(framing).to_file({"style": "first"}))
    onnx.checker.check_model(model, full_check=True)
    assert read_framing(model, "a.onnx") == framing
    assert {entry.key: entry.value for entry in model.metadata_props}["style"] == "first"


def test_a_file_without():
    assert read_framing(onnx.load_from_string(baked(Framing()).graph), "a.onnx") is None


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_fixed_size_holds_the_whole_picture(width, height):
    framing = Framing(fixed_px=(224, 160))
    fitted = framing.fit(width, height)
    left, top, right, bottom = framing.borders(*fitted)
    assert min(left, top, right, bottom) == 0
    assert (left + fitted[0] + right, top + fitted[1] + bottom) == (224, 160)
    assert Framing(4).fit(width, height) == (width, height)


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
        '{"fixed_px": [1]}',
        '{"fixed_px": [0, 1]}',
        '{"fixed_px": 7}',
        '{"unknown": 1}',
    ],
)
def test_damaged_descriptions(text):
    model = onnx.load_from_string(baked(Framing()).graph)
    onnx.helper.set_model_props(model, {"impasto": text})
    with pytest.raises(InputError, match=r"a\.onnx has a damaged description"):
        read_framing(model, "a.onnx")
