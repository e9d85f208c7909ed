"""Whatever the bytes, there is a network or an error of ours. What refusing costs is measured by
benchmarks/hostile_files.py.
"""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters import foreign
from converters.hostile import BOMBS
from impasto.converters import convert_network
from impasto.errors import ImpastoError, InputError

NET = foreign.TransformerNet(blocks=1, width=2)
WHOLE = {
    "npz": foreign.npz(foreign.lengstrom_variables(blocks=0, width=2)),
    "pth": foreign.state_dict(NET),
    "onnx": foreign.zoo_onnx(NET),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(tmp_path: Path, name: str) -> None:
    suffix, content = BOMBS[name]
    path = tmp_path / f"bomb.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"bomb\.{suffix}"):
        convert_network(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damaged_anywhere(tmp_path: Path, suffix: str, data: Any) -> None:
    damaged = bytearray(WHOLE[suffix])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(damaged[: data.draw(st.sampled_from([len(damaged), len(damaged) // 2]))])
    with contextlib.suppress(ImpastoError):
        convert_network(path)
