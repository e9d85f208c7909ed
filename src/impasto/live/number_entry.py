"""Numbers of several digits, typed one after the other: 1 and 7 are 17."""

from __future__ import annotations

PAUSE_S = 0.7
"""How long the next digit is waited for."""


class NumberEntry:
    """Number from 1 to ``largest``, digit by digit.

    A number counts at once if no further digit could follow, else after a pause. A digit that
    cannot follow begins a new number. Times are the caller's, in seconds, and must not go back.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._due_s = 0.0
        self.typed = ""
        """What was typed of a number that does not count yet."""

    def press(self, digit: str, now_s: float) -> int | None:
        """Press a digit; return the number that counts by it, if one does."""
        typed = self.typed + digit
        if int(typed) > self._largest:
            typed = digit
        self.typed, self._due_s = typed, now_s + PAUSE_S
        more = len(typed) < len(str(self._largest)) and 10 * int(typed) <= self._largest
        return None if more else self.finish()

    def after(self, now_s: float) -> int | None:
        """Return the number that counts because the pause is over, if one does."""
        return self.finish() if self.typed and now_s >= self._due_s else None

    def finish(self) -> int | None:
        """Return the number that was typed so far, as when another key is pressed."""
        typed, self.typed = self.typed, ""
        return int(typed) if typed and 1 <= int(typed) <= self._largest else None
