from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.engines.base import Engine
from impasto.errors import OptionError
from impasto.large import memory_plan
from impasto.large.memory_plan import (
    BASE_BYTES,
    ENGINE_BYTES,
    LEAST_STRIP_BYTES,
    MemoryPlan,
    default_bytes,
    margin_px,
    parse_bytes,
    plan_memory,
)
from impasto.networks.spec import FINE_REVISION, JOHNSON, STANDARD, TURBO, NetworkSpec

GB = 10**9


class EngineLike(NamedTuple):
    """All that plans want to know of an engine."""

    name: str
    precision: str


INT8 = cast(Engine, EngineLike("openvino", "int8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1GB", GB), ("1.5 GiB", 3 << 29), ("800m", 8 * GB // 10), ("4096", 4096), ("2k", 2000)],
)
def test_amounts(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "much", "1XB", "-1GB", "GB"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(OptionError, match="--memory"):
        parse_bytes(text)


def test_margins_are_half_the_receptive_field_and_on_the_grid() -> None:
    for spec in (STANDARD, JOHNSON):
        assert margin_px(spec) > spec.receptive_field_px / 2
        assert margin_px(spec) % spec.multiple == 0


@given(
    width=st.integers(1, 60_000),
    height=st.integers(1, 60_000),
    limit=st.floats(0.4, 8).map(lambda each: int(each * GB)),
    engine=st.builds(EngineLike._make, st.sampled_from(list(ENGINE_BYTES))),
    written=st.sampled_from([0, 8, 11]),
)
def test_plans_keep_their_limit_or_say_what_would_do(
    width: int, height: int, limit: int, engine: Engine, written: int
) -> None:
    def plan(limit: int) -> MemoryPlan:
        how: dict[str, Any] = {"streamed": written < 11, "written_bytes_per_px": written}
        return plan_memory((width, height), limit, engine, STANDARD, **how)

    try:
        found = plan(limit)
    except OptionError as error:
        advice = error.remedy.removeprefix("give --memory ").partition(",")[0]
        assert plan(parse_bytes(advice)).peak_bytes <= parse_bytes(advice)
        assert parse_bytes(advice) > limit
        return
    assert found.peak_bytes <= limit
    assert found.whole or found.tile_px >= 256
    assert found.whole or found.strip_bytes >= LEAST_STRIP_BYTES


def test_600_megapixels_in_a_gigabyte() -> None:
    plan = plan_memory((30_000, 20_000), GB, INT8, STANDARD, streamed=True)
    assert not plan.whole
    assert "in tiles of" in str(plan)
    assert "in one piece" in str(plan_memory((640, 480), GB, INT8, STANDARD))


def test_refused_with_a_way_out() -> None:
    with pytest.raises(OptionError, match=r"need 8\.64 GB .* allows 1\.00 GB: give --memory 8.7GB"):
        plan_memory((30_000, 20_000), GB, INT8, STANDARD, written_bytes_per_px=11)


def test_row_by_row_is_advised_where_it_helps() -> None:
    for limit, helps in ((GB, True), (1000, False)):
        with pytest.raises(OptionError) as refused:
            plan_memory((30_000, 20_000), limit, INT8, STANDARD, written_bytes_per_px=11)
        assert ("convert it to PNG" in refused.value.remedy) == helps


def test_several_styles_take_more() -> None:
    one, three = (plan_memory((4000, 3000), 10**10, INT8, STANDARD, styles=n) for n in (1, 3))
    assert three.peak_bytes > one.peak_bytes


@pytest.mark.parametrize(
    ("engine", "precision", "spec", "size", "measured_gb"),
    [
        ("openvino", "int8", STANDARD, (2309, 1732), 0.44),
        ("openvino", "int8", STANDARD, (4000, 3000), 0.83),
        ("openvino", "int8", STANDARD, (6000, 4000), 1.40),
        ("openvino", "int8", STANDARD, (8660, 5773), 2.89),
        ("openvino", "bf16", STANDARD, (2309, 1732), 0.46),
        ("openvino", "bf16", STANDARD, (4000, 3000), 0.86),
        ("openvino", "bf16", STANDARD, (6000, 4000), 1.48),
        ("openvino", "bf16", STANDARD, (8660, 5773), 3.05),
        ("openvino", "f32", STANDARD, (2309, 1732), 0.51),
        ("openvino", "f32", STANDARD, (6000, 4000), 1.93),
        ("openvino", "int8", TURBO, (2309, 1732), 0.44),
        ("openvino", "int8", TURBO, (4000, 3000), 0.79),
        ("openvino", "f32", TURBO, (4000, 3000), 0.90),
        ("openvino", "bf16", JOHNSON, (2309, 1732), 0.91),
        ("openvino", "f32", JOHNSON, (2309, 1732), 1.55),
        ("onnxruntime", "f32", STANDARD, (2309, 1732), 0.61),
        ("onnxruntime", "f32", STANDARD, (4000, 3000), 1.39),
        ("opencv", "f32", STANDARD, (2309, 1732), 0.72),
        ("opencv", "f32", STANDARD, (4000, 3000), 1.94),
        ("openvino", "int8", FINE_REVISION, (2309, 1732), 0.75),
        ("openvino", "int8", FINE_REVISION, (4000, 3000), 1.71),
        ("openvino", "bf16", FINE_REVISION, (2309, 1732), 0.65),
        ("openvino", "f32", FINE_REVISION, (2309, 1732), 0.88),
        ("openvino", "f32", FINE_REVISION, (4000, 3000), 2.18),
        ("onnxruntime", "f32", FINE_REVISION, (2309, 1732), 1.08),
        ("opencv", "f32", FINE_REVISION, (2309, 1732), 0.97),
    ],
)
def test_predictions_are_what_was_measured(
    engine: str, precision: str, spec: NetworkSpec, size: tuple[int, int], measured_gb: float
) -> None:
    """In one piece, by `benchmarks/large_pictures.py`: at most 15 % too much, or 5 % too little."""
    plan = plan_memory(size, 100 * GB, cast(Engine, EngineLike(engine, precision)), spec)
    assert plan.whole
    assert -0.05 < plan.peak_bytes / (measured_gb * GB) - 1 < 0.15


def test_a_megapixel_more_by_hand() -> None:
    """The standard network keeps 8.5 numbers a pixel, each of 2.5 bytes in 8 bits."""
    small, large = (
        plan_memory((1000, height), GB, INT8, STANDARD, held_bytes=7).peak_bytes
        for height in (1000, 2000)
    )
    each = 17 + round(16 + 2.5 * 8.5)
    assert small == BASE_BYTES + 7 + 1_000_000 * each
    assert large - small == 1_000_000 * each


def test_a_24_megapixel_photo_is_painted_in_one_piece_in_2_gb() -> None:
    assert plan_memory((6000, 4000), 2 * GB, INT8, STANDARD).whole
    assert not plan_memory((6000, 4000), GB, INT8, STANDARD).whole


def test_a_network_of_unknown_layers_is_taken_for_a_large_one() -> None:
    unknown, johnson = (plan_memory((1000, 1000), 9 * GB, INT8, spec) for spec in (None, JOHNSON))
    assert unknown.peak_bytes == johnson.peak_bytes


@pytest.mark.parametrize(
    ("usable", "expected"), [(8 * GB, 6 * GB), (10**8, 6 * 10**8), (None, 2 * GB)]
)
def test_the_default_is_three_quarters_of_what_may_be_had(
    monkeypatch: pytest.MonkeyPatch, usable: int | None, expected: int
) -> None:
    monkeypatch.setattr(memory_plan, "usable_memory_bytes", lambda: usable)
    assert default_bytes() == expected
