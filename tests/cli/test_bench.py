import json
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.evaluation.speed import JOHNSON_NAME


def test_bench(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    arguments = ["bench", "--gallery", gallery, "-s", "first", "--size", "32x24", "--runs", "1"]
    rows = json.loads(impasto(*arguments, "--json", "-").out)
    assert {row["engine"].split()[0] for row in rows} == {"OpenVINO", "ONNX", "OpenCV", "Johnson"}
    rows = json.loads(impasto(*arguments, "--engine", "opencv:f32", "--json", "-").out)
    assert [row["engine"].split()[0] for row in rows] == ["OpenCV", "Johnson"]
    options = ["--engine", "openvino:int8", "--preset", "turbo", "--no-johnson", "--json", "-"]
    (row,) = json.loads(impasto("bench", "--size", "32x24", "--runs", 1, *options).out)
    assert row["engine"].endswith("(int8)")
    ran = impasto("bench", "--preset", "turbos")
    assert (ran.code, "one of standard, turbo" in ran.err) == (2, True)
    ran = impasto(*arguments, "--engine", "opencv", "--no-johnson")
    assert "32x24" in ran.out
    assert JOHNSON_NAME not in ran.out


@pytest.mark.parametrize("size", ["640", "axb", "0x10", "99999x10", "1x2x3"])
def test_bench_sizes(impasto: Run, size: str) -> None:
    ran = impasto("bench", "--size", size)
    assert ran.code == 2
    assert "--size" in ran.err


def test_bench_live(impasto: Run, gallery: Path) -> None:
    arguments = ["bench", "--live", "--gallery", gallery, "-s", "first", "--size", "64x48"]
    arguments += ["--seconds", 1]
    (row,) = json.loads(impasto(*arguments, "--engine", "opencv:f32", "--json", "-").out)
    assert row["engine"].startswith("OpenCV")
    assert (
        (row["width"], row["height"]) == (row["painted_width"], row["painted_height"]) == (64, 48)
    )
    assert 0 < row["frames_per_s"] < 100
    assert 0 < row["delay_ms"] <= row["long_delay_ms"]
    assert row["delay_frames"] == pytest.approx(row["delay_ms"] * 30 / 1000)
    ran = impasto(*arguments, "--preset", "turbo", "--size", "32x24")
    assert ran.code == 0, ran.err
    assert all(word in ran.out for word in ("64x48", "32x24", "frames/s"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--threads", 1], 2, "--live takes all cores"),
        (["--seconds", 0], 2, "1 to 3600 seconds"),
        (["--fps", 0], 2, "fps is 0"),
        (["--stability", 2], 2, "stability is 2"),
        (["-s", "frist"], 5, "did you mean first"),
        (["-s", "first", "--engine", "opencl"], 2, "did you mean opencv"),
    ],
)
def test_impossible_live_benches(
    impasto: Run, gallery: Path, arguments: list[int | str], code: int, says: str
) -> None:
    ran = impasto("bench", "--live", "--gallery", gallery, *arguments)
    assert (ran.code, says in ran.err) == (code, True), ran.err
