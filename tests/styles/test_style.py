import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import StyleError
from impasto.styles import Style, StyleCard, read_style, write_style

CARD = StyleCard("Die große Welle", "葛飾北斎", "c. 1831", "CC0", "wave.jpg")


def test_round_trip(tmp_path: Path) -> None:
    vector = np.linspace(-2, 2, 33, dtype=np.float32)
    write_style(f"{tmp_path}/wave.style", Style("wave", vector, "0123456789abcdef", CARD))
    again = read_style(f"{tmp_path}/wave.style")
    assert again.painting_px == 384
    assert (again.name, again.trunk, again.card) == ("wave", "0123456789abcdef", CARD)
    np.testing.assert_allclose(again.vector, vector, atol=1e-3)  # float16 in the file
    assert again.vector.dtype == np.float32
    assert again.kernels == {}


def test_what_it_adds_to_kernels_is_in_the_file(tmp_path: Path) -> None:
    pair = np.ones((3, 2), np.float16), np.arange(8, dtype=np.float16).reshape(2, 4)
    style = Style("wave", np.ones(4, np.float32), "0" * 16, kernels={"revision.down1": pair})
    write_style(tmp_path / "wave.style", style)
    ((name, again),) = read_style(tmp_path / "wave.style").kernels.items()
    assert name == "revision.down1"
    for read, written in zip(again, pair, strict=True):
        np.testing.assert_array_equal(read, written)


@settings(deadline=None)
@given(cut=st.floats(0, 0.999), at=st.floats(0, 0.999), byte=st.integers(0, 255))
def test_damage_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, cut: Any, at: Any, byte: Any
) -> None:
    path = tmp_path_factory.mktemp("style") / "wave.style"
    write_style(path, Style("wave", np.ones(64, dtype=np.float32), "0" * 16, CARD))
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] = byte
    path.write_bytes(content)
    with contextlib.suppress(StyleError):
        assert read_style(path).vector.ndim == 1
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(StyleError):
        read_style(path)
