from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converters import foreign
from converters.write_t7 import johnson, write_t7
from impasto import Stylizer
from impasto.converters import convert_network, install_network, installed_networks, load_network
from impasto.converters import library as module
from impasto.errors import InputError, OptionError, OutputError
from tiny import picture


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was converted, one by one."""
    done = []

    def convert(style: Any, convention: Any = None) -> Any:
        done.append(style)
        return convert_network(style, convention)

    monkeypatch.setattr(module, "convert_network", convert)
    return done


@pytest.fixture
def style(tmp_path: Path) -> str:
    path = tmp_path / "the_scream.t7"
    path.write_bytes(write_t7({"model": johnson()}))
    return str(path)


def test_converted_once(
    style: str, conversions: list[Any], user_folders: Path, tmp_path: Path
) -> None:
    first = load_network(style)
    assert conversions == [style]
    copy = tmp_path / "under another name.t7"
    copy.write_bytes((tmp_path / "the_scream.t7").read_bytes())
    second = load_network(str(copy))
    assert conversions == [style]
    assert second.input_spec == first.input_spec
    copy.write_bytes(write_t7({"model": johnson(seed=1)}))
    load_network(str(copy))
    assert conversions == [style, str(copy)]
    assert len(list((user_folders / "cache" / "networks").iterdir())) == 2


def test_each_choice_is_cached_apart(tmp_path: Path, conversions: list[Any]) -> None:
    tables = np.eye(3, dtype=np.float32)
    (tmp_path / "many.onnx").write_bytes(foreign.many_styles_onnx(tables))
    paintings = []
    for choice in (0, 1, 0):
        with Stylizer(f"{tmp_path}/many.onnx#{choice}") as stylizer:
            paintings.append(stylizer(picture(32, 32)))
    assert len(conversions) == 2
    np.testing.assert_array_equal(paintings[0], paintings[2])
    assert (paintings[0] != paintings[1]).any()


def test_a_damaged_cache_is_made_anew(
    style: str, conversions: list[Any], user_folders: Path
) -> None:
    load_network(style)
    (cached,) = (user_folders / "cache" / "networks").iterdir()
    for damage in (b"", b"hello", cached.read_bytes()[:99]):
        cached.write_bytes(damage)
        load_network(style)
    assert len(conversions) == 4


def test_a_cache_that_cannot_be_written(
    style: str, conversions: list[Any], user_folders: Path
) -> None:
    (user_folders / "cache").write_text("a file in the folder's place")
    load_network(style)
    load_network(style)
    assert len(conversions) == 2


def test_installed(style: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert installed_networks() == []
    install_network(style)
    assert installed_networks() == ["the_scream.t7"]
    with Stylizer(style) as stylizer:
        expected = stylizer(picture(40, 30))
    (tmp_path / "the_scream.t7").unlink()
    monkeypatch.chdir(tmp_path)
    with Stylizer("the_scream.t7") as stylizer:
        np.testing.assert_array_equal(stylizer(picture(40, 30)), expected)


def test_installed_again(style: str, tmp_path: Path) -> None:
    install_network(style)
    install_network(style)  # the same: nothing to say
    (tmp_path / "the_scream.t7").write_bytes(write_t7({"model": johnson(seed=1)}))
    with pytest.raises(OutputError, match=r"another the_scream\.t7 is installed: give --overwrite"):
        install_network(style)
    install_network(style, overwrite=True)


def test_installed_choices(tmp_path: Path) -> None:
    (tmp_path / "many.onnx").write_bytes(foreign.many_styles_onnx(np.eye(3, dtype=np.float32)))
    for choice in (0, 2):
        install_network(f"{tmp_path}/many.onnx#{choice}")
    assert installed_networks() == ["many.onnx#0", "many.onnx#2"]
    load_network("many.onnx#2")
    with pytest.raises(InputError, match=r"many\.onnx does not exist, and no network"):
        load_network("many.onnx#1")


@pytest.mark.parametrize(
    "mixture", ["{}:0.5", "{}+great-wave", "great-wave:0.3+{}", "{}:0.5+great-wave", "{}+{}"]
)
def test_no_mixtures(style: str, mixture: str) -> None:
    with pytest.raises(OptionError, match="only styles of one gallery can be mixed"):
        Stylizer(mixture.format(style, style))


def test_a_name_with_a_plus(style: str, tmp_path: Path) -> None:
    (tmp_path / "the_scream.t7").rename(tmp_path / "a+b.t7")
    load_network(f"{tmp_path}/a+b.t7")
