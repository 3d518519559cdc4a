"""Times that always go forward."""

from __future__ import annotations


class TimestampGuesser:
    """Tells when a decoded frame is shown, by whichever of its two times has been in order more often.

    Containers such as AVI say only in which order frames are stored; what a decoder makes of that is wrong as soon as
    frames were reordered. The rule is libavcodec's (`guess_correct_pts` in decode.c).
    """

    def __init__(self) -> None:
        self._last_pts = self._last_dts = float("-inf")
        self._wrong_pts = self._wrong_dts = 0
        self.is_monotonic = True
        """Whether every frame so far had both times, each after the one before: then it matters not where it began."""

    def pts(self, pts: int | None, dts: int | None) -> int | None:
        """Return the tick at which the frame is shown; None where nothing says."""
        self.is_monotonic = self.is_monotonic and pts is not None
        seen_pts, seen_dts = dts if pts is None else pts, pts if dts is None else dts
        if seen_pts is None or seen_dts is None:
            return None
        self._wrong_pts += pts is not None and pts <= self._last_pts
        self._wrong_dts += dts is not None and dts <= self._last_dts
        self._last_pts, self._last_dts = seen_pts, seen_dts
        self.is_monotonic = self.is_monotonic and not (self._wrong_pts or self._wrong_dts)
        return seen_pts if self._wrong_pts <= self._wrong_dts else seen_dts


class MonotonicClock:
    """Places one stream's ticks after each other, also where a recording starts its clock anew in the middle."""

    def __init__(self, second: int, step: int) -> None:
        """`second` and `step`, the usual distance of two ticks, are in ticks."""
        self.shift = 0
        """What was added to the tick placed last."""
        self._second = max(1, second)
        self._step = max(1, step)
        self._last: int | None = None
        self.is_monotonic = True
        """Whether every tick so far was given and used as it was."""

    def map(self, tick: int | None) -> int | None:
        """Return the tick to use, or None for one that repeats or steps back: its moment has passed.

        A step back by a second or more is a new clock (joined recordings, DVDs): what follows continues from here.
        A missing tick is one step after the last.
        """
        following = 0 if self._last is None else self._last + self._step
        placed = following if tick is None else tick + self.shift
        self.is_monotonic = self.is_monotonic and placed == tick and (self._last is None or placed > self._last)
        if self._last is not None and placed <= self._last:
            if self._last - placed < self._second:
                return None
            self.shift += following - placed
            placed = following
        self._last = placed
        return placed
