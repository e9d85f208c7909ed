import importlib.metadata
import sys

import numpy as np
import pytest

from impasto.engines import FASTEST_FIRST, FakeEngine, available_engines, open_engine
from impasto.errors import EngineError, OptionError
from impasto.network.bake import bake
from impasto.network.spec import Conv, NetworkSpec
from tiny import picture

COPY = NetworkSpec("copy", (Conv("paint", 3, 3, kernel=1, norm=False, relu=False),))


@pytest.fixture
def graph():
    weights = {
        "paint.weight": np.eye(3, dtype=np.float32)[..., None, None],
        "paint.bias": np.full(3, -0.5, np.float32),
    }
    return bake(COPY, weights, np.zeros(0, np.float32))


def uninstall(monkeypatch, *packages):
    version = importlib.metadata.version

    def without(package):
        if package in packages:
            raise importlib.metadata.PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(importlib.metadata, "version", without)


def test_auto_is_the_fastest_installed(graph, monkeypatch):
    assert open_engine(graph).name == "openvino"
    uninstall(monkeypatch, "openvino")
    assert open_engine(graph).name == "onnxruntime"
    uninstall(monkeypatch, "openvino", "onnxruntime")
    assert open_engine(graph).name == "opencv"
    assert list(available_engines()) == ["opencv"]


def test_versions_without_loading():
    assert tuple(available_engines()) == FASTEST_FIRST
    assert all(version[0].isdigit() for version in available_engines().values())


def test_a_missing_engine_is_never_replaced(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "impasto.engines.onnxruntime", raising=False)
    with pytest.raises(EngineError, match=r"pip install 'impasto\[onnxruntime\]'"):
        open_engine(graph, engine="onnxruntime")


def test_typing_errors(graph):
    with pytest.raises(OptionError, match="did you mean openvino"):
        open_engine(graph, engine="openvin")
    with pytest.raises(OptionError, match="one of auto, f32, bf16"):
        open_engine(graph, precision="int4")
    with pytest.raises(OptionError, match="threads"):
        open_engine(graph, threads=0)


def test_the_copying_graph_copies(graph):
    photo = picture(17, 9)
    for name in available_engines():
        with open_engine(graph, engine=name, precision="f32") as engine:
            np.testing.assert_array_equal(engine.paint(photo), photo)


def test_fake_engine():
    photo = picture(8, 8)
    with FakeEngine() as engine:
        np.testing.assert_array_equal(engine.paint(photo), 255 - photo)
    assert engine.closed
    np.testing.assert_array_equal(engine.photos[0], photo)
    with pytest.raises(EngineError, match="multiples"):
        FakeEngine(lambda photo: photo[:4]).paint(photo)
