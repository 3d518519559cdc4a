from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamstyle.option_values import parse_range, parse_seconds, parse_size, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", 10),
        ("12.5", 12.5),
        ("3:04", 184),
        ("1:02:03.5", 3723.5),
        ("90", 90),
        ("0:00", 0),
        ("5m", 300),
        ("1h30m", 5400),
        ("2m5.5s", 125.5),
    ],
)
def test_a_time_is_seconds_or_hours_minutes_seconds(text: str, expected: float) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "ten", "-3", "1:75", "1:61:00", "1:2:3:4", "m", "5m3", "1e3", "nan"])
def test_other_text_is_not_a_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a time"):
        parse_seconds(text)


def test_a_time_range_may_omit_its_start_or_its_end() -> None:
    assert parse_range("1:05-1:20") == (65, 80)
    assert parse_range("10-") == (10, None)
    assert parse_range("-12.5") == (None, 12.5)
    for text in ("", "-", "10", "a-b", "10-20-30"):
        with pytest.raises(click.BadParameter, match="is not a time range"):
            parse_range(text)


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_size_is_width_times_height(width: int, height: int) -> None:
    assert parse_size(f"{width}x{height}") == (width, height)


@pytest.mark.parametrize("text", ["640", "640x", "x360", "640*360", "640x-360", "axb"])
def test_other_text_is_not_a_size(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a size"):
        parse_size(text)
