"""What is painted, and how, unless one says otherwise. Nothing is imported here, for help needs no
more than this.
"""

__all__ = ["DEFAULT_STABILITY", "DEFAULT_STYLE"]

DEFAULT_STYLE = "udnie"
"""In every shipped gallery."""

DEFAULT_STABILITY = 0.4
"""How much of the strokes stays from frame to frame (`impasto.video.temporal_consistency`)."""
