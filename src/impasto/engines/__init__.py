"""Engines: what runs a baked graph. Loading this loads none of them."""

from impasto.defaults import EngineName, Precision
from impasto.engines.base import Engine, Vectors
from impasto.engines.cpu import has_vnni
from impasto.engines.select import (
    FASTEST_FIRST,
    available_engines,
    choose_precision,
    has_bf16,
    installed_engine,
    open_engine,
)

__all__ = [
    "FASTEST_FIRST",
    "Engine",
    "EngineName",
    "Precision",
    "Vectors",
    "available_engines",
    "choose_precision",
    "has_bf16",
    "has_vnni",
    "installed_engine",
    "open_engine",
]
