"""8-bit weights and features, without a calibration picture.

What post-training quantisation usually learns from pictures, the range of every tensor, follows
here from the style: after normalisation a channel has the style's shift as its mean and the style's
scale as its standard deviation, whatever the photo. So `Bounds` are known while a graph is being
written (`impasto.networks.export`), and are carried through ReLU, blur and sums.

The graph stays one of floats, with pairs of QuantizeLinear and DequantizeLinear before convolutions
(QDQ), which runtimes fuse into 8-bit ones (Jacob et al. 2018, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats

DEVIATIONS = 6.0
"""How many standard deviations from its mean a channel is given; what lies beyond is clipped."""


@dataclass(frozen=True)
class Bounds:
    """The values between which a tensor's channels lie, nearly always.

    Attributes:
        low, high: a number per channel.
    """

    low: Floats
    high: Floats

    @classmethod
    def of_normalised(cls, scale: Floats, shift: Floats) -> Bounds:
        """Return those of a tensor with these standard deviations (in magnitude) and means."""
        reach = np.float32(DEVIATIONS) * np.abs(scale)
        return cls((shift - reach).astype(np.float32), (shift + reach).astype(np.float32))

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.low + other.low, self.high + other.high)

    def rectified(self) -> Bounds:
        """Return those after a ReLU."""
        return Bounds(np.maximum(self.low, 0), np.maximum(self.high, 0))

    def to_uint8(self) -> tuple[float, int]:
        """Return the step and the zero point that spread 0 to 255 over the whole tensor's range,
        which is widened to hold 0, for padding and ReLU to stay exact.
        """
        low, high = min(float(self.low.min()), 0.0), max(float(self.high.max()), 0.0)
        step = max(high - low, 1e-6) / 255
        return step, round(-low / step)


def quantize_kernel(kernel: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return a convolution's weights, out x in x k x k, in 8 bits.

    Returns:
        whole numbers from -127 to 127, and each output channel's step.
    """
    largest = np.abs(kernel).max(axis=(1, 2, 3))
    step = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    return np.rint(kernel / step[:, None, None, None]).astype(np.int8), step
