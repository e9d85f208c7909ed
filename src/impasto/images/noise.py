"""Pictures of noise that are like photographs in what matters to a network's range of values."""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Pixels

CONTRAST = 60.0  # levels; about that of photographs
COLOUR = 0.5  # how much of a channel is its own, against what all three share


def natural_noise(width: int, height: int, seed: int) -> Pixels:
    """Return noise whose amplitude falls as one over the frequency, as in photographs (Field 1987),
    with channels that are alike, and a brightness of its own.
    """
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf
    shared = random.standard_normal((height, width))
    planes = []
    for _ in range(3):
        white = shared + COLOUR * random.standard_normal((height, width))
        plane = np.fft.ifft2(np.fft.fft2(white) / frequency).real
        planes.append(plane / max(plane.std(), 1e-9) * CONTRAST + random.uniform(90, 160))
    return np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)
