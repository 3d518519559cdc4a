"""Times go forward, whatever a recording's clock does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamstyle.media.timeline import Timeline


def placed(ticks: list[int | None], second: int = 1000, step: int = 40) -> list[int | None]:
    timeline = Timeline(second, step)
    return [timeline.place(tick) for tick in ticks]


def test_times_that_go_forward_stay_as_they_are() -> None:
    assert placed([7, 8, 50, 5000]) == [7, 8, 50, 5000]


def test_a_moment_that_has_passed_has_no_place() -> None:
    assert placed([0, 40, 40, 30, 80]) == [0, 40, None, None, 80]


def test_a_clock_that_starts_anew_goes_on_from_where_it_was() -> None:
    assert placed([100_000, 100_040, 0, 40, 90]) == [100_000, 100_040, 100_080, 100_120, 100_170]


def test_a_missing_time_is_one_step_on() -> None:
    assert placed([None, None, 200, None]) == [0, 40, 200, 240]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9))))
def test_any_times_come_out_going_forward(ticks: list[int | None]) -> None:
    kept = [tick for tick in placed(ticks) if tick is not None]
    assert all(later > earlier for earlier, later in pairwise(kept))
