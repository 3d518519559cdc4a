from __future__ import annotations

import time

from streamstyle.tui.setup.panels import format_estimate

NOON = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))


def test_a_cost_says_how_it_is_known() -> None:
    cost = {"trial_frames": 9, "seconds_per_frame": 2.1, "seconds": 11400.0, "output_bytes": 4_200_000_000}
    said = format_estimate(cost, 80_000_000_000, NOON, so_far=False).plain
    assert said == "≈ 3 h 10 min · 2.1 s/frame · 4.2 GB of 80 GB free · done at 15:10 · from 9 frames"
    early = format_estimate(cost | {"trial_frames": 2, "output_bytes": None}, None, NOON, so_far=True).plain
    assert early == "≈ 3 h 10 min · 2.1 s/frame · done at 15:10 · from 2 frames, still trying"


def test_a_video_of_unknown_length_has_a_speed_alone() -> None:
    cost = {"trial_frames": 9, "seconds_per_frame": 2.1, "seconds": None, "output_bytes": None}
    assert format_estimate(cost, None, NOON, so_far=False).plain == "2.1 s/frame · from 9 frames"
