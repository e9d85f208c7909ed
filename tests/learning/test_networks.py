import numpy as np
import pytest
import torch

from impasto.errors import OptionError
from impasto.learning.networks import StyleNetwork
from impasto.network.spec import Conv, NetworkSpec, johnson
from tiny import TINY


def test_output_has_the_photos_size():
    network = StyleNetwork(TINY, 2)
    for width, height in [(16, 16), (17, 16), (31, 22)]:
        painted = network(torch.rand(2, 3, height, width), network.styles)
        assert painted.shape == (2, 3, height, width)


def test_each_picture_gets_its_own_style():
    torch.manual_seed(0)
    network = StyleNetwork(TINY, 2)
    with torch.no_grad():
        network.styles[1] *= 2
    photo = torch.rand(1, 3, 24, 24)
    both = network(photo.repeat(2, 1, 1, 1), network.styles)
    alone = network(photo, network.styles[1:])
    assert torch.allclose(both[1:], alone, atol=1e-6)
    assert not torch.allclose(both[:1], alone, atol=1e-3)


def test_conditional_instance_normalisation_by_hand():
    """One 1x1 convolution that copies a channel: out = scale (x - mean) / deviation + shift."""
    spec = NetworkSpec("copy", (Conv("paint", 3, 3, kernel=1, relu=False),))
    network = StyleNetwork(spec, 1)
    with torch.no_grad():
        network.convs["paint"].weight.copy_(torch.eye(3)[..., None, None])
        network.styles.copy_(torch.tensor([[2.0, 1, 1, 0.25, 0, 0]]))
    photo = torch.zeros(1, 3, 2, 2)
    photo[0, 0] = torch.tensor([[1.0, 3.0], [1.0, 3.0]])  # mean 2, deviation 1
    painted = network(photo, network.styles)
    expected = 0.5 + 2 * torch.tensor([[-1.0, 1.0], [-1.0, 1.0]]) + 0.25
    assert torch.allclose(painted[0, 0], expected, atol=1e-4)


def test_pixel_shuffle_starts_without_a_checkerboard():
    """ICNR: right after initialisation, a shuffled layer paints in flat squares."""
    spec = NetworkSpec("up", (Conv("paint", 3, 3, shuffle=2, norm=False, relu=False),))
    painted = StyleNetwork(spec, 1)(torch.rand(1, 3, 8, 8), torch.ones(1, 0))
    squares = painted.unfold(2, 2, 2).unfold(3, 2, 2)
    assert torch.allclose(squares, squares[..., :1, :1], atol=1e-6)


def test_batch_normalisation_keeps_running_statistics():
    network = StyleNetwork(johnson("batch"), 1)
    before = network.weights()["down1.mean"].copy()
    network(torch.rand(1, 3, 48, 48), network.styles)
    assert np.abs(network.weights()["down1.mean"] - before).max() > 0
    network.eval()
    after = network.weights()["down1.mean"].copy()
    network(torch.rand(1, 3, 48, 48), network.styles)
    np.testing.assert_array_equal(network.weights()["down1.mean"], after)


def test_batch_normalisation_carries_one_style():
    with pytest.raises(OptionError, match="one style"):
        StyleNetwork(johnson("batch"), 2)


def test_weights_round_trip():
    network, other = StyleNetwork(TINY, 1), StyleNetwork(TINY, 1)
    other.load_weights(network.weights())
    photo = torch.rand(1, 3, 16, 16)
    assert torch.equal(network(photo, network.styles), other(photo, network.styles))
