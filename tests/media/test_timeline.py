"""Times go forward, whatever a recording's clock does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamstyle.media.timeline import TimestampGuesser, MonotonicClock


def placed(ticks: list[int | None], second: int = 1000, step: int = 40) -> list[int | None]:
    timeline = MonotonicClock(second, step)
    return [timeline.map(tick) for tick in ticks]


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


def test_of_two_times_the_one_in_order_is_believed() -> None:
    stamp = TimestampGuesser()
    stored = [(1, 2), (3, 3), (4, 4), (2, 5), (6, 6), (7, 7), (5, 8)]
    assert [stamp.pts(*times) for times in stored] == [1, 3, 4, 5, 6, 7, 8]


def test_a_frame_with_one_time_has_that_and_one_with_none_has_none() -> None:
    stamp = TimestampGuesser()
    assert [stamp.pts(7, None), stamp.pts(None, 9), stamp.pts(None, None), stamp.pts(12, 11)] == [7, 9, None, 12]


def test_a_time_tells_a_place_until_one_was_made_up_or_moved() -> None:
    timeline = MonotonicClock(second=25, step=1)
    for tick in (3, 4, 9):
        timeline.map(tick)
    assert timeline.is_monotonic
    for spoils in (None, 9, 8, -100):
        timeline = MonotonicClock(second=25, step=1)
        for tick in (3, 4, 9, spoils):
            timeline.map(tick)
        assert not timeline.is_monotonic


def test_so_do_two_times_in_order_alone() -> None:
    stamp = TimestampGuesser()
    for pts, dts in ((0, -2), (1, -1), (4, 0)):
        stamp.pts(pts, dts)
    assert stamp.is_monotonic
    stamp.pts(3, 1)
    assert not stamp.is_monotonic
