"""Decode times (DTS) of video packets: made from display times where there are none, and continued after others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet


def dts_from_pts(
    pts: Sequence[int],  # ticks, one for each packet, in the order in which they are decoded
) -> list[int]:
    """Return a decode time for each packet, in ticks: rising, and never later than its display time."""
    in_order = sorted(pts)
    delay = max((tick - shown for tick, shown in zip(in_order, pts, strict=True)), default=0)
    return [tick - delay for tick in in_order]


class DtsContinuation:
    """Keeps decode times rising where the packets of one encoder follow those of another.

    An encoder that has just been opened knows nothing of the packets before it, and may begin too early.
    """

    def __init__(self) -> None:
        self._last: Fraction | None = None

    def keep(self, packet: Packet[Any]) -> None:
        """Take a packet whose decode time stays as it is."""
        if packet.dts is not None:
            self._last = packet.dts * packet.time_base

    def repair(self, packet: Packet[Any]) -> None:
        """Move the packet's decode time after the last one, but not past its display time."""
        if packet.dts is None or packet.pts is None:
            return
        if self._last is not None and packet.dts * packet.time_base <= self._last:
            packet.dts = min(self._last // packet.time_base + 1, packet.pts)
        self.keep(packet)
