"""How much of an image may be on its way to the terminal, so that keys answer on a thin line, too.

What a program writes waits in buffers on the way, under SSH up to megabytes, and a key is answered behind it. Images
are therefore followed by a request for the cursor's position, which every terminal answers: once the answer has
arrived, so has the image. The time it took says how much may be sent next, less what an answer takes when nothing was
sent: the way there and back, or a terminal that draws before it answers.

Characters are sent in parts. Pixels are not, since sixels cannot be divided, but a terminal draws them faster, byte for
byte: their speed is measured by itself, and an image that would take too long is drawn as characters.
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

_SILENT_SECONDS = 5.0
"""Time after which a terminal that has never answered is taken to be one that does not, until it does."""

_LOST_SECONDS = 20.0
"""Time after which an answer is no longer waited for."""

_MOST_SECONDS = 1.0
"""Time that a part may take together with the answer."""

_PROBE_INTERVAL = 10.0
"""Seconds between two measurements of the time that an answer takes when nothing was sent."""

_THIN_RATE = 200_000
"""Bytes a second below which a line is thin."""

_PIXEL_SECONDS = 0.5
"""Time that an image of pixels may take to arrive."""

_PIXEL_ADVANTAGE = 5.0
"""How much faster a terminal is taken to draw pixels than characters, per byte, before it has drawn any.

xterm with a TrueType font drew 110 kB/s of characters and 1.4 MB/s of sixels, on a busy core.
"""

_PIXEL_SAMPLES = 3
"""Images of which the fastest says how fast pixels are: one may have met a busy moment."""

_RETRY_SECONDS = 30.0
"""Time after which pixels that were too slow are tried again."""


class OutputPace:
    """The number of bytes that may be sent, and whether the last ones have arrived."""

    def __init__(self, request: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> None:
        """`request` writes `REQUEST` to the terminal."""
        self.request = request
        self._clock = clock
        self._budget = float(_FIRST_BYTES)
        self._answered = False
        self._sent_at: float | None = None
        self._sent_bytes = 0
        self._sent_pixels = False
        self._held_until = self._probed_at = -math.inf
        self._latency = 0.0
        self._pixel_rates: list[float] = []
        self._slow_since: float | None = None

    @property
    def budget(self) -> float:
        """Bytes that may be sent at once; without bound for a terminal that does not answer."""
        return self._budget

    @property
    def is_thin(self) -> bool:
        """Whether the terminal is known to take so little that every screen should be drawn once only."""
        return self._answered and self._budget < _THIN_RATE * _TARGET_SECONDS

    def hold(self, seconds: float) -> None:
        """Send nothing for so many seconds."""
        self._held_until = self._clock() + seconds

    def needs_probe(self) -> bool:
        """Return whether it is time to measure again what an answer takes when nothing was sent."""
        return self._budget < math.inf and self._clock() > self._probed_at + _PROBE_INTERVAL

    def probe(self) -> None:
        """Ask for an answer to nothing."""
        self._probed_at = self._clock()
        self.sent(0)
        self.request()

    def is_waiting(self) -> bool:
        """Return whether what was sent last is still on its way, or nothing is to be sent for now."""
        if self._clock() < self._held_until:
            return True
        if self._sent_at is None:
            return False
        seconds = self._clock() - self._sent_at
        if not self._answered and seconds > _SILENT_SECONDS:
            self._budget, self._sent_at = math.inf, None
        elif seconds > _LOST_SECONDS:
            self._sent_at = None
        return self._sent_at is not None

    def carries_pixels(self, count: int) -> bool:
        """Return whether an image of so many bytes that draw pixels would arrive soon."""
        if self._slow_since is not None and self._clock() > self._slow_since + _RETRY_SECONDS:
            self.forget_pixels()
        rate = max(self._pixel_rates, default=self._budget / _TARGET_SECONDS * _PIXEL_ADVANTAGE)
        carried = count <= rate * _PIXEL_SECONDS
        if not carried and self._slow_since is None:
            self._slow_since = self._clock()
        return carried

    def forget_pixels(self) -> None:
        """Forget how fast pixels were."""
        self._pixel_rates, self._slow_since = [], None

    def sent(self, count: int, *, pixels: bool = False) -> None:
        """Remember that so many bytes were sent; `request` is to be called when they have been written."""
        if self._budget < math.inf:
            self._sent_at, self._sent_bytes, self._sent_pixels = self._clock(), count, pixels

    def answered(self) -> None:
        """Adjust the budget to the time that the answer took."""
        self._answered = True
        if self._budget == math.inf:
            self._budget = float(_LEAST_BYTES)
        if self._sent_at is None:
            return
        seconds, self._sent_at = max(self._clock() - self._sent_at, 1e-3), None
        transfer = max(seconds - self._latency, 1e-3)
        if self._sent_pixels:
            self._pixel_rates = [*self._pixel_rates, self._sent_bytes / transfer][-_PIXEL_SAMPLES:]
            return
        if self._sent_bytes == 0:
            self._latency = seconds
            return
        wanted = self._sent_bytes * min(_TARGET_SECONDS / transfer, _MOST_SECONDS / seconds)
        if self._sent_bytes < self._budget / 2:  # too little to tell how fast the line is
            wanted = max(wanted, self._budget)
        factor = min(max(wanted / self._budget, 1 / _LARGEST_FACTOR), _LARGEST_FACTOR)
        self._budget = min(max(self._budget * factor, _LEAST_BYTES), _MOST_BYTES)
