"""Times that always go forward."""

from __future__ import annotations


class Timeline:
    """Places one stream's ticks after each other, also where a recording starts its clock anew in the middle."""

    def __init__(self, second: int, step: int) -> None:
        """`second` and `step`, the usual distance of two ticks, are in ticks."""
        self.shift = 0
        """What was added to the tick placed last."""
        self._second = max(1, second)
        self._step = max(1, step)
        self._last: int | None = None

    def place(self, tick: int | None) -> int | None:
        """Return the tick to use, or None for one that repeats or steps back: its moment has passed.

        A step back by a second or more is a new clock (joined recordings, DVDs): what follows continues from here.
        A missing tick is one step after the last.
        """
        following = 0 if self._last is None else self._last + self._step
        placed = following if tick is None else tick + self.shift
        if self._last is not None and placed <= self._last:
            if self._last - placed < self._second:
                return None
            self.shift += following - placed
            placed = following
        self._last = placed
        return placed
