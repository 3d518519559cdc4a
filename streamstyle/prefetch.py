"""The only threads in the core: items made ahead, bounded, in order, with errors carried over."""

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


class PrefetchIterator(Iterator[U]):
    """Results in order, some of them made already."""

    def __init__(self, results: Iterator[U], room: int) -> None:
        self.capacity = room
        """How many can be made and wait."""
        self._results = results
        self._done, self._taken = 0, 0

    @property
    def ready(self) -> int:
        """How many are made and wait."""
        return max(0, self._done - self._taken)

    def count_done(self, _: object = None) -> None:
        """Count one that is made."""
        with _count_lock:
            self._done += 1

    def __next__(self) -> U:
        result = next(self._results)
        self._taken += 1
        return result


_count_lock = threading.Lock()


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
    """Yield an iterator over the items, or `work(item)` for each of them, in their order, made ahead of their use.

    One thread draws from `items`; `workers` threads run `work`. At most `ahead` items are drawn and not yet handed
    over, so the memory held is bounded by `ahead` times the size of one. An error in `items` or in `work` is raised
    where its result would have come. On leaving, drawing stops, work not begun is dropped, threads are joined and a
    generator in `items` is closed in the thread that drew from it; the iterator is then at its end.
    """
    room = threading.Semaphore(max(1, ahead))
    slots: queue.SimpleQueue[Future[Any] | None] = queue.SimpleQueue()
    leaving = threading.Event()

    def draw(pool: ThreadPoolExecutor) -> None:
        try:
            _pull(items, lambda item: submit(pool, item), room, leaving)
        except BaseException as error:  # carried to whoever iterates, which is where it can be dealt with
            failed: Future[Any] = Future()
            failed.set_exception(error)
            slots.put(failed)
        finally:
            slots.put(None)

    def submit(pool: ThreadPoolExecutor, item: Any) -> None:
        if work is None:
            made: Future[Any] = Future()
            made.set_result(item)
        else:
            made = pool.submit(work, item)
        made.add_done_callback(ahead_of_use.count_done)
        slots.put(made)

    def results() -> Iterator[Any]:
        while not leaving.is_set() and (slot := slots.get()) is not None:
            result = slot.result()
            room.release()
            yield result

    ahead_of_use = PrefetchIterator(results(), max(1, ahead))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="streamstyle-work")
    drawing = threading.Thread(target=draw, args=(pool,), name="streamstyle-draw", daemon=True)
    drawing.start()
    try:
        yield ahead_of_use
    finally:
        leaving.set()
        room.release()
        drawing.join()
        pool.shutdown(cancel_futures=True)


def _pull(
    items: Iterable[T], submit: Callable[[T], None], slots_left: threading.Semaphore, leaving: threading.Event
) -> None:
    """Draw an item whenever there is room for one, until there are no more or nobody wants them."""
    iterator = iter(items)
    try:
        while slots_left.acquire() and not leaving.is_set():
            try:
                item = next(iterator)
            except StopIteration:
                return
            submit(item)
            del item  # or it would be held, beyond the bound, while there is no room for the next
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


def usable_cpus() -> int:
    """Return how many it may use; where the system does not tell, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
