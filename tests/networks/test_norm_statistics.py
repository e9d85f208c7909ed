"""Layer by layer against the whole picture at once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.engines import available_engines
from impasto.errors import OutputError
from impasto.images.spool import PixelRows
from impasto.networks.export import INSTANCE_NORM_EPSILON
from impasto.networks.norm_statistics import (
    PaddedPhoto,
    _Moments,
    measure_by_layers,
    waiting_bytes_per_px,
)
from impasto.networks.spec import JOHNSON, STANDARD, TURBO, Conv, NetworkSpec, Smooth
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.progress import Progress
from impasto.style_model import StyleModel
from impasto.styles import Gallery, write_style
from impasto.styles.pack import TRUNK_FILE
from tiny import TINY, picture, tiny_gallery, tiny_style

ZEROS = NetworkSpec(
    name="zeros",
    layers=(
        Conv("down", 3, 4, stride=2),
        Smooth(4),
        Conv("up", 4, 4, stride=2, transposed=True),
        Conv("plain", 4, 3, kernel=5, norm=False),
        Conv("last", 3, 3, relu=False),
        Conv("paint", 3, 3, norm=False, relu=False),
    ),
    padding="zero",
)
"""Smoothed, enlarged and padded by zeros, with a layer between that is not normalised."""

SHORT_JOHNSON = replace(JOHNSON, layers=(*JOHNSON.layers[:4], *JOHNSON.layers[-3:]))
"""With one of its five residual blocks."""


def gallery_of(spec: NetworkSpec, folder: Path) -> Gallery:
    trunk = random_trunk(spec)
    folder.mkdir(exist_ok=True)
    write_trunk(folder / TRUNK_FILE, trunk)
    write_style(folder / "first.style", tiny_style(trunk, "first", 0))
    return Gallery(folder)


def both(
    style_model: Any, photo: NDArray[np.uint8], folder: Path, strip_bytes: int
) -> tuple[Any, Any]:
    size = photo.shape[1], photo.shape[0]
    (layered,) = style_model.measure_by_layers(PixelRows(photo), size, folder, strip_bytes)
    (whole,) = style_model.measure(photo)
    return layered, whole


def assert_alike(layered: Any, whole: Any, spec: NetworkSpec, tolerance: float = 0.002) -> None:
    """As far as normalisation sees it."""
    for conv, mean, variance in spec.style_slices():
        squared = whole[variance] + INSTANCE_NORM_EPSILON
        aside = np.abs(layered[mean] - whole[mean]) / np.sqrt(squared)
        assert aside.max() <= tolerance, conv.name
        assert (np.abs(layered[variance] - whole[variance]) / squared).max() <= tolerance, conv.name


@pytest.mark.parametrize("spec", [TINY, TURBO, SHORT_JOHNSON, ZEROS], ids=lambda spec: spec.name)
@pytest.mark.parametrize("engine", list(available_engines()))
def test_layers_are_the_whole(spec: NetworkSpec, engine: Any, tmp_path: Path) -> None:
    """In strips of a few rows, on every engine; features wait in float16."""
    gallery = gallery_of(spec, tmp_path / "gallery")
    width, height = (61, 45) if spec is SHORT_JOHNSON else (170, 133)
    photo = picture(width, height)
    with StyleModel("first", gallery, engine=engine, precision="f32") as style_model:
        layered, whole = both(style_model, photo, tmp_path, strip_bytes=60_000)
        (other,) = style_model.measure(255 - photo)
    assert_alike(layered, whole, spec)
    assert np.abs(other - whole).max() > 0.05
    assert [each.name for each in tmp_path.iterdir()] == ["gallery"]


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StyleModel]:
    """On the engine that loads fastest."""
    gallery = tiny_gallery(tmp_path_factory.mktemp("tiny"))
    with StyleModel("first", gallery, engine="opencv", precision="f32") as style_model:
        yield style_model


@settings(max_examples=10, deadline=None)
@given(width=st.integers(4, 90), height=st.integers(4, 90), strip_bytes=st.integers(1, 200_000))
def test_any_size_in_any_strips(
    width: int,
    height: int,
    strip_bytes: int,
    tiny_model: StyleModel,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """From 4 px on: below, the coarsest layer has one place, whose variance is 0, so that
    normalisation magnifies the rounding of float16 by up to 300.
    """
    folder = tmp_path_factory.getbasetemp()
    layered, whole = both(tiny_model, picture(width, height), folder, strip_bytes)
    assert_alike(layered, whole, TINY, tolerance=0.02)  # flat ones amplify rounding


def test_enlarged(tiny_model: StyleModel, tmp_path: Path) -> None:
    """As much as enlarging comes to the same."""
    small = picture(60, 50)
    padded = PaddedPhoto(PixelRows(small), (120, 100), tiny_model.input_spec, seed=0)
    assert (padded.width, padded.height) == (120, 100)
    assert padded.rows(90, 100).shape == (3, 10, 120)
    assert padded.rows(0, 100).max() <= 1


def test_progress_and_room(
    tiny_model: StyleModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Progress] = []
    photo = PixelRows(picture(80, 64))
    tiny_model.measure_by_layers(photo, (80, 64), tmp_path, 50_000, events.append, "measuring it")
    assert [event.done for event in events] == list(range(1, events[0].total + 1))
    assert {event.task for event in events} == {"measuring it"}

    def full(self: Any, rows: Any) -> None:
        raise OutputError("no room", "make some")

    monkeypatch.setattr("impasto.images.spool.RowFile.append", full)
    with pytest.raises(OutputError, match="no room"):
        tiny_model.measure_by_layers(photo, (80, 64), tmp_path, 50_000)
    assert list(tmp_path.iterdir()) == []


def test_moments_of_parts_are_those_of_all() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(3, 2, (4, 1000))
    moments = _Moments(4)
    for part in np.split(numbers, [10, 11, 500], axis=1):
        moments.add(part.shape[1], part.mean(axis=1), part.var(axis=1))
    np.testing.assert_allclose(moments.mean, numbers.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(moments.variance, numbers.var(axis=1), rtol=1e-12)


def test_what_waits() -> None:
    """In body3a: four features of 96 channels at an eighth of the size, down2's 40 at a quarter."""
    assert waiting_bytes_per_px(STANDARD) == 17


def test_a_network_without_statistics(tmp_path: Path) -> None:
    spec = NetworkSpec("flat", (Conv("only", 3, 3, norm=False),))
    trunk = random_trunk(spec)
    photo = PaddedPhoto(PixelRows(picture(20, 20)), (20, 20), spec.input_spec, seed=0)
    nothing = np.zeros(0, dtype=np.float32)
    found = measure_by_layers(trunk, nothing, photo, None, tmp_path, strip_bytes=1000)  # type: ignore[arg-type]
    assert found.shape == (0,)
