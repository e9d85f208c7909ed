from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto._util.closeable import Closing
from impasto.errors import EngineError
from impasto.stylizer import Stylizer
from impasto.video import worker_pool
from impasto.video.worker_pool import WorkerPool, pool_size
from tiny import picture, tiny_gallery


class Slow(Closing):
    """Paints only when two of it paint at the same time."""

    def __init__(self, threads: int | None, barrier: Barrier | None) -> None:
        self.threads, self.barrier, self.closed = threads, barrier, False

    def paint(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self.barrier is not None
        self.barrier.wait(timeout=20)
        return np.invert(photo)

    def close(self) -> None:
        self.closed = True


def test_frames_are_painted_at_the_same_time() -> None:
    barrier, opened = Barrier(2), []

    def open_stylizer(threads: int | None) -> Any:
        opened.append(Slow(threads, barrier))
        return opened[-1]

    with WorkerPool(open_stylizer, 2) as painters, ThreadPoolExecutor(2) as pool:
        photos = [picture(8, 8, seed) for seed in range(4)]
        for photo, painting in zip(photos, pool.map(painters.paint, photos), strict=True):
            assert (painting == np.invert(photo)).all()
    assert [each.closed for each in opened] == [True, True]


@pytest.mark.parametrize(
    ("cores", "size", "threads"), [(4, 2, 2), (5, 2, 2), (1, 2, 1), (4, 1, None)]
)
def test_the_crew_shares_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, size: int, threads: int | None
) -> None:
    monkeypatch.setattr(worker_pool, "usable_cores", lambda: cores)
    given = []

    def open_stylizer(threads: int | None) -> Any:
        given.append(threads)
        return Slow(threads, None)

    WorkerPool(open_stylizer, size).close()
    assert given == [threads] * size


def test_one_that_cannot_be_opened_leaves_none_open() -> None:
    opened: list[Any] = []

    def open_stylizer(threads: int | None) -> Any:
        if opened:
            raise EngineError("no", "never")
        opened.append(Slow(threads, None))
        return opened[-1]

    with pytest.raises(EngineError):
        WorkerPool(open_stylizer, 2)
    assert [each.closed for each in opened] == [True]


def test_a_failure_leaves_the_stylizer_to_the_next_frame() -> None:
    class Failing(Slow):
        def paint(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
            raise EngineError("no", "never")

    painters = WorkerPool(lambda threads: cast(Any, Failing(threads, None)), 1)
    for _ in range(2):  # the second would wait for ever
        with pytest.raises(EngineError):
            painters.paint(picture(8, 8))


def test_a_crew_paints_as_one_stylizer_does(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path)
    photos = [picture(48, 32, seed) for seed in range(12)]

    def open_stylizer(threads: int | None) -> Any:
        return Stylizer("first", gallery=gallery, precision="f32", threads=threads)

    with (
        open_stylizer(None) as one,
        WorkerPool(open_stylizer, 3) as three,
        ThreadPoolExecutor(3) as pool,
    ):
        together = list(pool.map(three.paint, photos))
        for photo, painting in zip(photos, together, strict=True):
            assert np.abs(one.paint(photo).astype(int) - painting).max() <= 2


def test_opencv_has_one_painter_as_its_threads_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "usable_cores", lambda: 64)
    assert pool_size("opencv") == 1
    assert pool_size("openvino") == worker_pool.MOST_PAINTERS
