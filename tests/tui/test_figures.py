from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from streamstyle.events import FrameWritten
from streamstyle.tui import figures
from streamstyle.tui.story import Story
from tests.tui.fake_engine import started, surveyed

HALF_WAY = Story(started=started("film.mkv", "out.mkv", 132), written=FrameWritten(66, 132, 2.64, 33.0))


def test_half_of_a_film_at_two_frames_a_second_takes_as_long_again() -> None:
    assert figures.share_done(HALF_WAY) == 0.5
    assert figures.seconds_left(HALF_WAY) == pytest.approx(33)
    assert figures.pace_in_words(HALF_WAY) == "2.0 fps"
    assert figures.place_in_film(HALF_WAY) == "0:03 / 0:05"


def test_what_is_left_goes_by_how_fast_it_goes_now() -> None:
    slow = replace(HALF_WAY, surveyed=replace(surveyed(66), fps_history=(9.0,) * 20 + (0.5,) * 16))
    assert figures.seconds_left(slow) == pytest.approx(132)
    assert figures.pace_in_words(slow) == "2.0 s/frame"


def test_a_paused_run_has_no_end_in_sight_nor_has_a_film_of_unknown_length() -> None:
    assert figures.seconds_left(replace(HALF_WAY, paused=True)) is None
    endless = replace(HALF_WAY, started=started("film.mkv", "out.mkv", None))
    assert figures.seconds_left(endless) is None
    assert figures.share_done(endless) is None


def test_the_time_of_day_has_a_weekday_if_it_is_not_todays() -> None:
    evening = datetime(2026, 11, 24, 21, 30)
    assert figures.done_at(60 * 45, evening) == "22:15"
    assert figures.done_at(3600 * 5, evening) == "Wed 02:30"


@pytest.mark.parametrize(
    ("painted", "naive", "words"),
    [
        (0.0003, 0.0015, "5.0 times steadier"),
        (0.0001, 0.0023, "23 times steadier"),
        (0.0015, 0.0015, "no steadier than frame by frame"),
        (None, 0.0015, ""),
        (0.0, 0.0, ""),
    ],
)
def test_steadiness_in_words(painted: float | None, naive: float, words: str) -> None:
    measured = replace(surveyed(9), warping_error={"output": painted, "per_frame": naive})
    assert figures.steadier_in_words(replace(HALF_WAY, surveyed=measured)) == words


def test_a_sparkline_is_as_high_as_what_it_shows_and_takes_holes() -> None:
    assert figures.sparkline([1, 2, 4, 8], 10) == "▂▃▅█"
    assert figures.sparkline([1, 2, 4, 8], 2) == "▅█"
    assert figures.sparkline([8, None, float("nan")], 3) == "█▁▁"
    assert figures.sparkline([0, 0], 3) == ""


@pytest.mark.parametrize(
    ("value", "words"), [(0.00031, "3.10e-4"), (812.4, "812"), (15370, "15 370"), (0.0, "0"), (None, "-")]
)
def test_numbers_have_three_digits_that_count(value: float | None, words: str) -> None:
    assert figures.number(value) == words
