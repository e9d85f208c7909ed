"""The trunk: what it looks like, and how it becomes a graph that engines run. No torch here."""
