"""Which engines there are, and opening one."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
from functools import cache
from typing import get_args

from impasto.defaults import EngineName, Precision
from impasto.engines.base import Engine
from impasto.engines.cpu import has_amx, has_vnni
from impasto.errors import EngineError, OptionError

FASTEST_FIRST: tuple[EngineName, ...] = ("openvino", "onnxruntime", "opencv")

_CLASSES = {
    "opencv": ("impasto.engines.opencv", "OpenCVEngine"),
    "openvino": ("impasto.engines.openvino", "OpenVINOEngine"),
    "onnxruntime": ("impasto.engines.onnxruntime", "OnnxRuntimeEngine"),
}
_PACKAGES = {
    "opencv": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"),
}
_INSTALL = {
    "opencv": "pip install opencv-python",
    "openvino": "pip install openvino",
    "onnxruntime": "pip install 'impasto[onnxruntime]'",
}


@cache  # it is in a file to be parsed, which takes as long as a small painting
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def available_engines() -> dict[EngineName, str]:
    """Return the engines that are installed, fastest first, with their versions; none is loaded."""
    found: dict[EngineName, str] = {}
    for name in FASTEST_FIRST:
        for package in _PACKAGES[name]:
            if version := _version(package):
                found[name] = version
                break
    return found


def has_bf16() -> bool:
    """Return whether OpenVINO is installed, and this CPU multiplies bfloat16 natively."""
    if "openvino" not in available_engines():
        return False
    from impasto.engines import openvino

    return openvino.has_bf16()


def choose_precision(engine: EngineName, precision: Precision) -> Precision:
    """Return what ``auto`` stands for, for networks that can be had in 8 bits.

    bf16 where engine and CPU have it and int8 is no faster: then it is nearer to float32. int8
    where the CPU sums products of 8 bits (VNNI) and the engine gains by it: OpenVINO does, by a
    third over bf16 without AMX; ONNX Runtime does not. Else f32.

    Args:
        precision: as asked for; anything but ``auto`` stays as it is.
    """
    if precision != "auto":
        return precision
    if installed_engine(engine) != "openvino":
        return "f32"
    if has_bf16() and (has_amx() or not has_vnni()):
        return "bf16"
    return "int8" if has_vnni() else "f32"


def open_engine(
    graph: bytes,
    *,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
) -> Engine:
    """Load a graph into an engine.

    Args:
        graph: a serialised ONNX model, as `impasto.networks.export.bake` makes it.
        engine: ``auto`` takes the fastest that is installed (and that has the precision asked for);
            one asked for by name is never replaced by another.
        precision: ``auto`` takes bf16 where engine and CPU have it; or ``f32``, ``bf16``, or
            ``int8``, for graphs that were made so.
        threads: how many it may use; all cores if not given.

    Raises:
        OptionError: a name is unknown, or ``threads`` less than 1.
        EngineError: the engine is not installed or lacks the precision, or it cannot load the
            graph, or ``int8`` is asked of a graph of floats.
    """
    _check("engine", engine, get_args(EngineName))
    _check("precision", precision, get_args(Precision))
    if threads is not None and not (isinstance(threads, int) and threads >= 1):
        raise OptionError(f"threads is {threads!r}", "give a whole number from 1 up")
    if precision == "int8" and b"QuantizeLinear" not in graph:
        raise EngineError("this network is not made for int8", "leave --precision out")
    engine = installed_engine(engine)
    module, name = _CLASSES[engine]
    try:
        engine_class = getattr(importlib.import_module(module), name)
    except ImportError as error:
        # Either the package is missing, or a system library that it needs (opencv-python: libGL).
        raise EngineError(
            f"engine {engine} cannot be loaded ({str(error).splitlines()[0]})", _INSTALL[engine]
        ) from error
    opened = engine_class(graph, precision, threads)
    assert isinstance(opened, Engine)
    return opened


def installed_engine(engine: EngineName) -> EngineName:
    """Return what ``auto`` stands for: the fastest that is installed."""
    return next(iter(available_engines()), "opencv") if engine == "auto" else engine


def _check(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        raise OptionError(f"unknown {option} {value!r}", hint)
