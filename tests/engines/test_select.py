import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.engines import (
    FASTEST_FIRST,
    available_engines,
    choose_precision,
    cpu,
    open_engine,
    select,
)
from impasto.engines.base import Engine
from impasto.errors import EngineError, OptionError
from impasto.networks.export import bake
from impasto.networks.spec import Conv, NetworkSpec
from tiny import picture

COPY = NetworkSpec("copy", (Conv("paint", 3, 3, kernel=1, norm=False, relu=False),))


@pytest.fixture
def quick_engine() -> None:
    """None: here, the order counts."""


@pytest.fixture
def graph() -> bytes:
    weights = {
        "paint.weight": np.eye(3, dtype=np.float32)[..., None, None],
        "paint.bias": np.full(3, -0.5, np.float32),
    }
    return bake(COPY, weights, np.zeros(0, np.float32))


def uninstall(monkeypatch: pytest.MonkeyPatch, *packages: object) -> None:
    version = select._version
    monkeypatch.setattr(
        select, "_version", lambda package: None if package in packages else version(package)
    )


def test_auto_is_the_fastest_installed(graph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_engine(graph).name == "openvino"
    uninstall(monkeypatch, "openvino")
    assert open_engine(graph).name == "onnxruntime"
    uninstall(monkeypatch, "openvino", "onnxruntime")
    assert open_engine(graph).name == "opencv"
    assert list(available_engines()) == ["opencv"]


def test_versions_without_loading() -> None:
    assert tuple(available_engines()) == FASTEST_FIRST
    assert all(version[0].isdigit() for version in available_engines().values())


def test_a_missing_engine_is_never_replaced(graph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "impasto.engines.onnxruntime", raising=False)
    with pytest.raises(EngineError, match=r"pip install 'impasto\[onnxruntime\]'"):
        open_engine(graph, engine="onnxruntime")


def test_typing_errors(graph: bytes) -> None:
    with pytest.raises(OptionError, match="did you mean openvino"):
        open_engine(graph, engine="openvin")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="one of auto, f32, bf16, int8"):
        open_engine(graph, precision="double")  # type: ignore[arg-type]
    for threads in (0, "2", 1.5):
        with pytest.raises(OptionError, match="threads"):
            open_engine(graph, threads=threads)  # type: ignore[arg-type]


def test_the_copying_graph_copies(graph: bytes) -> None:
    photo = picture(17, 9)
    for name in available_engines():
        with open_engine(graph, engine=name, precision="f32") as engine:
            np.testing.assert_array_equal(engine.paint(photo), photo)


class Half(Engine):
    """Paints half of what it is given."""

    name = title = "half"
    precision, version = "f32", "0"

    def _run(self, photo: NDArray[np.uint8], vectors: Any) -> tuple[Any, dict[str, Any]]:
        return photo[:4], {}

    def run_part(self, features: Any) -> Any:
        return features


def test_a_painting_of_another_size_is_refused() -> None:
    with pytest.raises(EngineError, match="multiples"):
        Half().paint(picture(8, 8))


@pytest.mark.parametrize(
    ("bf16", "flags", "chosen"),
    [
        (True, "avx512_vnni amx_bf16", "bf16"),
        (True, "avx512_vnni avx512_bf16", "int8"),
        (True, "", "bf16"),
        (False, "avx512_vnni amx_bf16", "int8"),
        (False, "avx512_vnni", "int8"),
        (False, "avx2 avx_vnni", "int8"),
        (False, "avx2 fma", "f32"),
        (False, "", "f32"),
    ],
)
def test_auto_precision_follows_the_cpu(
    monkeypatch: pytest.MonkeyPatch, bf16: bool, flags: str, chosen: str
) -> None:
    monkeypatch.setattr(select, "has_bf16", lambda: bf16)
    monkeypatch.setattr(cpu, "cpu_flags", lambda: frozenset(flags.split()))
    assert choose_precision("openvino", "auto") == chosen
    assert choose_precision("auto", "auto") == chosen
    assert choose_precision("opencv", "auto") == "f32"
    assert choose_precision("onnxruntime", "auto") == "f32"
    for asked in ("f32", "bf16", "int8"):  # what is asked for is never replaced
        assert choose_precision("auto", asked) == asked


def test_cpu_flags_from_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(cpu, "CPUINFO", cpuinfo)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    cpu.cpu_flags.cache_clear()
    assert not cpu.has_vnni()  # no such file: another system
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx_vnni\n\nprocessor\t: 1\n")
    cpu.cpu_flags.cache_clear()
    assert cpu.cpu_flags() == {"fpu", "avx2", "avx_vnni"}
    assert cpu.has_vnni()
    cpu.cpu_flags.cache_clear()
