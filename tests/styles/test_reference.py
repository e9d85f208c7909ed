"""What people call styles."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import OptionError
from impasto.styles import Style, StyleRef


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great-wave", [("great-wave", 1.0)]),
        ("a+b", [("a", 0.5), ("b", 0.5)]),
        ("a:3+b", [("a", 0.75), ("b", 0.25)]),
        (" a : 0.7 + b : 0.3 ", [("a", 0.7), ("b", 0.3)]),
        ("a:7+b:3", [("a", 0.7), ("b", 0.3)]),
    ],
)
def test_parse(text: str, expected: list[tuple[str, float]]) -> None:
    names, weights = zip(*StyleRef.parse(text).parts, strict=True)
    assert names == tuple(name for name, _ in expected)
    assert weights == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize(
    "text",
    ["", "+", "a+", "a:", "a:x", ":1", "a:0", "a:-1+b", "a:nan", "a:inf", "a:1:2", "a:1e300"],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="mixture"):
        StyleRef.parse(text)


def test_too_many() -> None:
    with pytest.raises(OptionError, match="16"):
        StyleRef.parse("+".join(["a"] * 17))


@given(
    st.lists(
        st.tuples(st.text("abcdefghij-", min_size=1), st.floats(1e-6, 1e6, allow_nan=False)),
        min_size=1,
        max_size=16,
    )
)
def test_weights_sum_to_one(parts: Any) -> None:
    mixture = StyleRef.parse("+".join(f"{name}:{weight!r}" for name, weight in parts)).parts
    assert [name for name, _ in mixture] == [name for name, _ in parts]
    assert sum(weight for _, weight in mixture) == pytest.approx(1)


@pytest.mark.parametrize(
    ("style", "label"),
    [
        ("great-wave", "great-wave"),
        ("Great Wave:3+udnie", "great-wave+udnie"),
        ("models/the_scream.t7", "the_scream"),
        ("models/many.onnx#7", "many-7"),
        ("magenta.onnx#vectors/monet.npy", "magenta-monet"),
        ("../.t7/x y.pth", "x-y"),
    ],
)
def test_labels_for_file_names(style: str, label: str) -> None:
    assert StyleRef.parse(style).label == label


@pytest.mark.parametrize(
    ("text", "is_network"),
    [
        ("the_scream.T7", True),
        ("many.onnx#7", True),
        ("great-wave:0.5+the_scream.t7:0.5", True),
        ("great-wave:0.7+udnie:0.3", False),
        ("onnx", False),
    ],
)
def test_networks(text: str, is_network: bool) -> None:
    ref = StyleRef.parse(text)
    assert (ref.is_network, bool(ref.parts)) == (is_network, not is_network)


def test_files_alone(tmp_path: Path) -> None:
    assert StyleRef.parse("cow.style").is_file
    assert StyleRef.parse(Path("cow.jpg")).is_file
    assert not StyleRef.parse("cow.jpg+great-wave").is_file
    (tmp_path / "a+b.jpg").touch()
    both = str(tmp_path / "a+b.jpg")
    assert StyleRef.parse(both).parts == ((both, 1.0),)


def test_a_style_is_one_already() -> None:
    style = Style("cow", np.zeros(3, dtype=np.float32), "trunk")
    ref = StyleRef.parse(style)
    assert (ref.text, ref.label, ref.style, ref.is_network) == ("cow", "cow", style, False)
    assert StyleRef.parse(ref) is ref
