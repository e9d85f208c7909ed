import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import OptionError
from impasto.large.memory_plan import (
    ENGINE_BYTES_PER_PX,
    LEAST_STRIP_BYTES,
    margin_px,
    parse_bytes,
    plan_memory,
)
from impasto.networks.spec import JOHNSON, STANDARD

GB = 10**9


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1GB", GB), ("1.5 GiB", 3 << 29), ("800m", 8 * GB // 10), ("4096", 4096), ("2k", 2000)],
)
def test_amounts(text, expected):
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "much", "1XB", "-1GB", "GB"])
def test_no_amounts(text):
    with pytest.raises(OptionError, match="--memory"):
        parse_bytes(text)


def test_margins_are_half_the_receptive_field_and_on_the_grid():
    for spec in (STANDARD, JOHNSON):
        assert margin_px(spec) > spec.receptive_field_px / 2
        assert margin_px(spec) % spec.multiple == 0


@given(
    width=st.integers(1, 60_000),
    height=st.integers(1, 60_000),
    limit=st.floats(0.4, 8).map(lambda each: int(each * GB)),
    engine=st.sampled_from(list(ENGINE_BYTES_PER_PX)),
    held=st.sampled_from([0, 14]),
)
def test_plans_keep_their_limit_or_say_what_would_do(width, height, limit, engine, held):
    def plan(limit):
        return plan_memory(width, height, limit, engine, STANDARD, held_bytes_per_px=held)

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


def test_600_megapixels_in_a_gigabyte():
    plan = plan_memory(30_000, 20_000, GB, "openvino", STANDARD)
    assert not plan.whole
    assert "in tiles of" in str(plan)
    assert "in one piece" in str(plan_memory(640, 480, GB, "openvino", STANDARD))


def test_refused_with_a_way_out():
    with pytest.raises(OptionError, match=r"need 9\.\d\d GB .* allows 1\.00 GB: give --memory 9"):
        plan_memory(30_000, 20_000, GB, "openvino", STANDARD, held_bytes_per_px=14)


def test_row_by_row_is_advised_where_it_helps():
    for limit, helps in ((GB, True), (1000, False)):
        with pytest.raises(OptionError) as refused:
            plan_memory(30_000, 20_000, limit, "openvino", STANDARD, held_bytes_per_px=14)
        assert ("convert it to PNG" in refused.value.remedy) == helps


def test_several_styles_take_more():
    one, three = (plan_memory(4000, 3000, 10**10, "openvino", STANDARD, styles=n) for n in (1, 3))
    assert three.peak_bytes > one.peak_bytes
