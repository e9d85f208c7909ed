"""Pixel shuffle without checkerboards: the filters of all phases follow from one kernel.

A convolution under pixel shuffle (Shi et al. 2016) is trained as what it should be: a convolution
of the picture enlarged by its nearest pixels (Odena et al. 2016, "Deconvolution and checkerboard
artifacts"), so that a flat input gives a flat output.
"""

from __future__ import annotations

import numpy as np

from impasto._util.arrays import Floats


def phase_taps(kernel: int, shuffle: int) -> Floats:
    """Return which tap of a kernel over enlarged pixels falls on which pixel before enlarging,
    along one axis.

    Args:
        kernel: side of the filters before enlarging, odd.
        shuffle: how many times larger the enlarged picture is.

    Returns:
        shuffle x kernel x taps, 0 or 1: the first is the phase, an enlarged pixel's place within
        the one that it came from.
    """
    reach = shuffle * (kernel - 1) // 2
    taps = np.zeros((shuffle, kernel, 2 * reach + 1), dtype=np.float32)
    for phase in range(shuffle):
        for offset in range(-reach, reach + 1):
            taps[phase, (phase + offset) // shuffle + kernel // 2, offset + reach] = 1
    return taps


def phase_filters(enlarged: Floats, shuffle: int) -> Floats:
    """Return the filters under a pixel shuffle that follow from a kernel over enlarged pixels.

    Args:
        enlarged: outputs x inputs x side x side, as `impasto.networks.spec.Conv.trained_shape`.
        shuffle: 1 gives the kernel as it is.

    Returns:
        (outputs * shuffle**2) x inputs x kernel x kernel, as `Conv.kernel_shape`.
    """
    if shuffle == 1:
        return enlarged
    taps = phase_taps((enlarged.shape[-1] - 1) // shuffle + 1, shuffle)
    filters: Floats = np.einsum("pkt,oitu,qlu->opqikl", taps, enlarged, taps)
    return filters.reshape(-1, *filters.shape[3:])
