"""How much of an image may be on its way to the terminal, so that keys answer on a thin line, too.

What a program writes waits in buffers on the way, under SSH up to megabytes, and a key is answered behind it. Images
therefore end with a request for the cursor's position, which every terminal answers: once the answer has arrived, so
has the image. The time it took says how much may be sent next.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

REQUEST = "\x1b[6n"
"""DSR 6: the terminal reports the position of its cursor."""

_TARGET_SECONDS = 0.2
"""Time that a part of an image should take to arrive."""

_FIRST_BYTES, _LEAST_BYTES, _MOST_BYTES = 16_000, 2_000, 2_000_000
_LARGEST_FACTOR = 4.0
"""By which the budget changes at most after one answer."""

_SILENT_SECONDS = 1.0
"""Time after which a terminal that has never answered is taken to be one that does not."""

_LOST_SECONDS = 20.0
"""Time after which an answer is no longer waited for."""


class OutputPace:
    """The number of bytes that may be sent, and whether the last ones have arrived."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budget = float(_FIRST_BYTES)
        self._answered = False
        self._sent_at: float | None = None
        self._sent_bytes = 0

    @property
    def budget(self) -> float:
        """Bytes that may be sent at once; without bound for a terminal that does not answer."""
        return self._budget

    def is_waiting(self) -> bool:
        """Return whether what was sent last is still on its way."""
        if self._sent_at is None:
            return False
        seconds = self._clock() - self._sent_at
        if not self._answered and seconds > _SILENT_SECONDS:
            self._budget, self._sent_at = math.inf, None
        elif seconds > _LOST_SECONDS:
            self._sent_at = None
        return self._sent_at is not None

    def sent(self, count: int) -> None:
        """Remember that so many bytes were sent, with `REQUEST` at their end."""
        if self._budget < math.inf:
            self._sent_at, self._sent_bytes = self._clock(), count

    def answered(self) -> None:
        """Adjust the budget to the time that the answer took."""
        self._answered = True
        if self._sent_at is None:
            return
        seconds, self._sent_at = max(self._clock() - self._sent_at, 1e-3), None
        wanted = self._sent_bytes * _TARGET_SECONDS / seconds
        if self._sent_bytes < self._budget / 2:  # too little to tell how fast the line is
            wanted = max(wanted, self._budget)
        factor = min(max(wanted / self._budget, 1 / _LARGEST_FACTOR), _LARGEST_FACTOR)
        self._budget = min(max(self._budget * factor, _LEAST_BYTES), _MOST_BYTES)
