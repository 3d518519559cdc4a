"""Numbers become short texts that a person can read at a glance."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamstyle.formatting import (
    format_bytes,
    format_duration,
    format_number,
    format_rough_duration,
    format_seconds,
    format_speed,
    format_time_of_day,
    format_time_span,
    sanitise,
)
from streamstyle.option_values import parse_time

NOON = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))


@given(st.integers(0, 10**6))
def test_a_duration_can_be_parsed_again(whole: int) -> None:
    assert parse_time(format_duration(whole)) == whole


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_duration_is_never_shown_as_shorter(one: float, other: float) -> None:
    shorter, longer = sorted((one, other))
    assert parse_time(format_duration(shorter)) <= parse_time(format_duration(longer))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"), (48, "48 s"), (59.6, "1 min"), (92, "1 min 30 s"), (599, "10 min"), (720, "12 min"),
        (3600, "1 h"), (11400, "3 h 10 min"), (47.9 * 3600, "47 h 54 min"), (187200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_a_rough_duration_has_two_units(seconds: float, text: str) -> None:
    assert format_rough_duration(seconds) == text


def test_the_time_of_day_has_the_day_unless_it_is_today() -> None:
    assert format_time_of_day(2400, NOON) == "12:40"
    assert format_time_of_day(14 * 3600, NOON) == "Wed 02:00"
    assert format_time_of_day(2 * 86400, NOON) == "Thu 26 Nov 12:00"
    assert format_time_of_day(30 * 86400, NOON) == "Thu 24 Dec 12:00"


def test_weeks_are_days() -> None:
    assert format_time_span(36 * 3600) == "36:00:00"
    assert format_time_span((18 * 24 + 6) * 3600) == "18 d 6 h"


def test_below_a_tenth_of_a_second_the_unit_is_milliseconds() -> None:
    assert [format_seconds(seconds) for seconds in (0.012, 0.82, 2.5)] == ["12 ms", "0.82 s", "2.50 s"]


def test_a_speed_below_one_fps_is_in_seconds_per_frame() -> None:
    assert format_speed(250, 10) == "25 fps"
    assert format_speed(132, 60) == "2.2 fps"
    assert format_speed(10, 10) == "1.0 fps"
    assert format_speed(10, 21) == "2.1 s/frame"
    assert format_speed(0, 5) == ""


def test_a_size_has_at_least_two_significant_digits() -> None:
    assert [format_bytes(count) for count in (0, 999, 4_200, 83_000, 4.25e6, 7e11)] == [
        "0 bytes", "999 bytes", "4.2 kB", "83 kB", "4.2 MB", "700 GB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0.00031, "3.10e-4"), (812.4, "812"), (15370, "15 370"), (0.0, "0"), (None, "-")]
)
def test_a_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert format_number(value) == text


def test_control_characters_and_direction_marks_are_replaced() -> None:
    assert sanitise("a\x1b[2J\nb\u202ec") == "a\ufffd[2J\ufffdb\ufffdc"
