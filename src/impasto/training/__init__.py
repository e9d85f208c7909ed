"""Training and optimisation: the only part that needs torch (``pip install 'impasto[learn]'``)."""
