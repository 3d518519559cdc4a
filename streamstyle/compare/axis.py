"""A logarithmic axis: places on it, and the round values that are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogAxis:
    """From a least to a most value, along some pixels; which end is where is the caller's."""

    least: float
    most: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels; one outside lies at the end."""
        part = math.log(max(value, 1e-12) / self.least) / math.log(self.most / self.least)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, part))

    def marks(self) -> list[float]:
        """Return the values 1, 2 and 5 times a power of ten in its range; only those powers where there are many."""
        powers = range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1)
        fine = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        seen = [value for value in fine if self.least <= value <= self.most]
        coarse = [10.0**power for power in powers if self.least <= 10.0**power <= self.most]
        return seen if len(seen) <= 8 else coarse


def axis_for(values: Iterable[float], start: float, end: float, room: float = 1.25) -> LogAxis:
    """Return an axis that all positive values fit on, with some room at both ends."""
    positive = [value for value in values if value > 0] or [1.0]
    return LogAxis(min(positive) / room, max(positive) * room, start, end)
