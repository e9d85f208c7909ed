"""Gatys' optimisation (Gatys et al. 2016). It needs torch."""
