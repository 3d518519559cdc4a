"""Timecodes of later frames, with and without dropped numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from streamstyle.media.timecode import with_timecode_after

NTSC, NTSC_60 = Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("timecode", "frames", "rate", "later"),
    [
        ("01:00:00:00", 25, Fraction(25), "01:00:01:00"),
        ("01:00:59:24", 1, Fraction(25), "01:01:00:00"),
        ("23:59:59:23", 1, Fraction(24000, 1001), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:01:59;29", 1, NTSC, "00:02:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, NTSC_60, "00:01:00;04"),
        ("10:00:00;00", 1798, NTSC, "10:00:59;28"),
    ],
)
def test_the_timecode_of_a_later_frame(timecode: str, frames: int, rate: Fraction, later: str) -> None:
    tags = with_timecode_after({"title": "x", "timecode": timecode}, frames / rate, rate)
    assert tags == {"title": "x", "timecode": later}


def test_the_timecode_of_the_first_frame_stays_as_it_is() -> None:
    assert with_timecode_after({"TIMECODE": "odd"}, Fraction(0), None) == {"TIMECODE": "odd"}


@pytest.mark.parametrize(("timecode", "rate"), [("odd", Fraction(25)), ("01:00:00:00", None)])
def test_a_timecode_that_cannot_be_computed_is_left_out(timecode: str, rate: Fraction | None) -> None:
    assert with_timecode_after({"timecode": timecode, "a": "b"}, Fraction(1), rate) == {"a": "b"}
