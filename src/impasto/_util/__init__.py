"""Helpers of every layer: closing, writing files whole, working ahead, counting cores."""
