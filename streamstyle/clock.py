"""The time a run has worked, and what it went into."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """Seconds since the work began; it stands still while the work does."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stood = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of work so far."""
        return time.monotonic() - self._began - self._stood

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Leave out what passes inside."""
        since = time.monotonic()
        try:
            yield
        finally:
            self._stood += time.monotonic() - since


class _Running(threading.local):
    """What a thread is timing."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.since = 0.0


class Stopwatch:
    """What time goes into; a stretch counts for the innermost name being timed in its thread, and for no other."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By name."""
        self._running = _Running()

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what passes inside for `name`."""
        self._book()
        self._running.names.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.names.pop()

    def timed(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, counting the time of making each for `name`."""
        iterator = iter(items)
        while True:
            with self.timing(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def _book(self) -> None:
        now, running = time.monotonic(), self._running
        if running.names:
            self.seconds[running.names[-1]] += now - running.since
        running.since = now
