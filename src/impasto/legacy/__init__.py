"""The rescue: style networks of Torch7 (``.t7``), which OpenCV 5 does not read any more."""

from impasto.legacy.nets import convert_t7, read_net_from_torch
from impasto.legacy.t7 import TorchObject, read_t7

__all__ = ["TorchObject", "convert_t7", "read_net_from_torch", "read_t7"]
