"""One clock for all streams of a file: places where recordings were joined, and times as if there were none.

A recording that follows another in one file brings its own clock, for all its streams at once. Where it begins is read
off the times of all packets; from there on the same shift is added to every time, so that its streams stay in step.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from streamstyle.video_info import ClockJoin

if TYPE_CHECKING:
    from av.packet import Packet
    from numpy.typing import NDArray

    Ticks = NDArray[np.int64]

NO_TIME = -(1 << 63)

_STEP_BACK = Fraction(1, 10)
"""Seconds by which decode times step back at a join, as FFmpeg has it; they never do within a recording."""
_CLEAR_STEP_BACK = Fraction(1)
"""The same where a container does not allow for joins, so that one is rarer than damage."""
_STEP_FORWARD = Fraction(10)
"""Seconds by which they step forward at a join, as FFmpeg has it; less is a gap."""
_EDGE = 64
"""Packets at either end of a part in which its first and last times are."""


@dataclass(slots=True)
class PacketTimes:
    """Times of the packets of one stream, in file order, in ticks; `NO_TIME` where a packet has none."""

    time_base: Fraction
    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    durations: array[int] = field(default_factory=lambda: array("q"))
    positions: array[int] = field(default_factory=lambda: array("q"))
    """Byte in the file at which each begins; packets read at once have the same."""

    def add(self, packet: Packet[Any]) -> None:
        """Note a packet."""
        last = self.positions[-1] if self.positions else 0
        self.pts.append(NO_TIME if packet.pts is None else packet.pts)
        self.dts.append(NO_TIME if packet.dts is None else packet.dts)
        self.durations.append(packet.duration or 0)
        self.positions.append(last if packet.pos is None else packet.pos)

    def shown(self) -> Ticks:
        """Return the display times, else the decode times."""
        pts = np.asarray(self.pts)
        return np.where(pts == NO_TIME, np.asarray(self.dts), pts)

    def stored(self) -> Ticks:
        """Return the decode times; the display times where a packet has no other."""
        dts = np.asarray(self.dts)
        return np.where(dts == NO_TIME, np.asarray(self.pts), dts)

    def could_be_storage_order(self) -> bool:
        """Whether display times are missing, or rise from packet to packet and so state no other order."""
        pts = np.asarray(self.pts)
        return NO_TIME not in self.dts and bool((pts == NO_TIME).any() or (np.diff(pts) > 0).all())

    def shifted(self, joins: Sequence[ClockJoin]) -> Ticks:
        """Return the display times on the one clock of the file."""
        shifts = [0, *(round(join.shift / self.time_base) for join in joins)]
        part = np.searchsorted([join.position for join in joins], np.asarray(self.positions), side="right")
        shown = self.shown()
        return np.where(shown == NO_TIME, NO_TIME, shown + np.asarray(shifts)[part])

    def count(self, joins: Sequence[ClockJoin], start: Fraction | None, end: Fraction | None) -> int:
        """Return how many packets are shown from `start` to before `end`, in seconds; one without time as the last."""
        times = self.shifted(joins)
        latest = np.maximum.accumulate(np.where(times == NO_TIME, 0, np.arange(len(times))))
        times = times[latest] if len(times) else times
        inside = times != NO_TIME
        if start is not None:
            inside &= times >= ceil(start / self.time_base)
        if end is not None:
            inside &= times < ceil(end / self.time_base)
        return int(inside.sum())

    def end(self, joins: Sequence[ClockJoin]) -> float:
        """Return the time in seconds at which the last packet ends."""
        times = self.shifted(joins)
        return float((times + np.asarray(self.durations)).max() * self.time_base) if len(times) else 0.0


def find_joins(
    streams: Sequence[PacketTimes],  # of sound and picture
    video: PacketTimes,
    *,
    discontinuous: bool,  # whether the container allows for joins, as those of broadcasts do
) -> tuple[ClockJoin, ...]:
    """Return where the clock of the file changes, in order."""
    witnesses = streams if discontinuous else [video]
    changes = sorted(change for stream in witnesses for change in _changes(stream, discontinuous=discontinuous))
    joins: list[ClockJoin] = []
    for position in _common_positions(changes):
        joins.append(ClockJoin(position, _shift_after(streams, joins, position)))
    return tuple(joins)


def _changes(stream: PacketTimes, *, discontinuous: bool) -> Iterator[tuple[int, int]]:
    """Yield (position of the first packet on another clock, that of the last before it).

    A single packet with another time, after which all goes on as before, is damage.
    """
    has_dts = discontinuous and NO_TIME not in stream.dts
    back = -round((_STEP_BACK if has_dts else _CLEAR_STEP_BACK) / stream.time_base)
    forward = round(_STEP_FORWARD / stream.time_base)

    def is_change(steps: Ticks) -> NDArray[np.bool_]:
        steps_back = steps <= back
        return steps_back | (steps > forward) if discontinuous or steps_back.any() else steps_back

    times = stream.stored()
    known = times != NO_TIME
    times, positions = times[known], np.asarray(stream.positions)[known]
    alone = is_change(np.diff(times))[:-1] & ~is_change(times[2:] - times[:-2])
    kept = np.concatenate([[True], ~alone, [True]]) if len(times) > 2 else np.ones(len(times), bool)
    times, positions = times[kept], positions[kept]
    for before in np.flatnonzero(is_change(np.diff(times))):
        if positions[before] < positions[before + 1]:
            yield int(positions[before + 1]), int(positions[before])


def _common_positions(changes: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield one position for all changes that can be at the same place: the fewest that explain all of them."""
    latest = -1
    for first_after, last_before in changes:
        if latest <= last_before:
            latest = first_after
            yield latest


def _shift_after(streams: Sequence[PacketTimes], joins: Sequence[ClockJoin], position: int) -> Fraction:
    """Return the shift of the part from `position` on: it begins where the first stream to do so can go on.

    No stream overlaps what comes before; the others have a gap, and stay in step.
    """
    begin = joins[-1].position if joins else 0
    shift_before = joins[-1].shift if joins else Fraction(0)
    shifts = []
    for stream in streams:
        positions, shown = np.asarray(stream.positions), stream.shown()
        known = shown != NO_TIME
        before = np.flatnonzero(known & (positions >= begin) & (positions < position))[-_EDGE:]
        after = np.flatnonzero(known & (positions >= position))[:_EDGE]
        if before.size and after.size:
            last = before[np.argmax(shown[before])]
            end = shown[last] + (stream.durations[last] or _usual_step(stream))
            shifts.append(int(end - shown[after].min()) * stream.time_base + shift_before)
    return max(shifts, default=shift_before)


def _usual_step(stream: PacketTimes) -> int:
    steps = np.diff(stream.stored())
    rising = steps[(steps > 0) & (steps < 1 << 40)]
    return int(np.median(rising)) if rising.size else 1


class ClockRepair:
    """Gives packets the times of the one clock of their file; made anew for each time that the file is read."""

    def __init__(self, joins: Sequence[ClockJoin]) -> None:
        """`joins` are those of `find_joins`."""
        self._joins = joins
        self._positions: dict[int, int] = {}

    def apply(self, packet: Packet[Any]) -> None:
        """Change the times of a packet that `demux` yielded; packets of a stream have to come in order."""
        if not self._joins:
            return
        index = packet.stream_index
        position = self._positions[index] = self._positions.get(index, 0) if packet.pos is None else packet.pos
        passed = [join for join in self._joins if join.position <= position]
        if not passed:
            return
        shift = round(passed[-1].shift / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
