import numpy as np
import pytest
import torch

from impasto.errors import OptionError
from impasto.networks.spec import STANDARD, Conv, NetworkSpec, Smooth, johnson
from impasto.training.style_network import StyleNetwork
from tiny import TINY


def test_output_has_the_photos_size() -> None:
    network = StyleNetwork(TINY, 2)
    for width, height in [(16, 16), (17, 16), (31, 22)]:
        painted = network(torch.rand(2, 3, height, width), network.styles)
        assert painted.shape == (2, 3, height, width)


def test_each_picture_gets_its_own_style() -> None:
    torch.manual_seed(0)
    network = StyleNetwork(TINY, 2)
    with torch.no_grad():
        network.styles[1] *= 2
    photo = torch.rand(1, 3, 24, 24)
    both = network(photo.repeat(2, 1, 1, 1), network.styles)
    alone = network(photo, network.styles[1:])
    assert torch.allclose(both[1:], alone, atol=1e-6)
    assert not torch.allclose(both[:1], alone, atol=1e-3)


def test_conditional_instance_normalisation_by_hand() -> None:
    """One 1x1 convolution that copies a channel: out = scale (x - mean) / deviation + shift."""
    spec = NetworkSpec("copy", (Conv("paint", 3, 3, kernel=1, relu=False),))
    network = StyleNetwork(spec, 1)
    with torch.no_grad():
        network.convs["paint"].get_parameter("weight").copy_(torch.eye(3)[..., None, None])
        network.styles.copy_(torch.tensor([[2.0, 1, 1, 0.25, 0, 0]]))
    photo = torch.zeros(1, 3, 2, 2)
    photo[0, 0] = torch.tensor([[1.0, 3.0], [1.0, 3.0]])  # mean 2, deviation 1
    painted = network(photo, network.styles)
    expected = 0.5 + 2 * torch.tensor([[-1.0, 1.0], [-1.0, 1.0]]) + 0.25
    assert torch.allclose(painted[0, 0], expected, atol=1e-4)


UP = NetworkSpec("up", (Conv("paint", 3, 3, shuffle=2, norm=False, relu=False),))


@pytest.mark.parametrize("shuffle", [2, 3])
def test_pixel_shuffle_is_a_convolution_of_the_enlarged_picture(shuffle: int) -> None:
    conv = Conv("paint", 3, 3, shuffle=shuffle, norm=False, relu=False)
    network = StyleNetwork(NetworkSpec("up", (conv,), padding="zero"), 1)
    with torch.no_grad():
        network.convs["paint"].get_parameter("bias").copy_(torch.tensor([0.1, 0.2, 0.3]))
    photo = torch.rand(1, 3, 7, 8)
    kernel, bias = (
        network.convs["paint"].get_parameter("weight"),
        network.convs["paint"].get_parameter("bias"),
    )
    enlarged = torch.nn.functional.interpolate(photo, scale_factor=shuffle, mode="nearest")
    expected = 0.5 + torch.nn.functional.conv2d(enlarged, kernel, bias, padding="same")
    painted = network.paint_padded(photo, torch.ones(1, 0))
    assert torch.allclose(painted, expected, atol=1e-6)


def test_a_smoothed_shuffle_is_bilinear_enlargement() -> None:
    conv = Conv("paint", 3, 3, kernel=1, shuffle=2, norm=False, relu=False)
    network = StyleNetwork(NetworkSpec("up", (conv, Smooth(3))), 1)
    with torch.no_grad():
        network.convs["paint"].get_parameter("weight").copy_(torch.eye(3)[..., None, None])
    photo = torch.rand(1, 3, 6, 7)
    enlarged = torch.nn.functional.interpolate(photo, scale_factor=2, mode="bilinear")
    painted = network.paint_padded(photo, torch.ones(1, 0))
    assert torch.allclose(painted, 0.5 + enlarged, atol=1e-6)


def test_flat_in_flat_out() -> None:
    """Whatever it has learned, a network cannot paint a checkerboard."""
    torch.manual_seed(0)
    network = StyleNetwork(STANDARD, 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    painted = network(torch.full((1, 3, 64, 64), 0.3), network.styles)
    assert torch.allclose(painted, painted[..., :1, :1], atol=1e-4)


def test_free_filters_become_the_nearest_of_one_kernel() -> None:
    network = StyleNetwork(UP, 1)
    weights = network.weights()
    noise = np.random.default_rng(0).normal(0, 0.1, (12, 3, 3, 3)).astype(np.float32)
    free = weights["paint.weight"] + noise
    network.load_weights({**weights, "paint.weight": free})
    once = network.weights()
    network.load_weights(once)
    again = network.weights()
    np.testing.assert_allclose(again["paint.weight"], once["paint.weight"], atol=1e-6)
    assert np.abs(once["paint.weight"] - free).mean() < 0.1


def test_weights_of_another_network() -> None:
    with pytest.raises(ValueError, match="down1"):
        StyleNetwork(TINY, 1).load_weights(StyleNetwork(UP, 1).weights())


def test_batch_normalisation_keeps_running_statistics() -> None:
    network = StyleNetwork(johnson("batch"), 1)
    before = network.weights()["down1.mean"].copy()
    network(torch.rand(1, 3, 48, 48), network.styles)
    assert np.abs(network.weights()["down1.mean"] - before).max() > 0
    network.eval()
    after = network.weights()["down1.mean"].copy()
    network(torch.rand(1, 3, 48, 48), network.styles)
    np.testing.assert_array_equal(network.weights()["down1.mean"], after)


def test_batch_normalisation_carries_one_style() -> None:
    with pytest.raises(OptionError, match="one style"):
        StyleNetwork(johnson("batch"), 2)


def test_weights_round_trip() -> None:
    network, other = StyleNetwork(TINY, 1), StyleNetwork(TINY, 1)
    other.load_weights(network.weights())
    photo = torch.rand(1, 3, 16, 16)
    painted = network(photo, network.styles)
    assert torch.allclose(other(photo, network.styles), painted, atol=1e-5)


def test_a_look_without_gradients_is_no_step_of_batch_normalisation() -> None:
    network = StyleNetwork(johnson("batch"), 1)
    before = network.weights()["down1.mean"].copy()
    with torch.no_grad():
        network(torch.rand(1, 3, 48, 48), network.styles)
    np.testing.assert_array_equal(network.weights()["down1.mean"], before)
