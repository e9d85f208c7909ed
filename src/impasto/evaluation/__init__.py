"""Measuring: how good styles are, how calm videos, how fast engines."""
