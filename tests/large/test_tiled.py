"""Tiled against in one piece, on the tiny network in float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.errors import EngineError, OutputError
from impasto.images.spool import PixelRows, Spool
from impasto.images.tiles import cut
from impasto.large.memory_plan import MemoryPlan, margin_px
from impasto.large.tiled import paint_tiled
from impasto.networks.spec import johnson
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.progress import Progress
from impasto.styles import Gallery, open_gallery, write_style
from impasto.styles.pack import TRUNK_FILE
from impasto.stylizer import Stylizer
from tiny import TINY, picture, tiny_gallery, tiny_style

SIZE = (330, 250)
TILE_PX = 64


def plan(whole_px: int = 0, spec: Any = TINY, strip_bytes: int = 100_000) -> MemoryPlan:
    return MemoryPlan(False, whole_px, TILE_PX, margin_px(spec), strip_bytes, 0)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return tiny_gallery(tmp_path_factory.mktemp("gallery"))


def tiled(stylizer: Stylizer, photo: NDArray[np.uint8], folder: Path, how: Any) -> Any:
    with paint_tiled(stylizer, PixelRows(photo), how, folder) as painting:
        assert painting.size == (photo.shape[1], photo.shape[0])
        return np.array(painting.rows(0, photo.shape[0]))


def along_seams(difference: Any, length: Any, axis: Any) -> tuple[Any, Any]:
    """The largest difference beside the lines where tiles meet, and the largest elsewhere."""
    edges = [span.start for span in cut(length, TILE_PX, 0, TINY.multiple)][1:]
    seams = [edge + offset for edge in edges for offset in (-1, 0)]
    beside = np.take(difference, seams, axis=axis)
    return beside.max(), np.delete(difference, seams, axis=axis).max()


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_tiles_are_the_whole(norm: str, gallery: Gallery, tmp_path: Path) -> None:
    """Rounding apart, everywhere, seams included."""
    photo = picture(*SIZE)
    if norm == "batch":
        spec = johnson("batch")
        trunk = random_trunk(spec)
        write_trunk(tmp_path / TRUNK_FILE, trunk)
        write_style(tmp_path / "first.style", tiny_style(trunk, "first", 0))
        gallery, photo = Gallery(tmp_path), photo[:90, :140]
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        whole = stylizer(photo).astype(int)
        painted = tiled(stylizer, photo, tmp_path, plan(spec=stylizer.model.spec))
    difference = np.abs(painted - whole)
    assert difference.mean() < 0.1
    assert difference.max() <= 2
    for axis in (0, 1):
        beside, elsewhere = along_seams(difference, painted.shape[axis], axis)
        assert beside <= elsewhere + 1


def test_tiles_of_a_shipped_style_are_the_whole(tmp_path: Path) -> None:
    """From coarse to fine, as large photos are painted."""
    photo = picture(700, 560)
    with Stylizer(open_gallery().shipped[0], precision="f32") as stylizer:
        spec = stylizer.model.spec
        assert spec
        whole = stylizer(photo).astype(int)
        how = MemoryPlan(False, 0, 320, margin_px(spec), 10**7, 0)
        difference = np.abs(tiled(stylizer, photo, tmp_path, how) - whole)
    assert difference.mean() < 0.2
    for axis in (0, 1):
        assert spec is not None
        spans = cut(difference.shape[axis], 320, 0, spec.multiple)
        seams = [span.start + side for span in spans[1:] for side in (-1, 0)]
        beside = np.take(difference, seams, axis=axis)
        elsewhere = np.delete(difference, seams, axis=axis)
        assert beside.mean() <= elsewhere.mean() + 0.1
        assert beside.max() <= elsewhere.max() + 1


def test_too_small_a_margin_shows(gallery: Gallery, tmp_path: Path) -> None:
    """The test above can fail."""
    photo = picture(*SIZE)
    narrow = MemoryPlan(False, 0, TILE_PX, 0, 10**7, 0)
    with Stylizer("first", gallery=gallery, precision="f32") as stylizer:
        difference = np.abs(tiled(stylizer, photo, tmp_path, narrow) - stylizer(photo).astype(int))
    assert difference.max() > 10
    assert difference.mean() > 0.5


@pytest.mark.parametrize("stroke", [0.5, 1.3, 2])
@pytest.mark.parametrize("whole_px", [0, 30_000])
def test_all_strokes(stroke: float, whole_px: int, gallery: Gallery, tmp_path: Path) -> None:
    """From coarse to fine, with the first passes whole or in tiles, and enlarged ones; on the
    engine that loads fastest.
    """
    photo = picture(*SIZE)
    with Stylizer(
        "first", stroke=stroke, gallery=gallery, engine="opencv", precision="f32"
    ) as stylizer:
        whole = stylizer(photo).astype(int)
        painted = tiled(stylizer, photo, tmp_path, plan(whole_px=whole_px))
    assert np.abs(painted - whole).mean() < 0.2


def test_thin_pictures(gallery: Gallery, tmp_path: Path) -> None:
    with Stylizer("first", gallery=gallery, engine="opencv", precision="f32") as stylizer:
        for size in ((270, 3), (2, 200), (1, 1)):
            photo = picture(*size)
            whole = stylizer(photo).astype(int)
            for strip_bytes in (10**7, 1):
                painted = tiled(stylizer, photo, tmp_path, plan(strip_bytes=strip_bytes))
                # One pixel is flat: normalisation makes much of rounding.
                assert painted.shape == photo.shape
                assert size == (1, 1) or np.abs(painted - whole).max() <= 2


def test_progress_and_interruption(gallery: Gallery, tmp_path: Path) -> None:
    events = []

    def stop(event: Progress) -> None:
        events.append(event)
        if event == Progress("painting at 330 x 250 px", 3, 24):
            raise KeyboardInterrupt

    with (
        Stylizer("first", gallery=gallery) as stylizer,
        pytest.raises(KeyboardInterrupt),
    ):
        paint_tiled(stylizer, PixelRows(picture(*SIZE)), plan(), tmp_path, progress=stop)
    assert events[0].task == "measuring at 330 x 250 px"
    assert [event.done for event in events if event.task.startswith("painting")] == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_spool(tmp_path: Path) -> None:
    pixels = picture(40, 30)
    with Spool((40, 30), tmp_path) as spool:
        spool.append(pixels[:7])
        spool.append(pixels[7:])
        np.testing.assert_array_equal(spool.rows(5, 20), pixels[5:20])
        np.testing.assert_array_equal(np.concatenate(list(spool.strips())), pixels)
        with pytest.raises(ValueError, match="rows up to 31"):
            spool.rows(0, 31)
    with pytest.raises(OutputError, match="has no place in"):
        Spool((4, 4), tmp_path / "missing")


def test_an_engine_that_fails_leaves_nothing(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise EngineError("broken", "mend it")

    with Stylizer("first", gallery=gallery) as stylizer:
        monkeypatch.setattr(stylizer.model, "frozen_engine", fail)
        with pytest.raises(EngineError):
            paint_tiled(stylizer, PixelRows(picture(*SIZE)), plan(), tmp_path)
    assert list(tmp_path.iterdir()) == []
