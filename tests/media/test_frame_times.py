"""When a frame is shown, where times are missing, damaged, or only those of storage."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from av.video.frame import PictureType
from hypothesis import given
from hypothesis import strategies as st

from streamstyle.media.frame_times import RisingTimes, StorageOrder, TimestampGuesser, with_next
from tests.films import moving_square, write_film
from tests.video_io import mean_difference, packets, read_video, times, write_copy

KEY = [(0, PictureType.I)]
P, B = PictureType.P, PictureType.B


@pytest.mark.parametrize(("codec", "options"), [("libx264", {"bf": "3", "b-adapt": "0"}), ("mpeg4", {"bf": "2"})])
def test_avi_gives_all_frames_at_their_slots_with_all_sound(
    tmp_path: Path, codec: str, options: dict[str, str]
) -> None:
    scene = moving_square(frames=60, width=160)
    path = write_film(tmp_path / "film.avi", scene.frames, codec=codec, options=options, audio=True)
    video, frames = read_video(path)
    assert times(frames, video) == [Fraction(n, 25) for n in range(60)]
    assert all(mean_difference(each.image, original) < 6 for each, original in zip(frames, scene.frames, strict=True))
    writer = write_copy(path, tmp_path / "output.mkv")
    assert list(writer.warnings(stopped=False)) == []
    sound = packets(tmp_path / "output.mkv", "audio")
    assert [data for _, data in sound] == [data for _, data in packets(path, "audio")]
    assert sound[0][0] == 0


def test_a_range_of_avi_with_reordered_frames_is_that_part_of_the_whole(tmp_path: Path) -> None:
    scene = moving_square(frames=60, width=160)
    path = write_film(tmp_path / "film.avi", scene.frames, options={"bf": "3", "b-adapt": "0"})
    video, frames = read_video(path, start=1.0, end=2.0)
    assert times(frames, video) == [Fraction(n, 25) for n in range(25, 50)]
    assert mean_difference(frames[0].image, scene.frames[25]) < 6
    assert not any(frame.seekable for frame in frames)


def shown_at(stored: list[tuple[int, PictureType]], displayed: list[int]) -> list[int | None]:
    """Times of the frames of the slots in `displayed`, all packets having been decoded before."""
    order, kinds = StorageOrder(), dict(stored)
    for slot, _ in stored:
        order.add(SimpleNamespace(pts=None, dts=slot))
    return [order.shown(SimpleNamespace(pts=slot, pict_type=kinds[slot])) for slot in displayed]


def test_frames_take_the_slots_in_the_order_they_are_shown_in() -> None:
    stored = [*KEY, (1, P), (2, B), (3, B), (4, P), (5, B)]
    assert shown_at(stored, [0, 2, 3, 1, 5, 4]) == [0, 1, 2, 3, 4, 5]


def test_a_slot_without_a_frame_makes_the_frame_before_stand() -> None:
    stored = [*KEY, (1, P), (2, P), (3, P)]
    assert shown_at(stored, [0, 2, 3]) == [0, 2, 3]
    stored = [*KEY, (1, P), (9, B), (10, P), (11, B)]
    assert shown_at(stored, [0, 9, 1, 11, 10]) == [0, 1, 9, 10, 11]


def repaired(ticks: list[int | None], second: int = 1000, step: int = 40) -> list[int | None]:
    times = RisingTimes(second, step)
    return [
        times.repair(tick, following[0] if following else None) for (tick,), following in with_next((t,) for t in ticks)
    ]


def test_rising_times_stay_unchanged() -> None:
    assert repaired([7, 8, 50, 5000]) == [7, 8, 50, 5000]


def test_a_time_that_repeats_or_steps_back_is_dropped() -> None:
    assert repaired([0, 40, 40, 30, 80]) == [0, 40, None, None, 80]


def test_a_missing_time_is_one_step_after_the_last() -> None:
    assert repaired([None, None, 200, None]) == [0, 40, 200, 240]


def test_one_damaged_time_among_others_is_replaced() -> None:
    assert repaired([0, 40, 9000, 120, 160]) == [0, 40, 80, 120, 160]
    assert repaired([9000, 9040, 0, 9120, 9160]) == [9000, 9040, 9080, 9120, 9160]


def test_times_that_start_anew_lose_no_frame() -> None:
    assert repaired([100_000, 100_040, 0, 40, 80]) == [100_000, 100_040, 100_080, 100_120, 100_160]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9))))
def test_any_times_become_rising_times(ticks: list[int | None]) -> None:
    kept = [tick for tick in repaired(ticks) if tick is not None]
    assert all(later > earlier for earlier, later in pairwise(kept))


def test_of_pts_and_dts_the_one_in_order_is_used() -> None:
    guesser = TimestampGuesser()
    stored = [(1, 2), (3, 3), (4, 4), (2, 5), (6, 6), (7, 7), (5, 8), (9, 9), (8, 10)]
    assert [guesser.guess(*times) for times in stored] == [1, 3, 4, 2, 6, 7, 8, 9, 10]


def test_one_damaged_pts_is_no_reason_to_use_dts() -> None:
    guesser = TimestampGuesser()
    stored = [(1, 3), (2, 4), (3, 5), (1, 6), (5, 7), (6, 8)]
    assert [guesser.guess(*times) for times in stored] == [1, 2, 3, 1, 5, 6]


def test_a_frame_with_one_time_gets_it_and_one_with_none_gets_none() -> None:
    guesser = TimestampGuesser()
    assert [guesser.guess(7, None), guesser.guess(None, 9), guesser.guess(None, None), guesser.guess(12, 11)] == [
        7,
        9,
        None,
        12,
    ]


def test_times_are_monotonic_until_one_is_missing_or_replaced() -> None:
    for spoils in (None, 9, 8, -100):
        times = RisingTimes(second=25, step=1)
        for tick in (3, 4, 9):
            times.repair(tick, tick + 1)
        assert times.is_monotonic
        times.repair(spoils, None)
        assert not times.is_monotonic


def test_guesser_is_monotonic_until_a_time_steps_back() -> None:
    guesser = TimestampGuesser()
    for pts, dts in ((0, -2), (1, -1), (4, 0)):
        guesser.guess(pts, dts)
    assert guesser.is_monotonic
    guesser.guess(3, 1)
    assert not guesser.is_monotonic
