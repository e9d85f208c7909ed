"""Ulyanov et al.'s generators of many scales: RGB in 0-1 goes in, BGR minus means comes out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from converters.test_torch7_to_onnx import by_torch
from converters.write_t7 import conv, johnson, module, pyramid, sequence, write_t7
from impasto import Stylizer
from impasto.converters import convert_network, measure_parity, read_net_from_torch
from impasto.converters.texture_noise import PERIOD_PX, with_noise
from impasto.defaults import EngineName
from impasto.engines import open_engine
from impasto.errors import InputError
from tiny import picture

MEANS = np.array([103.939, 116.779, 123.68], np.float32)


def by_hand(network: Any, photo: NDArray[np.uint8]) -> Any:
    """As texture_nets' test.lua does it: no preprocessing before, deprocess after."""
    planes = torch.from_numpy(photo.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    made = by_torch(network, planes).numpy()[0].transpose(1, 2, 0)
    return np.rint((made + MEANS)[..., ::-1].clip(0, 255))


@pytest.mark.parametrize("norm_kind", ["instance", "batch"])
@pytest.mark.parametrize("engine", ["opencv", "openvino", "onnxruntime"])
def test_the_pyramid(tmp_path: Path, norm_kind: str, engine: EngineName) -> None:
    """At three sizes, against torch; the sides' multiple is the coarsest scale."""
    net = pyramid(norm_kind=norm_kind)
    (tmp_path / "a.t7").write_bytes(write_t7(net))
    network = convert_network(tmp_path / "a.t7")
    assert network.family == "DmitryUlyanov/texture_nets"
    assert network.description.startswith("c3s1-4x2,c1s1-4,U2,")
    assert network.baked.input_spec.multiple == 8
    with open_engine(network.baked.graph, engine=engine, precision="f32") as opened:
        for width, height in ((64, 48), (40, 40), (72, 104)):
            photo = picture(width, height)
            expected = by_hand(net, photo)
            assert expected.std() > 15
            assert np.abs(opened.paint(photo) - expected).max() <= 1
        mean, most = measure_parity(network, opened)
    assert (mean < 0.01, most <= 1) == (True, True)


def test_johnsons_network_of_texture_nets(tmp_path: Path) -> None:
    """The same modules as jcjohnson's, but for its end, and so another convention."""
    net = sequence(conv(np.random.default_rng(0), 3, 3, 1), module("TVLoss", strength=0))
    net.fields["modules"][1.0].fields["weight"] *= 60
    (tmp_path / "a.t7").write_bytes(write_t7({"model": net}))
    network = convert_network(tmp_path / "a.t7")
    photo = picture(40, 30)
    with open_engine(network.baked.graph, engine="openvino", precision="f32") as opened:
        assert np.abs(opened.paint(photo) - by_hand(net, photo)).max() <= 1


def count(node: Any) -> Any:
    """Numbers that were learned."""
    own = sum(node.fields[key].size for key in ("weight", "bias") if key in node.fields)
    return own + sum(count(child) for child in node.fields.get("modules", {}).values())


def with_tiles(node: Any, x: Any) -> Any:
    """The network in torch, given the same noise; it is joined to the photo at every scale."""
    kind = node.kind.removeprefix("nn.")
    children = list(node.fields.get("modules", {}).values())
    if kind == "Sequential":
        for child in children:
            x = with_tiles(child, x)
        return x
    if kind == "Concat":
        return torch.cat([with_tiles(child, x) for child in children], 1)
    if kind in ("NoiseFill", "GenNoise"):
        tile = torch.from_numpy(node.fields["impasto tile"])[None]
        times = x.shape[2] // tile.shape[2], x.shape[3] // tile.shape[3]
        noise = tile.repeat(1, 1, *times)
        return torch.cat([x, noise], 1) if kind == "NoiseFill" else noise
    return by_torch(node, x)


@pytest.mark.parametrize("engine", ["opencv", "openvino", "onnxruntime"])
def test_noise(tmp_path: Path, engine: EngineName) -> None:
    net = pyramid(noise=3, norm_kind="batch", ratios=(4, 2, 1), pads="Circular")
    (tmp_path / "a.t7").write_bytes(write_t7(net))
    network = convert_network(tmp_path / "a.t7")
    assert network.baked.input_spec.multiple == PERIOD_PX
    assert network.description.endswith(f"c1s1-3; batch normalisation; {count(net):,} weights")
    photo = picture(512, 256)
    planes = torch.from_numpy(photo.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    made = with_tiles(with_noise(net, "a.t7"), planes).numpy()[0].transpose(1, 2, 0)
    expected = np.rint((made + MEANS)[..., ::-1].clip(0, 255))
    assert expected.std() > 15
    with open_engine(network.baked.graph, engine=engine, precision="f32") as opened:
        assert np.abs(opened.paint(photo) - expected).max() <= 1
        mean, most = measure_parity(network, opened)
    assert (mean < 0.01, most <= 1) == (True, True)


def test_noise_is_what_it_says() -> None:
    """Uniform in 0-1 or normal, other at every scale, the same every time, one period wide."""
    ratios = (32, 4, 1)
    makers = [
        sequence(
            module("SpatialAveragePooling", kW=ratio, kH=ratio, dW=ratio, dH=ratio),
            module("GenNoise", num_planes=2, mult=0.5),
        )
        for ratio in ratios
    ]
    net = module("Concat", dimension=2, modules=dict(enumerate(makers, 1)))
    net.fields["modules"] = {float(key): each for key, each in net.fields["modules"].items()}

    def tiles() -> Any:
        children = with_noise(net, "a").fields["modules"].values()
        return [child.fields["modules"][2.0].fields["impasto tile"] for child in children]

    first = tiles()
    for tile, again, ratio in zip(first, tiles(), ratios, strict=True):
        assert tile.shape == (2, PERIOD_PX // ratio, PERIOD_PX // ratio)
        np.testing.assert_array_equal(tile, again)
    assert abs(first[2].mean()) < 0.01
    assert abs(first[2].std() - 0.5) < 0.01
    assert (first[2][:, :64, :64] != first[1]).all()


def test_a_photo_of_any_size(tmp_path: Path) -> None:
    (tmp_path / "a.t7").write_bytes(write_t7(pyramid(noise=3, ratios=(2, 1))))
    with Stylizer(str(tmp_path / "a.t7")) as stylizer:
        assert stylizer(picture(70, 50)).shape == (50, 70, 3)
    net = read_net_from_torch(tmp_path / "a.t7")
    net.setInput(np.zeros((1, 3, 256, 256), np.float32))
    assert net.forward().shape == (1, 3, 256, 256)


def test_textures_alone(tmp_path: Path) -> None:
    net = pyramid(noise=3, ratios=(2, 1))
    first = net.fields["modules"][1.0].fields["modules"][2.0].fields["modules"]
    first[3.0].fields["modules"][2.0].fields["nInputPlane"] = 3
    (tmp_path / "a.t7").write_bytes(write_t7(net))
    with pytest.raises(InputError, match=r"a\.t7 makes textures of noise, without a photo"):
        convert_network(tmp_path / "a.t7")


def test_absurd_noise(tmp_path: Path) -> None:
    noise = module("NoiseFill", num_noise_channels=4000, mult=1.0)
    (tmp_path / "a.t7").write_bytes(write_t7(sequence(noise)))
    with pytest.raises(InputError, match=r"a\.t7: noise of 4000 channels at 1/1"):
        convert_network(tmp_path / "a.t7")


def test_jcjohnsons_are_not_taken_for_them(tmp_path: Path) -> None:
    (tmp_path / "a.t7").write_bytes(write_t7(johnson()))
    assert convert_network(tmp_path / "a.t7").family == "jcjohnson/fast-neural-style"
