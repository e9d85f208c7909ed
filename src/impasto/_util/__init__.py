"""Helpers of every layer: closing, writing files whole, working ahead, cores, types of arrays."""
