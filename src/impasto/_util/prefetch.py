"""Work in other threads, before its result is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int = 0
) -> Iterator[Iterator[Result]]:
    """Yield a function's results for all items, in their order, computed in so many threads; an
    item is begun when its turn is as many items away, or ``ahead`` if that is more. Its errors are
    raised in its turn.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="impasto-ahead") as pool:

        def results() -> Iterator[Result]:
            waiting: deque[Future[Result]] = deque()
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > max(threads, ahead):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        try:
            yield results()
        finally:
            pool.shutdown(cancel_futures=True)
