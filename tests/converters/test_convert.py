"""Every format against a reference in torch, through files, at sizes that are not in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from converters import foreign
from converters.write_t7 import johnson, write_t7
from impasto.converters import convert_network, measure_parity
from impasto.defaults import EngineName
from impasto.engines import open_engine
from impasto.errors import InputError, MissingExtraError, OptionError
from impasto.images import Picture, write_image
from tiny import picture

PHOTO = picture(64, 48)


def painted(network: Any, photo: NDArray[np.uint8] = PHOTO, engine: EngineName = "openvino") -> Any:
    with open_engine(network.baked.graph, engine=engine, precision="f32") as opened:
        return opened.paint(photo).astype(float)


def expected(run: Any, photo: NDArray[np.uint8] = PHOTO) -> Any:
    """What a function of 1 x 3 x H x W in 0-255 makes of a photo."""
    made = run(torch.from_numpy(photo.transpose(2, 0, 1)[None].astype(np.float32)))
    return np.rint(made.numpy()[0].transpose(1, 2, 0).clip(0, 255))


def same(found: Any, wanted: Any) -> None:
    """Equal but for the rounding of single values."""
    assert wanted.std() > 15
    assert np.abs(found - wanted).max() <= 1
    assert (found != wanted).mean() < 0.01


@pytest.mark.parametrize("age", ["new", "old", "oldest"])
@pytest.mark.parametrize("suffix", [".pth", ".model"])
def test_pytorch_examples(tmp_path: Path, age: str, suffix: str) -> None:
    net = foreign.TransformerNet()
    path = tmp_path / f"candy{suffix}"
    path.write_bytes(foreign.state_dict(net, age))
    network = convert_network(path)
    assert network.description.startswith(
        "c9s1-4,d8,d16,R16x5,U2,c3s1-8,U2,c3s1-4,c9s1-3; instance normalisation;"
    )
    assert network.baked.input_spec.multiple == 4
    same(painted(network), expected(net))


@pytest.mark.parametrize("names", ["Variable", "arr"])
def test_lengstroms_variables(tmp_path: Path, names: str) -> None:
    variables = foreign.lengstrom_variables()
    (tmp_path / "wave.npz").write_bytes(foreign.npz(variables, names))
    network = convert_network(tmp_path / "wave.npz")
    assert network.description.startswith("c9s1-4,d8,d16,R16x5,u8,u4,c9s1-3; instance")
    same(painted(network), expected(lambda x: foreign.lengstrom_by_torch(variables, x)))


def test_the_zoos_networks_are_freed(tmp_path: Path) -> None:
    net = foreign.TransformerNet()
    (tmp_path / "mosaic-9.onnx").write_bytes(foreign.zoo_onnx(net))
    network = convert_network(tmp_path / "mosaic-9.onnx")
    assert network.family == "ONNX, of any size"
    assert network.description.startswith("c9s1-4,d8,d16,R16x5,U2,c3s1-8,U2,c3s1-4,c9s1-3")
    for photo in (PHOTO, picture(100, 36)):
        same(painted(network, photo), expected(net, photo))


@pytest.mark.parametrize("whole", [False, True])
def test_one_of_many_styles(tmp_path: Path, whole: bool) -> None:
    tables = np.random.default_rng(0).normal(0, 2, (5, 3)).astype(np.float32)
    path = tmp_path / "many.onnx"
    path.write_bytes(foreign.many_styles_onnx(tables, whole=whole))
    network = convert_network(f"{path}#3")
    shift = torch.from_numpy(tables[3])[:, None, None]
    same(painted(network), expected(lambda x: 255 * torch.sigmoid(x / 255 + shift)))
    with pytest.raises(OptionError, match="needs a style's number"):
        convert_network(path)
    with pytest.raises(OptionError, match=r"many\.onnx#x is not a style's number"):
        convert_network(f"{path}#x")
    if not whole:
        with pytest.raises(OptionError, match="no style 5: give a number from 0 to 4"):
            convert_network(f"{path}#5")


def test_a_style_vector(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    matrix = random.normal(0, 1, (3, 10)).astype(np.float32)
    vector = random.normal(0, 1, (1, 1, 1, 10)).astype(np.float32)
    (tmp_path / "magenta.onnx").write_bytes(foreign.magenta_onnx(matrix))
    np.save(tmp_path / "monet.npy", vector)
    network = convert_network(f"{tmp_path}/magenta.onnx#{tmp_path}/monet.npy")
    shift = torch.from_numpy(matrix @ vector.ravel())[:, None, None]
    same(painted(network), expected(lambda x: 255 * torch.sigmoid(x / 255 + shift)))
    for choice in ("", "#3"):
        with pytest.raises(OptionError, match=r"a painting, or a \.npy file of 10 num"):
            convert_network(f"{tmp_path}/magenta.onnx{choice}")
    np.save(tmp_path / "short.npy", vector[..., :4])
    with pytest.raises(InputError, match=r"short\.npy holds no vector .*4 numbers, not 10"):
        convert_network(f"{tmp_path}/magenta.onnx#{tmp_path}/short.npy")
    with pytest.raises(InputError, match=r"no\.npy holds no vector"):
        convert_network(f"{tmp_path}/magenta.onnx#{tmp_path}/no.npy")


def test_a_painting_as_the_style(tmp_path: Path) -> None:
    """The network that makes vectors of paintings lies beside the one that takes them."""
    random = np.random.default_rng(0)
    matrix = random.normal(0, 3, (3, 10)).astype(np.float32)
    other = random.normal(0, 1, (10, 3)).astype(np.float32)
    (tmp_path / "transform.onnx").write_bytes(foreign.magenta_onnx(matrix))
    painting = np.zeros((20, 40, 3), np.uint8)
    painting[:, 10:30] = (51, 102, 204)  # the square in the middle is all that is looked at
    write_image(tmp_path / "painting.png", Picture(painting))
    style = f"{tmp_path}/transform.onnx#{tmp_path}/painting.png"
    with pytest.raises(OptionError, match="has no network that makes the 10 numbers for transfo"):
        convert_network(style)
    (tmp_path / "predict.onnx").write_bytes(foreign.predictor_onnx(other))
    network = convert_network(style)
    shift = torch.from_numpy(matrix @ other @ np.array([0.2, 0.4, 0.8], np.float32))[:, None, None]
    same(painted(network), expected(lambda x: 255 * torch.sigmoid(x / 255 + shift)))
    with pytest.raises(InputError, match=r"none\.jpg does not exist"):
        convert_network(f"{tmp_path}/transform.onnx#{tmp_path}/none.jpg")
    (tmp_path / "third.onnx").write_bytes(foreign.predictor_onnx(other))
    with pytest.raises(OptionError, match="has 2 networks that make"):
        convert_network(style)


def test_a_painting_as_the_second_input(tmp_path: Path) -> None:
    (tmp_path / "two.onnx").write_bytes(foreign.two_pictures_onnx())
    write_image(tmp_path / "blue.png", Picture(np.full((9, 9, 3), (0, 51, 255), np.uint8)))
    network = convert_network(f"{tmp_path}/two.onnx#{tmp_path}/blue.png")
    found = painted(network)
    wanted = PHOTO / 2 + np.array([0, 51, 255]) / 2
    assert np.abs(found - wanted).max() <= 1
    with pytest.raises(OptionError, match=r"two\.onnx needs a painting: write .*#painting\.jpg"):
        convert_network(tmp_path / "two.onnx")


def test_a_size_that_cannot_be_freed(tmp_path: Path) -> None:
    (tmp_path / "fixed.onnx").write_bytes(foreign.unfree_onnx())
    network = convert_network(tmp_path / "fixed.onnx")
    assert network.family == "ONNX, of 32x32 px only"
    assert network.baked.input_spec.fixed_px == (32, 32)
    photo = picture(32, 32)
    np.testing.assert_array_equal(painted(network, photo), 255 - photo)


@pytest.mark.parametrize("border", ["reflect-start", "none"])
def test_paintings_are_as_large_as_photos(tmp_path: Path, border: str) -> None:
    """Without padding the network itself makes smaller ones."""
    (tmp_path / "style.t7").write_bytes(write_t7({"model": johnson(border=border)}))
    network = convert_network(tmp_path / "style.t7")
    assert network.baked.input_spec.multiple == 4
    assert painted(network).shape == PHOTO.shape
    assert network.description.startswith("c9s1-4,d8,d16,R16x2,u8,u4,c9s1-3; instance norm")


@pytest.mark.parametrize("engine", ["openvino", "opencv", "onnxruntime"])
def test_parity(tmp_path: Path, engine: EngineName) -> None:
    net = foreign.TransformerNet(blocks=1)
    files = {
        "a.t7": write_t7({"model": johnson(border="none", norm_kind="batch", blocks=5)}),
        "b.pth": foreign.state_dict(net),
        "c.npz": foreign.npz(foreign.lengstrom_variables(blocks=1)),
        "d.onnx": foreign.zoo_onnx(net),
        "e.onnx": foreign.unfree_onnx(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        network = convert_network(tmp_path / name)
        with open_engine(network.baked.graph, engine=engine, precision="f32") as opened:
            mean, most = measure_parity(network, opened)
        assert (mean < 0.01, most <= 1) == (True, True), name


def test_parity_finds_a_difference(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(foreign.unfree_onnx())
    (tmp_path / "b.t7").write_bytes(write_t7(johnson()))
    right, other = convert_network(tmp_path / "a.onnx"), convert_network(tmp_path / "b.t7")
    with open_engine(other.baked.graph, engine="openvino") as opened:
        mean, most = measure_parity(right, opened)
    assert mean > 10
    assert most > 50


def test_what_we_write_is_read_as_it_is(tmp_path: Path) -> None:
    """The convention is inside by then, and its input spec and description come with the file."""
    (tmp_path / "a.t7").write_bytes(write_t7(johnson()))
    first = convert_network(tmp_path / "a.t7")
    (tmp_path / "b.onnx").write_bytes(first.to_file())
    foreign.check(first.to_file())
    second = convert_network(tmp_path / "b.onnx")
    assert second.baked.input_spec == first.baked.input_spec
    np.testing.assert_array_equal(painted(second), painted(first))


def test_conventions_of_onnx_files(tmp_path: Path) -> None:
    """An end that says nothing is taken for 0-255, and anything else may be asked for."""
    net = foreign.TransformerNet(blocks=1)
    (tmp_path / "a.onnx").write_bytes(foreign.zoo_onnx(net))

    def caffe(x: Any) -> Any:
        means = torch.tensor([103.939, 116.779, 123.68])[:, None, None]
        return (net(x.flip(1) - means) + means).flip(1)

    same(painted(convert_network(tmp_path / "a.onnx", "caffe")), expected(caffe))
    tanh = expected(lambda x: (net(2 * x / 255 - 1) + 1) * 127.5)
    found = painted(convert_network(tmp_path / "a.onnx", "tanh"))
    assert np.abs(found - tanh).max() <= 1


def test_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pth").write_bytes(b"anything")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"a\.pth needs packages .*impasto\[learn\]"):
        convert_network(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pth", b"hello", "holds no weights"),
        ("b.pth", None, r"lacks conv1\.conv2d\.weight"),
        ("c.npz", b"hello", r"no whole \.npz"),
        ("d.npz", foreign.npz(foreign.lengstrom_variables()[:5]), "5 variables, not 48"),
        ("e.npz", foreign.npz([np.zeros(3, int)] * 48), "something else than weights"),
        ("f.npz", foreign.npz([np.zeros(3)] * 48), "variable 0 is no kernel"),
        ("g.onnx", b"hello", "no ONNX file of a style network"),
        ("h.onnx", b"", "no ONNX file of a style network"),
        ("i.t7", b"hello", r"no whole \.t7 file"),
        ("j.onnx", "missing", "does not exist"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, content: Any, says: str) -> None:
    path = tmp_path / name
    if content is None:
        torch.save({"x": torch.zeros(3)}, path)
    elif content != "missing":
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}.*{says}"):
        convert_network(path)


def test_options_for_other_formats(tmp_path: Path) -> None:
    (tmp_path / "a.t7").write_bytes(write_t7(johnson()))
    with pytest.raises(OptionError, match=r"a\.t7 takes no style's number \(#3\)"):
        convert_network(f"{tmp_path}/a.t7#3")
    with pytest.raises(OptionError, match=r"a\.t7 takes no convention"):
        convert_network(tmp_path / "a.t7", "rgb1")
    (tmp_path / "b.onnx").write_bytes(foreign.unfree_onnx())
    with pytest.raises(OptionError, match="has one style only"):
        convert_network(f"{tmp_path}/b.onnx#3")
