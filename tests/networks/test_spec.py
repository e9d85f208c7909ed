import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import StyleError
from impasto.networks.spec import (
    JOHNSON,
    STANDARD,
    TURBO,
    Conv,
    NetworkSpec,
    Residual,
    Skip,
    Smooth,
    johnson,
)
from tiny import TINY

ALL = [STANDARD, TURBO, JOHNSON, johnson("batch"), TINY]


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_json_round_trip(spec: NetworkSpec) -> None:
    assert NetworkSpec.from_json(spec.to_json()) == spec


def test_figures_by_hand() -> None:
    spec = NetworkSpec(
        "hand",
        (
            Conv("a", 3, 8, kernel=5, stride=2),  # 600 weights, at a quarter of the positions
            Residual((Conv("b", 8, 8, dilation=2), Conv("c", 8, 8, relu=False))),  # 576 each
            Conv("d", 8, 3, shuffle=2, norm=False, relu=False),  # 8 * 12 * 9 weights, 12 biases
        ),
    )
    assert spec.multiply_adds_per_px == (600 + 576 + 576 + 864) / 4
    assert spec.parameters == 600 + 576 + 576 + 864 + 12
    assert spec.style_size == 2 * (8 + 8 + 8)
    assert spec.multiple == 2
    assert spec.receptive_field_px == 1 + 4 + 2 * (4 + 2 + 2)
    slices = [(conv.name, scale.start, shift.stop) for conv, scale, shift in spec.style_slices()]
    assert slices == [("a", 0, 16), ("b", 16, 32), ("c", 32, 48)]


def test_transposed_convolutions_count_at_their_inputs_size() -> None:
    spec = NetworkSpec(
        "up", (Conv("down", 3, 4, stride=2), Conv("up", 4, 3, stride=2, transposed=True))
    )
    assert spec.multiply_adds_per_px == 2 * 4 * 3 * 9 / 4
    assert spec.convs().__next__().kernel_shape == (4, 3, 3, 3)
    assert list(spec.convs())[1].kernel_shape == (4, 3, 3, 3)


def test_the_standard_trunk_keeps_its_budget() -> None:
    assert STANDARD.multiply_adds_per_px <= 12_000
    assert 2 * STANDARD.parameters <= 1_500_000  # bytes in float16
    assert 2 * STANDARD.style_size <= 8_000
    assert STANDARD.multiple == 8


def test_turbo_is_within_its_budget() -> None:
    assert TURBO.multiply_adds_per_px <= 5_000
    assert TURBO.receptive_field_px >= 160
    assert TURBO.multiple == 8


def test_johnsons_network_is_the_papers() -> None:
    """Johnson et al. 2016: c9s1-32, d64, d128, R128 x5, u64, u32, c9s1-3: 1.68 M parameters."""
    channels = [(conv.outputs, conv.kernel, conv.stride) for conv in JOHNSON.convs()]
    assert channels[:3] == [(32, 9, 1), (64, 3, 2), (128, 3, 2)]
    assert channels[3:13] == [(128, 3, 1)] * 10
    assert channels[13:] == [(64, 3, 2), (32, 3, 2), (3, 9, 1)]
    assert 1.67e6 < JOHNSON.parameters + JOHNSON.style_size < 1.69e6


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ALL), st.integers(1, 200), st.integers(1, 200))
def test_borders_make_sides_that_fit(spec: NetworkSpec, width: int, height: int) -> None:
    left, top, right, bottom = spec.input_spec.padding_px(width, height)
    assert (left, top) == (spec.pad_px, spec.pad_px)
    assert min(right, bottom) >= spec.pad_px
    for side in (left + width + right, top + height + bottom):
        assert side % spec.multiple == 0
        assert side >= spec.smallest_px


def test_no_borders_where_none_are_needed() -> None:
    assert STANDARD.input_spec.padding_px(640, 480) == (0, 0, 0, 0)


def tree() -> Any:
    return json.loads(TINY.to_json())


def hostile() -> Iterator[Any]:
    """Descriptions that are damaged or absurd."""
    yield ""
    yield "[]"
    yield "null"
    yield "[" * 100_000
    for key, value in [
        ("norm", "none"),
        ("output", "x"),
        ("padding", "x"),
        ("pad_px", -1),
        ("pad_px", 1e9),
        ("grain", -0.1),
        ("coarse_grain", 1.1),
        ("plain_grain", 1.1),
        ("layers", []),
        ("layers", [{"kind": "Evil"}]),
        ("layers", tree()["layers"] * 100),
        ("surprise", 1),
    ]:
        yield json.dumps({**tree(), key: value})
    for key, value in [
        ("outputs", 10**9),
        ("outputs", -4),
        ("outputs", 4.0),
        ("outputs", True),
        ("inputs", 4),
        ("kernel", 4),
        ("kernel", 99),
        ("stride", 0),
        ("shuffle", 10**6),
        ("dilation", 10**6),
        ("name", "down2"),
        ("relu", None),
        ("extra", 1),
    ]:
        changed = tree()
        changed["layers"][0][key] = value
        if key == "relu":
            del changed["layers"][0]["name"]
        yield json.dumps(changed)


@pytest.mark.parametrize("text", list(hostile()))
def test_hostile_descriptions_are_refused(text: str) -> None:
    with pytest.raises(StyleError, match="description of a network"):
        NetworkSpec.from_json(text)


def test_skips_must_fit() -> None:
    for source in ("nowhere", "down2"):
        changed = tree()
        changed["layers"][5] = {"kind": "Skip", "source": source}
        with pytest.raises(StyleError, match="does not fit"):
            NetworkSpec.from_json(json.dumps(changed))
    assert isinstance(TINY.layers[5], Skip)


def test_smoothing_must_fit() -> None:
    changed = tree()
    changed["layers"][4] = {"kind": "Smooth", "channels": 5}
    with pytest.raises(StyleError, match="smoothing of 5 channels"):
        NetworkSpec.from_json(json.dumps(changed))
    assert isinstance(TINY.layers[4], Smooth)


def test_the_last_layer_makes_a_picture_as_it_is() -> None:
    changed = tree()
    del changed["layers"][-1]["norm"]  # by default, it is normalised
    with pytest.raises(StyleError, match="or is normalised"):
        NetworkSpec.from_json(json.dumps(changed))


def test_numbers_of_the_last_layer_by_hand() -> None:
    """Sixteen channels to three, at twice the size: a kernel of five over enlarged pixels."""
    assert STANDARD.last.trained_shape == (3, 16, 5, 5)
    assert STANDARD.last_layer_size == 3 * 16 * 25 + 3 == 1203
    assert STANDARD.vector_sizes == (1648, 2851)


def test_what_has_its_default_is_left_out() -> None:
    """So that a field added later changes no older network's text, nor its fingerprint."""
    assert set(tree()) == {"name", "layers", "grain", "coarse_grain"}
    assert tree()["layers"][0] == {
        "kind": "Conv",
        "name": "down1",
        "inputs": 3,
        "outputs": 4,
        "stride": 2,
    }
