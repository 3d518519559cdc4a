"""A frame is a milestone once it is a key frame in the file, and all before it are there, too."""

from collections.abc import Sequence
from fractions import Fraction

from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.checkpoint_writer import KeyframeTracker


def settled(packets: Sequence[tuple[int, bool]], milestone: int = 4) -> list[int]:
    """After how many frames one could go on, once each of the packets (frame, key) has come, ten a second."""
    milestones = KeyframeTracker(Fraction(1))
    milestones.expect(ResumePoint(milestone), milestone)
    found = [milestones.packet_muxed(frame, key, Fraction(place, 10)) for place, (frame, key) in enumerate(packets)]
    return [each.frames for each in found if each is not None]


def in_order(keys: Sequence[int], count: int = 12) -> list[tuple[int, bool]]:
    return [(frame, frame in keys) for frame in range(count)]


def test_it_counts_half_a_second_after_its_packet() -> None:
    assert settled(in_order([0, 4])) == [4]
    assert settled(in_order([0, 4], count=9)) == []


def test_it_does_not_count_where_the_encoder_did_not_begin_anew() -> None:
    assert settled(in_order([0])) == []
    assert settled(in_order([0, 5])) == []


def test_it_does_not_count_where_a_frame_before_it_comes_behind_it() -> None:
    """An open group of pictures: 2 and 3 look back across frame 4, which is coded before them."""
    order = [0, 1, 4, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert settled([(frame, frame in (0, 4)) for frame in order]) == []


def test_it_does_not_count_where_one_behind_it_came_before_it() -> None:
    order = [0, 1, 5, 2, 4, 3, 6, 7, 8, 9, 10, 11]  # 4 is the fifth packet, and 3 is missing still
    assert settled([(frame, frame in (0, 4)) for frame in order]) == []


def test_frames_that_are_reordered_between_key_frames_do_not_matter() -> None:
    order = [0, 2, 1, 3, 4, 6, 5, 8, 7, 10, 9, 11]
    assert settled([(frame, frame in (0, 4)) for frame in order]) == [4]


def test_milestones_lie_where_the_film_says_whatever_the_time_of_day() -> None:
    milestones = KeyframeTracker(Fraction(5))
    cuts = {Fraction(7, 10), Fraction(8), Fraction(17, 2)}
    times = [Fraction(n, 10) for n in range(160)]
    due = [time for time in times if milestones.is_due(time, time in cuts)]
    assert due == [5, 8, 13]  # not at the cuts within a second of the last


def test_a_film_that_is_gone_on_with_has_one_where_it_was_taken_up() -> None:
    assert not KeyframeTracker(Fraction(5)).is_due(Fraction(3), cut=False)
    assert KeyframeTracker(Fraction(5), packets=40).is_due(Fraction(3), cut=False)
