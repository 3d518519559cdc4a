"""The only threads in the core: items made ahead, bounded, in order, with errors carried over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

_POLL = 0.1
"""Seconds after which a thread that waits for room or for an item looks whether it should still wait."""


@contextmanager
def buffered(
    items: Iterable[T],
    work: Callable[[T], U],
    *,
    workers: int,
    ahead: int,
) -> Iterator[Iterator[U]]:
    """Yield an iterator over `work(item)` for each of `items`, in their order, made ahead of their use.

    One thread draws from `items`; `workers` threads run `work`. At most `ahead` results wait or are being made, so
    the memory held is bounded by `ahead` times the size of one. An error in `items` or in `work` is raised where its
    result would have come. On leaving, drawing stops, threads are joined and a generator in `items` is closed.
    """
    slots: queue.Queue[Future[U] | None] = queue.Queue(maxsize=max(1, ahead))
    leaving = threading.Event()

    def put(slot: Future[U] | None) -> bool:
        while not leaving.is_set():
            with suppress(queue.Full):
                slots.put(slot, timeout=_POLL)
                return True
        return False

    def draw(pool: ThreadPoolExecutor) -> None:
        try:
            for item in items:
                if leaving.is_set() or not put(pool.submit(work, item)):
                    break
        except BaseException as error:  # carried to whoever iterates, which is where it can be dealt with
            failed: Future[U] = Future()
            failed.set_exception(error)
            put(failed)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            put(None)

    def results() -> Iterator[U]:
        while (slot := slots.get()) is not None:
            yield slot.result()

    with ThreadPoolExecutor(workers, thread_name_prefix="streamstyle-work") as pool:
        drawing = threading.Thread(target=draw, args=(pool,), name="streamstyle-draw", daemon=True)
        drawing.start()
        try:
            yield results()
        finally:
            leaving.set()
            drawing.join()
