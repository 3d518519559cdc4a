from __future__ import annotations

import time

from streamstyle.tui.setup.panels import format_estimate

NOON = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))


TRIAL = {"trial_frames": 9, "seconds_per_frame": 2.1, "adaptation_seconds": 0.0}


def test_estimate_names_its_trial_frames() -> None:
    estimate = TRIAL | {"seconds": 11400.0, "output_bytes": 4_200_000_000}
    text = format_estimate(estimate, 80_000_000_000, NOON, partial=False).plain
    assert text == "≈ 3 h 10 min · 2.1 s/frame · 4.2 GB of 80 GB free · done at 15:10 · from 9 frames"
    partial = format_estimate(estimate | {"trial_frames": 2, "output_bytes": None}, None, NOON, partial=True).plain
    assert partial == "≈ 3 h 10 min · 2.1 s/frame · done at 15:10 · from 2 frames, still measuring"


def test_estimate_of_unknown_duration_is_a_speed() -> None:
    estimate = TRIAL | {"seconds": None, "output_bytes": None}
    assert format_estimate(estimate, None, NOON, partial=False).plain == "2.1 s/frame · from 9 frames"


def test_what_a_style_is_trained_for_before_is_part_of_the_estimate() -> None:
    estimate = TRIAL | {"seconds": 10800.0, "output_bytes": None, "adaptation_seconds": 600.0}
    text = format_estimate(estimate, None, NOON, partial=False).plain
    assert text == "≈ 3 h 10 min · 10 min of it learning · 2.1 s/frame · done at 15:10 · from 9 frames"
