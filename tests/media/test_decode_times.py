"""Decode times rise, and no packet is decoded after it is shown."""

from fractions import Fraction
from itertools import pairwise

import av
import pytest

from streamstyle.media.decode_times import DtsContinuation, complete_dts


def test_stored_decode_times_are_kept() -> None:
    assert complete_dts([(2, 0), (6, 1), (4, 2), (8, 3)]) == [0, 1, 2, 3]


@pytest.mark.parametrize("stored", [None, 0])
def test_missing_decode_times_are_made_from_display_times(stored: int | None) -> None:
    shown = [0, 160, 80, 40, 120, 200, 210]
    times = complete_dts([(pts, stored) for pts in shown])
    assert all(before <= after for before, after in pairwise(times))
    assert all(dts <= pts for dts, pts in zip(times, shown, strict=True))


def test_packets_of_a_new_encoder_are_decoded_after_earlier_ones() -> None:
    def packet(pts: int, dts: int, time_base: Fraction) -> av.Packet:
        packet = av.Packet(b"x")
        packet.pts, packet.dts, packet.time_base = pts, dts, time_base
        return packet

    times = DtsContinuation()
    for frame in range(6):
        times.add(packet(frame, frame, Fraction(1, 25)))
    repaired = []
    for pts, dts in ((600, 400), (1000, 500), (800, 600), (1200, 1000)):  # hundredths of a frame; two frames' delay
        new = packet(pts, dts, Fraction(1, 2500))
        times.repair(new)
        repaired.append((new.pts, new.dts))
    assert repaired == [(600, 501), (1000, 502), (800, 600), (1200, 1000)]
