"""Decode times (DTS) of packets: made where a file has none, kept rising where packets are joined or copied."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from av.format import Flags
from av.rational import AVRational

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


def complete_dts(
    times: Sequence[tuple[int, int | None]],  # (pts, dts) of each packet in ticks, in decode order
) -> list[int]:
    """Return a decode time for each packet, in ticks: the stored ones if they are complete and rising, else made ones.

    Matroska stores none.
    """
    stored = [dts for _, dts in times if dts is not None]
    if len(stored) == len(times) and all(before < after for before, after in pairwise(stored)):
        return stored
    return dts_from_pts([pts for pts, _ in times])


def dts_from_pts(
    pts: Sequence[int],  # of each packet in ticks, in decode order
) -> list[int]:
    """Return a decode time for each packet, in ticks: rising, and never after its display time."""
    in_order = sorted(pts)
    delay = max((tick - shown for tick, shown in zip(in_order, pts, strict=True)), default=0)
    return [tick - delay for tick in in_order]


class DtsContinuation:
    """Keeps decode times rising where the packets of a new encoder follow those of an earlier one.

    The new encoder knows nothing of the packets before its own, so its first decode times may be too early.
    """

    def __init__(self) -> None:
        self._last: Fraction | None = None

    def add(self, packet: Packet[Any]) -> None:
        """Note the decode time of a packet, which stays as it is."""
        if packet.dts is not None:
            self._last = packet.dts * packet.time_base

    def repair(self, packet: Packet[Any]) -> None:
        """Move the decode time of a packet after the last one, but not after its display time."""
        if packet.dts is None or packet.pts is None:
            return
        if self._last is not None and packet.dts * packet.time_base <= self._last:
            packet.dts = min(self._last // packet.time_base + 1, packet.pts)
        self.add(packet)


class RisingDts:
    """Keeps the decode times of packets that are copied from stepping back, as FFmpeg does."""

    def __init__(self, stream: Stream) -> None:
        """`stream` is that of the output, whose header is written; its ticks may be longer than a packet of sound."""
        self._tick = AVRational(Fraction(stream.time_base or 1))
        may_repeat = stream.container.format.flags & cast("int", Flags.ts_nonstrict.value)
        self._step = 0 if may_repeat else 1
        self._last: int | None = None

    def place(self, packet: Packet[Any]) -> Packet[Any]:
        """Return the packet, its times in ticks of the output."""
        packet.rescale_ts(self._tick)
        dts = packet.pts if packet.dts is None else packet.dts
        if dts is None:
            return packet
        if self._last is not None and dts < self._last + self._step:
            dts = self._last + self._step
            packet.dts, packet.pts = dts, None if packet.pts is None else max(packet.pts, dts)
        self._last = dts
        return packet
