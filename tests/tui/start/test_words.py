from __future__ import annotations

import time

import pytest

from streamstyle.tui.start.foot import cost_in_words
from streamstyle.tui.start.words import done_at, length_in_words, pace_in_words

NOON = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (48, "48 s"), (59.6, "1 min"), (92, "1 min 30 s"), (599, "10 min"), (720, "12 min"),
        (3600, "1 h"), (11400, "3 h 10 min"), (47.9 * 3600, "47 h 54 min"), (187200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_said_to_two_places(seconds: float, words: str) -> None:
    assert length_in_words(seconds) == words


def test_the_time_of_day_says_which_day_where_it_is_another() -> None:
    assert done_at(2400, NOON) == "12:40"
    assert done_at(14 * 3600, NOON) == "Wed 02:00"
    assert done_at(30 * 86400, NOON) == "24 Dec"


def test_a_pace_is_said_in_what_fits_it() -> None:
    assert pace_in_words(0.09) == "90 ms a frame"
    assert pace_in_words(2.13) == "2.1 s a frame"


def test_a_cost_says_how_it_is_known() -> None:
    cost = {"tried": 9, "seconds_per_frame": 2.1, "seconds": 11400.0, "bytes": 4_200_000_000}
    said = cost_in_words(cost, 80_000_000_000, NOON, so_far=False).plain
    assert said == "≈ 3 h 10 min · 2.1 s a frame · 4.2 GB of 80 GB free · done at 15:10 · from 9 frames"
    early = cost_in_words(cost | {"tried": 2, "bytes": None}, None, NOON, so_far=True).plain
    assert early == "≈ 3 h 10 min · 2.1 s a frame · done at 15:10 · from 2 frames, still trying"


def test_a_film_that_does_not_say_how_long_it_is_has_a_pace_alone() -> None:
    cost = {"tried": 9, "seconds_per_frame": 2.1, "seconds": None, "bytes": None}
    assert cost_in_words(cost, None, NOON, so_far=False).plain == "2.1 s a frame · from 9 frames"
