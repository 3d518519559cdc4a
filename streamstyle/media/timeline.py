"""Times that always go forward."""

from __future__ import annotations


class Timeline:
    """Places one stream's ticks after each other, also where a recording starts its clock anew in the middle."""

    def __init__(self, second: int, step: int) -> None:
        """`second` and `step`, the usual distance of two ticks, are in ticks."""
        self._second = max(1, second)
        self._step = max(1, step)
        self._shift = 0
        self._last: int | None = None

    @property
    def shift(self) -> int:
        """What was added to the tick placed last."""
        return self._shift

    def place(self, tick: int) -> int | None:
        """Return the tick to use, or None for one that repeats or steps back: nothing can be shown then any more.

        A step back by a second or more is a new clock (joined recordings, DVDs): what follows continues from here.
        """
        placed = tick + self._shift
        if self._last is not None and placed <= self._last:
            if self._last - placed < self._second:
                return None
            self._shift += self._last + self._step - placed
            placed = self._last + self._step
        self._last = placed
        return placed
