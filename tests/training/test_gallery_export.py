from pathlib import Path

import numpy as np
import torch

from impasto.images import add_grain
from impasto.perceptual.tensors import to_tensor
from impasto.styles import Gallery, StyleCard
from impasto.stylizer import Stylizer
from impasto.training.checkpoint import Checkpoint
from impasto.training.gallery_export import export_gallery
from impasto.training.options import TrainingOptions
from impasto.training.style_network import StyleNetwork
from tiny import TINY, picture


def test_the_exported_style_paints_as_the_average_did(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, average = StyleNetwork(TINY, 2), StyleNetwork(TINY, 2)
    with torch.no_grad():
        average.styles.add_(0.1 * torch.randn_like(average.styles))
    state = {"network": network.state_dict(), "average": average.state_dict()}
    checkpoint = Checkpoint(TINY, TrainingOptions(), ("first", "second"), state, 0.0)
    card = StyleCard(title="Second", licence="CC0")
    export_gallery(checkpoint, {"second": card}, tmp_path / "gallery")

    gallery = Gallery(tmp_path / "gallery")
    assert gallery.names == ("first", "second")
    assert gallery.load_style("second").card == card
    photo = picture(40, 30)
    with torch.no_grad():
        grainy = to_tensor(add_grain(photo, TINY.grain, TINY.coarse_grain))
        expected = average(grainy, average.styles[1:])[0]
    expected = expected.clamp(0, 1).mul(255).permute(1, 2, 0).numpy()
    with Stylizer("second", gallery=gallery, precision="f32") as stylizer:
        painted = stylizer(photo)
    assert np.abs(painted - expected).max() < 2  # float16 weights and rounding to uint8
