"""Measures the time of a run, without pauses, and how much of it each stage takes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class PausableClock:
    """Seconds of work since the start; pauses are left out."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._paused_seconds = 0.0
        self._paused_since: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds of work so far."""
        now = time.monotonic() if self._paused_since is None else self._paused_since
        return now - self._started - self._paused_seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time spent in the block."""
        self._paused_since = start = time.monotonic()
        try:
            yield
        finally:
            self._paused_since = None
            self._paused_seconds += time.monotonic() - start


class StageTimer:
    """Seconds by stage. Time counts for the innermost stage that the thread is measuring, and for no other."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By name of the stage."""
        self._state = _ThreadState()

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Count the time spent in the block for `name`."""
        self._charge()
        self._state.names.append(name)
        try:
            yield
        finally:
            self._charge()
            self._state.names.pop()

    def measure_iter(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count the time it takes to compute each for `name`."""
        iterator = iter(items)
        while True:
            with self.measure(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def _charge(self) -> None:
        now, state = time.monotonic(), self._state
        if state.names:
            self.seconds[state.names[-1]] += now - state.since
        state.since = now


class _ThreadState(threading.local):
    """Names that one thread is measuring, the innermost last, and since when."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.since = 0.0
