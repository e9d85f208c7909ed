"""The rescue: style networks of other programs, old ones above all, run as styles of ours."""

from impasto.legacy.conventions import Convention
from impasto.legacy.library import install_network, installed_networks, load_network
from impasto.legacy.nets import convert_t7, read_net_from_torch
from impasto.legacy.networks import ConvertedNetwork, convert_network, measure_parity
from impasto.legacy.t7 import TorchObject, read_t7

__all__ = [
    "Convention",
    "ConvertedNetwork",
    "TorchObject",
    "convert_network",
    "convert_t7",
    "install_network",
    "installed_networks",
    "load_network",
    "measure_parity",
    "read_net_from_torch",
    "read_t7",
]
