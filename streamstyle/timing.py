"""The time a run has worked, and what it went into."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class PausableClock:
    """Seconds since the work began; it stands still while the work does."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._paused_seconds = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of work so far."""
        return time.monotonic() - self._started - self._paused_seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what passes inside."""
        since = time.monotonic()
        try:
            yield
        finally:
            self._paused_seconds += time.monotonic() - since


class _ThreadState(threading.local):
    """What a thread is timing."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.since = 0.0


class StageTimer:
    """What time goes into; a stretch counts for the innermost name being timed in its thread, and for no other."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By name."""
        self._state = _ThreadState()

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Count what passes inside for `name`."""
        self._charge()
        self._state.names.append(name)
        try:
            yield
        finally:
            self._charge()
            self._state.names.pop()

    def measure_iter(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, counting the time of making each for `name`."""
        iterator = iter(items)
        while True:
            with self.measure(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def _charge(self) -> None:
        now, running = time.monotonic(), self._state
        if running.names:
            self.seconds[running.names[-1]] += now - running.since
        running.since = now
