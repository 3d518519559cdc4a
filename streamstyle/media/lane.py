"""One carried stream on its way from the source into the output."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.carry import Carried, Way
from streamstyle.media.span import Span
from streamstyle.media.timeline import Timeline
from streamstyle.media.trial import Trial
from streamstyle.media.words import SILENCE, convert

if TYPE_CHECKING:
    from av.packet import Packet


@dataclass(slots=True)
class Lane:
    """Takes the packets of one stream to the output's times and the output's stream."""

    carried: Carried
    source: Any
    target: Any
    trial: Trial
    span: Span
    timeline: Timeline = field(init=False)

    def __post_init__(self) -> None:
        self.timeline = Timeline(round(1 / self.source.time_base), 1)

    def placed(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet as it goes into the output, or None for one that has no place there."""
        shown = shown_at(packet)
        if packet.size == 0 or shown is None:  # the demuxer's sign of the end
            return None
        if self.carried.stream.kind == "subtitle":
            return self._subtitle(packet, shown)
        if not self.span.holds(shown):
            return None
        if self.timeline.place(packet.pts if packet.dts is None else packet.dts) is None:
            return None
        return self._moved(packet, self.timeline.shift)

    def _subtitle(self, packet: Packet[Any], shown: Fraction) -> Packet[Any] | None:
        """Cut to the span what is on screen across its edges."""
        tick = packet.time_base
        gone = shown + (packet.duration or 0) * tick
        first, last = self.span.clip(shown, gone)
        if first > last or (first == last and shown != gone) or bytes(packet) == SILENCE:
            return None
        packet.pts = packet.dts = round(first / tick)
        packet.duration = round((last - first) / tick)
        if self.carried.way is Way.converted:
            packet = _with_payload(packet, convert(bytes(packet), self.carried.stream.codec, self.carried.codec))
        return self._moved(packet, 0)

    def _moved(self, packet: Packet[Any], shift: int) -> Packet[Any]:
        shift -= round(self.span.origin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
        return packet

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the output will take the packet; bound for its stream then."""
        accepted = self.trial.accepts(packet)
        packet.stream = self.target
        return accepted


def due_at(packet: Packet[Any]) -> Fraction | None:
    """Return the moment by which a decoder needs the packet, in seconds; None where it has no time at all."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def shown_at(packet: Packet[Any]) -> Fraction | None:
    """Return the moment at which it is shown or heard, in seconds; None where it has no time at all."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base


def _with_payload(packet: Packet[Any], payload: bytes) -> Packet[Any]:
    other: Packet[Any] = av.Packet(payload)
    other.pts, other.dts, other.duration, other.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    other.is_keyframe = True
    return other
