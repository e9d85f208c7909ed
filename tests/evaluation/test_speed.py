from pathlib import Path

import pytest

from impasto.errors import OptionError
from impasto.evaluation.speed import JOHNSON_NAME, measure_speed
from impasto.networks.spec import JOHNSON
from impasto.networks.trunk import random_trunk
from impasto.progress import Progress
from tiny import tiny_gallery


def test_a_row_for_every_engine_and_size(tmp_path: Path) -> None:
    events: list[Progress] = []
    rows = measure_speed(
        tiny_gallery(tmp_path),
        "first",
        [("opencv", "f32"), ("openvino", "f32")],
        [(32, 24), (48, 16)],
        runs=2,
        progress=events.append,
    )
    assert [(row.width, row.height) for row in rows] == [(32, 24)] * 3 + [(48, 16)] * 3
    assert rows[2].engine == JOHNSON_NAME
    assert rows[2].times_johnson == 1
    for row in rows:
        assert 0 < row.fastest_ms <= row.milliseconds
        assert row.megapixels_per_s == pytest.approx(
            row.width * row.height / 1e6 / (row.milliseconds / 1e3)
        )
        yardstick = next(r for r in rows if r.engine == JOHNSON_NAME and r.width == row.width)
        assert row.times_johnson == pytest.approx(yardstick.milliseconds / row.milliseconds)
    assert (events[-1].done, events[-1].total) == (6, 6)


def test_without_johnson(tmp_path: Path) -> None:
    (row,) = measure_speed(
        tiny_gallery(tmp_path), "first", [("opencv", "f32")], [(16, 16)], runs=1, johnson=False
    )
    assert row.times_johnson is None


def test_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="nothing to measure"):
        measure_speed(tiny_gallery(tmp_path), "first", [], [(16, 16)])


def test_random_trunk_is_seeded() -> None:
    first, again, other = random_trunk(JOHNSON), random_trunk(JOHNSON), random_trunk(JOHNSON, 1)
    assert first.fingerprint == again.fingerprint != other.fingerprint
