"""Training and optimisation: the only part that needs torch (``pip install 'impasto[learn]'``)."""

import importlib.util

from impasto.errors import MissingExtraError

if importlib.util.find_spec("torch") is None:
    raise MissingExtraError("impasto.training", "learn")
