"""Times of copied packets that the source leaves out."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import av

from streamstyle.media.stream_copy import StreamRemuxer


def test_packets_without_times_follow_the_packet_before() -> None:
    """As of Matroska, where one block holds several packets and only the first has a time."""
    remuxer = StreamRemuxer(*[SimpleNamespace()] * 4, converter=None)
    completed = []
    for pts, duration in [(None, 3), (10, 3), (None, 2), (None, 0), (None, 0), (20, 1)]:
        packet = av.Packet(b"sound")
        packet.pts = packet.dts = pts
        packet.duration, packet.time_base = duration, Fraction(1, 1000)
        completed.append((remuxer.complete_times(packet), packet.pts))
    assert completed == [(False, None), (True, 10), (True, 13), (True, 15), (True, 15), (True, 20)]
