"""When a decoded frame is shown: from times that may be missing, out of order, or only those of storage."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from av.video.frame import PictureType

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

T = TypeVar("T")

_FRAMES_PER_DAMAGE = 16
"""One frame in so many may have a PTS out of order before the DTS of all are used in its place."""

_BIDIRECTIONAL = (PictureType.B, PictureType.BI)


class TimestampGuesser:
    """Guesses when a decoded frame is shown, from whichever of PTS and DTS has been out of order less often.

    The rule is libavcodec's (`guess_correct_pts` in decode.c), but that a few PTS may be damaged: those are repaired
    one by one (`RisingTimes`), and the DTS of a frame is late by the depth of reordering.
    """

    def __init__(self) -> None:
        self._last_pts = self._last_dts = float("-inf")
        self._frames = self._wrong_pts = self._wrong_dts = 0
        self.is_monotonic = True
        """Whether every frame so far had a PTS and all times rose: then a guess does not depend on earlier frames."""

    def guess(self, pts: int | None, dts: int | None) -> int | None:
        """Return the tick at which the frame is shown; None if it has neither time."""
        self.is_monotonic = self.is_monotonic and pts is not None
        known_pts, known_dts = dts if pts is None else pts, pts if dts is None else dts
        if known_pts is None or known_dts is None:
            return None
        self._wrong_pts += pts is not None and pts <= self._last_pts
        self._wrong_dts += dts is not None and dts <= self._last_dts
        self._last_pts, self._last_dts = known_pts, known_dts
        self.is_monotonic = self.is_monotonic and not (self._wrong_pts or self._wrong_dts)
        self._frames += 1
        damaged = max(1, self._frames // _FRAMES_PER_DAMAGE)
        return known_pts if self._wrong_pts <= self._wrong_dts + damaged else known_dts


class StorageOrder:
    """Gives frames their times where a file states only in which order they are stored, as AVI does.

    Each packet has a slot, its decode time; the decoder yields the frames in display order. So the first frame is
    shown at the first slot, and so on; a slot whose packet yields no frame is left out, and the frame before stands.
    """

    def __init__(self) -> None:
        self._slots: list[int] = []
        self._in_decoder: set[int] = set()
        self.is_display_order = True
        """Whether all frames so far were stored in the order they are shown in."""

    def add(self, packet: Packet[Any]) -> None:
        """Note a packet that is decoded next, and label it with its slot."""
        packet.pts = packet.dts
        if packet.dts is not None:
            heapq.heappush(self._slots, packet.dts)
            self._in_decoder.add(packet.dts)

    def shown(self, frame: VideoFrame) -> int | None:
        """Return the tick at which the frame is shown, which the decoder has yielded next; None if it is unknown."""
        slot = frame.pts
        if slot is None:
            return None
        self._in_decoder.discard(slot)
        if frame.pict_type not in _BIDIRECTIONAL:
            self._leave_out({other for other in self._in_decoder if other < slot})
        shown = heapq.heappop(self._slots) if self._slots else None
        self.is_display_order = self.is_display_order and shown == slot
        return shown

    def _leave_out(self, slots: set[int]) -> None:
        """Leave out slots whose packets yielded nothing: no frame but a B frame is shown before one stored earlier."""
        self._in_decoder -= slots
        for _ in slots:
            if self._slots:
                heapq.heappop(self._slots)


def with_next(items: Iterable[T]) -> Iterator[tuple[T, T | None]]:
    """Yield every item with the one after it, None for the last."""
    iterator = iter(items)
    current = next(iterator, None)
    while current is not None:
        following = next(iterator, None)
        yield current, following
        current = following


class RisingTimes:
    """Makes the times of frames rise: one that is missing or damaged is replaced, one that repeats is dropped."""

    def __init__(self, second: int, step: int) -> None:
        """`second`, and `step`, the usual distance of two times, are in ticks."""
        self._second, self._step = max(1, second), max(1, step)
        self._last: int | None = None
        self.is_monotonic = True
        """Whether every time so far was given, and used unchanged."""

    def repair(self, tick: int | None, following: int | None) -> int | None:
        """Return the time to use for a frame, `following` being that of the next; None if it has to be dropped."""
        repaired = tick if self._last is None else self._after(self._last, tick, following)
        if repaired is None and self._last is None:
            repaired = 0 if following is None else following - self._step
        self.is_monotonic = self.is_monotonic and repaired is not None and repaired == tick
        if repaired is not None:
            self._last = repaired
        return repaired

    def _after(self, last: int, tick: int | None, following: int | None) -> int | None:
        """Return `tick` where it is after the last time, else the time one step after that if there is room for it.

        A time far after that of the next frame, which itself is after the last, is damaged.
        """
        fits_next = following is not None and following > last
        if tick is not None and tick > last:
            is_damaged = fits_next and following is not None and tick - following >= self._second
            if not is_damaged:
                return tick
        elif tick is not None and last - tick < self._second:
            return None
        has_room = not fits_next or following is None or 2 * (following - last) > 3 * self._step
        return last + self._step if has_room else None
