"""The rescue: style networks of other programs, old ones above all, run as styles of ours."""

from impasto.converters.convert import ConvertedNetwork, convert_network, measure_parity
from impasto.converters.library import install_network, installed_networks, load_network
from impasto.converters.opencv_net import read_net_from_torch

__all__ = [
    "ConvertedNetwork",
    "convert_network",
    "install_network",
    "installed_networks",
    "load_network",
    "measure_parity",
    "read_net_from_torch",
]
