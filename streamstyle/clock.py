"""The time a run has worked, and what it went into."""

from __future__ import annotations

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


class Stopwatch:
    """What one thread's time goes into; a stretch counts for the innermost name being timed, and for no other."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By name."""
        self._names: list[str] = []
        self._since = 0.0

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what passes inside for `name`."""
        self._book()
        self._names.append(name)
        try:
            yield
        finally:
            self._book()
            self._names.pop()

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
        now = time.monotonic()
        if self._names:
            self.seconds[self._names[-1]] += now - self._since
        self._since = now
