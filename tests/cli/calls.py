"""How tests call the command line."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
"""With the command line's arguments, of any type."""
