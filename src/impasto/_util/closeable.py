"""Things that are open until they are closed."""

from __future__ import annotations

from typing_extensions import Self


class Closing:
    """Something with a `close`, which a ``with`` block calls at its end."""

    def close(self) -> None:
        """Let go of what is held."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
