"""Prefetching by threads, the only ones in the core: in order, bounded, with errors raised at the consumer."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")


@overload
def prefetch(items: Iterable[T], *, ahead: int) -> AbstractContextManager[PrefetchIterator[T]]: ...


@overload
def prefetch(
    items: Iterable[T], work: Callable[[T], U], *, workers: int = 1, ahead: int
) -> AbstractContextManager[PrefetchIterator[U]]: ...


@contextmanager
def prefetch(
    items: Iterable[Any],
    work: Callable[[Any], Any] | None = None,
    *,
    workers: int = 1,
    ahead: int,
) -> Iterator[PrefetchIterator[Any]]:
    """Yield an iterator over the items, or over `work(item)` for each of them, in order, computed ahead of their use.

    One thread draws from `items`; `workers` threads run `work`. At most `ahead` items are drawn and not yet consumed,
    which bounds the memory. An error in `items` or in `work` is raised where its result would have come. On leaving,
    drawing stops, work that has not started is dropped, the threads are joined and `items`, if it is a generator, is
    closed in the thread that drew from it; the iterator is then exhausted.
    """
    slots = threading.Semaphore(max(1, ahead))
    futures: queue.SimpleQueue[Future[Any] | None] = queue.SimpleQueue()
    leaving = threading.Event()

    def draw() -> None:
        try:
            _draw_items(items, submit, slots, leaving)
        except BaseException as error:  # raised again at the consumer
            failed: Future[Any] = Future()
            failed.set_exception(error)
            futures.put(failed)
        finally:
            futures.put(None)

    def submit(item: Any) -> None:
        if work is None:
            future: Future[Any] = Future()
            future.set_result(item)
        else:
            future = pool.submit(work, item)
        future.add_done_callback(prefetched.count_done)
        futures.put(future)

    def results() -> Iterator[Any]:
        while not leaving.is_set() and (future := futures.get()) is not None:
            result = future.result()
            slots.release()
            yield result

    prefetched = PrefetchIterator(results(), max(1, ahead))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="streamstyle-work")
    thread = threading.Thread(target=draw, name="streamstyle-draw", daemon=True)
    thread.start()
    try:
        yield prefetched
    finally:
        leaving.set()
        slots.release()
        thread.join()
        pool.shutdown(cancel_futures=True)


class PrefetchIterator(Iterator[U]):
    """Results in order, some of them computed already."""

    def __init__(self, results: Iterator[U], capacity: int) -> None:
        self.capacity = capacity
        """Largest number of results that can be ready."""
        self._results = results
        self._done, self._consumed = 0, 0
        self._count_lock = threading.Lock()

    @property
    def ready(self) -> int:
        """Number of results that are computed and not yet consumed."""
        return max(0, self._done - self._consumed)

    def count_done(self, _: object = None) -> None:
        """Count a result that has been computed; called by the worker threads."""
        with self._count_lock:
            self._done += 1

    def __next__(self) -> U:
        result = next(self._results)
        self._consumed += 1
        return result


def usable_cpus() -> int:
    """Return how many CPU cores this process may use, or how many there are if the system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _draw_items(
    items: Iterable[T], submit: Callable[[T], None], slots: threading.Semaphore, leaving: threading.Event
) -> None:
    """Draw an item whenever a slot is free, until there are no more or the consumer leaves."""
    iterator = iter(items)
    try:
        while slots.acquire() and not leaving.is_set():
            try:
                item = next(iterator)
            except StopIteration:
                return
            submit(item)
            del item  # otherwise one more than `ahead` would be held while this thread waits for a slot
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
