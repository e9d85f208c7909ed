import threading
from collections.abc import Iterator
from typing import Any

import pytest

from impasto._util.prefetch import map_ahead


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    first = threading.Event()

    def double(item: Any) -> Any:
        if threads > 1 and item == 0:
            assert first.wait(timeout=20)  # the first is the last to be ready
        if item == threads - 1:
            first.set()
        return 2 * item

    with map_ahead(double, iter(range(10)), threads) as results:
        assert list(results) == [2 * item for item in range(10)]


def test_no_more_than_a_few_items_are_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[Any]:
        for item in range(100):
            taken.append(item)
            yield item

    with map_ahead(lambda item: item, items(), 2) as results:
        assert next(results) == 0
        assert len(taken) == 3
    assert len(taken) == 3  # and no more once it is left


def test_an_error_is_raised_in_its_turn() -> None:
    def invert(item: Any) -> Any:
        return 1 / item

    with map_ahead(invert, iter([1, 2, 0, 4]), 2) as results:
        assert next(results) == 1
        assert next(results) == 0.5
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_an_error_of_the_items_is_raised_here() -> None:
    def items() -> Iterator[Any]:
        yield 1
        raise OSError("gone")

    with map_ahead(lambda item: item, items(), 1) as results, pytest.raises(OSError, match="gone"):
        list(results)
