"""The rescue: style networks of other programs, old ones above all, run as styles of ours."""

from impasto.converters.conventions import Convention
from impasto.converters.convert import ConvertedNetwork, convert_network, measure_parity
from impasto.converters.library import install_network, installed_networks, load_network
from impasto.converters.opencv_net import read_net_from_torch
from impasto.converters.t7 import TorchObject, read_t7

__all__ = [
    "Convention",
    "ConvertedNetwork",
    "TorchObject",
    "convert_network",
    "install_network",
    "installed_networks",
    "load_network",
    "measure_parity",
    "read_net_from_torch",
    "read_t7",
]
