"""A run can resume at a frame once it is a keyframe in the file and all frames before it are there, too."""

from collections.abc import Sequence
from fractions import Fraction

from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.keyframe_tracker import KeyframeTracker
from streamstyle.resume.packet_digest import Digest


def resumable_frames(packets: Sequence[tuple[int, bool]], expected: int = 4) -> list[int]:
    """Numbers of frames a run can resume after, once the packets (frame, is_keyframe) are muxed, ten a second."""
    keyframes = KeyframeTracker(Fraction(1))
    keyframes.expect(ResumePoint(expected), expected)
    points = [
        keyframes.packet_muxed(frame, is_keyframe, Fraction(place, 10), Digest(f"of {place} packets", ""))
        for place, (frame, is_keyframe) in enumerate(packets)
    ]
    written = [point for point in points if point is not None]
    assert all(digest.content == f"of {point.frames} packets" for point, digest in written)
    return [point.frames for point, _ in written]


def in_display_order(keyframes: Sequence[int], count: int = 12) -> list[tuple[int, bool]]:
    return [(frame, frame in keyframes) for frame in range(count)]


def test_a_keyframe_counts_half_a_second_after_its_packet() -> None:
    assert resumable_frames(in_display_order([0, 4])) == [4]
    assert resumable_frames(in_display_order([0, 4], count=9)) == []


def test_a_frame_does_not_count_if_the_encoder_made_it_no_keyframe() -> None:
    assert resumable_frames(in_display_order([0])) == []
    assert resumable_frames(in_display_order([0, 5])) == []


def test_a_keyframe_does_not_count_if_earlier_frames_follow_it() -> None:
    """An open group of pictures: 2 and 3 refer across frame 4, which is coded before them."""
    order = [0, 1, 4, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert resumable_frames([(frame, frame in (0, 4)) for frame in order]) == []


def test_a_keyframe_does_not_count_if_later_frames_precede_it() -> None:
    order = [0, 1, 5, 2, 4, 3, 6, 7, 8, 9, 10, 11]  # 4 is the fifth packet, and 3 is still missing
    assert resumable_frames([(frame, frame in (0, 4)) for frame in order]) == []


def test_frames_reordered_between_keyframes_do_not_matter() -> None:
    order = [0, 2, 1, 3, 4, 6, 5, 8, 7, 10, 9, 11]
    assert resumable_frames([(frame, frame in (0, 4)) for frame in order]) == [4]


def test_resume_points_depend_on_times_in_the_video_only() -> None:
    keyframes = KeyframeTracker(Fraction(5))
    cuts = {Fraction(7, 10), Fraction(8), Fraction(17, 2)}
    times = [Fraction(n, 10) for n in range(160)]
    due = [time for time in times if keyframes.is_due(time, time in cuts)]
    assert due == [5, 8, 13]  # not at the cuts within a second of the last


def test_the_first_frame_is_due_only_in_a_resumed_run() -> None:
    assert not KeyframeTracker(Fraction(5)).is_due(Fraction(3), cut=False)
    assert KeyframeTracker(Fraction(5), packets=40).is_due(Fraction(3), cut=False)
