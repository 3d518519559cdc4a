"""One carried stream on its way from the source into the output."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.carry import StreamPlan, StreamAction
from streamstyle.media.span import TimeRange
from streamstyle.media.timeline import MonotonicClock
from streamstyle.media.trial import MuxerProbe
from streamstyle.media.words import MOV_TEXT_GAP, convert_subtitle

if TYPE_CHECKING:
    from av.packet import Packet


@dataclass(slots=True)
class StreamRemuxer:
    """Takes the packets of one stream to the output's times and the output's stream."""

    plan: StreamPlan
    source: Any
    target: Any
    probe: MuxerProbe
    time_range: TimeRange
    clock: MonotonicClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = MonotonicClock(round(1 / self.source.time_base), 1)

    def remap(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet as it goes into the output, or None for one that has no place there."""
        shown = display_time(packet)
        if packet.size == 0 or shown is None:  # the demuxer's sign of the end
            return None
        if self.plan.stream.kind == "subtitle":
            return self._remap_subtitle(packet, shown)
        if not self.time_range.contains(shown):
            return None
        if self.clock.map(packet.pts if packet.dts is None else packet.dts) is None:
            return None
        return self._shift(packet, self.clock.shift)

    def _remap_subtitle(self, packet: Packet[Any], shown: Fraction) -> Packet[Any] | None:
        """Cut to the span what is on screen across its edges."""
        tick = packet.time_base
        gone = shown + (packet.duration or 0) * tick
        first, last = self.time_range.clip(shown, gone)
        if first > last or (first == last and shown != gone) or bytes(packet) == MOV_TEXT_GAP:
            return None
        packet.pts = packet.dts = round(first / tick)
        packet.duration = round((last - first) / tick)
        if self.plan.action is StreamAction.converted:
            packet = _replace_payload(packet, convert_subtitle(bytes(packet), self.plan.stream.codec, self.plan.codec))
        return self._shift(packet, 0)

    def _shift(self, packet: Packet[Any], shift: int) -> Packet[Any]:
        shift -= round(self.time_range.origin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
        return packet

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the output will take the packet; bound for its stream then."""
        accepted = self.probe.accepts(packet)
        packet.stream = self.target
        return accepted


def decode_time(packet: Packet[Any]) -> Fraction | None:
    """Return the moment by which a decoder needs the packet, in seconds; None where it has no time at all."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def display_time(packet: Packet[Any]) -> Fraction | None:
    """Return the moment at which it is shown or heard, in seconds; None where it has no time at all."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base


def _replace_payload(packet: Packet[Any], payload: bytes) -> Packet[Any]:
    other: Packet[Any] = av.Packet(payload)
    other.pts, other.dts, other.duration, other.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    other.is_keyframe = True
    return other
