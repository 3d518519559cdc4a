from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamstyle.option_values import parse_range, parse_seconds, parse_size, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s", 10), ("12.5", 12.5), ("3:04", 184), ("1:02:03.5", 3723.5), ("90", 90), ("0:00", 0)],
)
def test_a_time_is_seconds_or_a_clock(text: str, expected: float) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "ten", "-3", "1:75", "1:61:00", "1:2:3:4", "10m", "1e3", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time"):
        parse_seconds(text)


def test_a_part_of_a_film_may_be_open_at_either_end() -> None:
    assert parse_range("1:05-1:20") == (65, 80)
    assert parse_range("10-") == (10, None)
    assert parse_range("-12.5") == (None, 12.5)
    for text in ("", "-", "10", "a-b", "10-20-30"):
        with pytest.raises(click.BadParameter, match="no part of a film"):
            parse_range(text)


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_size_is_width_times_height(width: int, height: int) -> None:
    assert parse_size(f"{width}x{height}") == (width, height)


@pytest.mark.parametrize("text", ["640", "640x", "x360", "640*360", "640x-360", "axb"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no size"):
        parse_size(text)
