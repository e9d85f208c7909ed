import importlib.util

import pytest
import torch
from torch.nn import functional as F

from impasto.errors import MissingExtraError, OptionError
from impasto.perceptual import vgg as module
from impasto.perceptual.hardware import Hardware, choose_hardware
from impasto.perceptual.vgg import LAYERS, Vgg19, check_layers

CPU = Hardware(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def vgg() -> Vgg19:
    return Vgg19(CPU)


def test_shapes(vgg: Vgg19) -> None:
    features = vgg(torch.rand(2, 3, 32, 48), LAYERS)
    assert list(features) == list(LAYERS)
    assert len(LAYERS) == 16
    for name, (channels, stride) in {
        "relu1_2": (64, 1),
        "relu2_1": (128, 2),
        "relu3_4": (256, 4),
        "relu4_2": (512, 8),
        "relu5_1": (512, 16),
    }.items():
        assert features[name].shape == (2, channels, 32 // stride, 48 // stride)
        assert features[name].min() >= 0


def test_first_layer_by_hand(vgg: Vgg19) -> None:
    """BGR, 0-255, minus the means; then the stored kernel."""
    image = torch.rand(1, 3, 16, 16)
    stored = module._load_weights()["relu1_1"]
    mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    bgr = image[:, [2, 1, 0]] * 255 - mean
    expected = F.relu(F.conv2d(bgr, *stored, padding=1))
    assert torch.allclose(vgg(image, ["relu1_1"])["relu1_1"], expected, atol=1e-3)


def test_the_weights_are_imagenets(vgg: Vgg19) -> None:
    """A trained network tells an edge from noise: features are sparse, not half of them on."""
    image = torch.zeros(1, 3, 64, 64)
    image[..., 32:] = 1
    assert (vgg(image, ["relu4_2"])["relu4_2"] > 0).float().mean() < 0.45


def test_pooling_is_chosen(vgg: Vgg19) -> None:
    image = torch.rand(1, 3, 16, 16)
    average = Vgg19(CPU, "average")
    assert torch.equal(vgg(image, ["relu1_2"])["relu1_2"], average(image, ["relu1_2"])["relu1_2"])
    assert not torch.allclose(
        vgg(image, ["relu2_1"])["relu2_1"], average(image, ["relu2_1"])["relu2_1"]
    )
    with pytest.raises(OptionError, match="one of max, average"):
        Vgg19(CPU, "median")  # type: ignore[arg-type]


def test_only_the_picture_has_a_gradient(vgg: Vgg19) -> None:
    assert not list(vgg.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    vgg(image, ["relu3_1"])["relu3_1"].sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def test_bf16_is_near_f32(vgg: Vgg19) -> None:
    image = torch.rand(1, 3, 32, 32)
    half = Vgg19(Hardware(CPU.device, torch.bfloat16))(image, ["relu4_2"])["relu4_2"]
    assert half.dtype == torch.bfloat16
    exact = vgg(image, ["relu4_2"])["relu4_2"]
    assert (half - exact).norm() < 0.05 * exact.norm()


def test_missing_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    module._load_weights.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[learn\]'"):
        Vgg19(CPU)


def test_check_layers() -> None:
    check_layers({"relu1_1": 1.0, "relu5_4": 0.0}, "layers")
    for layers in (
        {"conv1": 1.0},
        {"relu1_1": -1.0},
        {"relu1_1": float("nan")},
        {"relu1_1": 0.0},
        {},
    ):
        with pytest.raises(OptionError, match="--style-layer"):
            check_layers(layers, "--style-layer")


def test_choose_hardware() -> None:
    assert choose_hardware("cpu", "f32").dtype == torch.float32
    assert choose_hardware("cpu", "bf16").dtype == torch.bfloat16
    assert str(choose_hardware("cpu", "f32")) == "cpu in f32"
    with pytest.raises(OptionError, match="no device"):
        choose_hardware("abacus")
    with pytest.raises(OptionError, match="unknown precision"):
        choose_hardware("cpu", "f64")  # type: ignore[arg-type]
