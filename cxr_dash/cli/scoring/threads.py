"""Work in threads, answers in order, little of it ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_order(work: Callable[[Item], Answer], files: Iterable[Item], jobs: int) -> Iterator[Answer]:
    """Results in the order of ``files``, computed by ``jobs`` threads at most two films ahead of each.

    The look-ahead is bounded: memory does not grow with the number of films.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="cxr-score") as pool:
        waiting: deque[Future[Answer]] = deque()
        try:
            for file in files:
                waiting.append(pool.submit(work, file))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
