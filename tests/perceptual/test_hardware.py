"""Devices and precisions; compiled networks paint as others do."""

from functools import partial

import pytest
import torch

from impasto.perceptual.hardware import Hardware, keep_freed_memory
from impasto.training.style_network import StyleNetwork
from tiny import TINY


def test_without_compiling_the_network_is_called_itself() -> None:
    network = StyleNetwork(TINY, 1)
    assert Hardware(torch.device("cpu"), torch.float32).compiled(network) is network


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own
def test_a_compiled_network_paints_alike_and_learns_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """In graphs; that the compiler makes C++ of them, in half a minute, is torch's to test."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    network = StyleNetwork(TINY, 2)
    compiled = Hardware(torch.device("cpu"), torch.float32, compiles=True).compiled(network)
    photos = torch.rand(2, 3, 32, 32)
    gradients = []
    for paint in (network, compiled):
        network.zero_grad()
        painted = paint(photos, network.styles)
        painted.square().mean().backward()
        assert network.styles.grad is not None
        gradients.append((painted.detach(), network.styles.grad.clone()))
    (painted, gradient), (painted_too, gradient_too) = gradients
    torch.testing.assert_close(painted_too, painted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(gradient_too, gradient, atol=1e-5, rtol=1e-3)


def test_photos_are_loaded_beside_a_gpu_only() -> None:
    assert Hardware(torch.device("cpu"), torch.float32).loader_threads == 0
    assert Hardware(torch.device("cuda"), torch.bfloat16).loader_threads >= 1


def test_keeping_freed_memory_does_no_harm() -> None:
    keep_freed_memory()
    assert torch.ones(1 << 22).sum() == 1 << 22
