"""How long-running work tells of its progress, without knowing who listens.

Work takes a ``progress`` callable and calls it with a `Progress` event after each step. The command
line draws a bar from the events, a web page may send them on, a test collects them. An exception
raised by the listener, `KeyboardInterrupt` above all, ends the work at a step's boundary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Progress:
    """A finished step of a piece of work.

    Attributes:
        task: what is being done, in a few words ("painting at 512 px").
        done: steps finished, 0 to ``total``.
        figures: what there is to watch, by name: losses, a learning rate.
    """

    task: str
    done: int
    total: int
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


ProgressListener = Callable[[Progress], None]


def ignore_progress(event: Progress) -> None:
    """Listen, and do nothing."""
