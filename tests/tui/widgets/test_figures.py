from __future__ import annotations

from dataclasses import replace

import pytest

from streamstyle.events import FrameWritten
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.figures import position_text, sparkline, speed_text, stability_text
from tests.tui.fake_run import started, status_sample

HALF_WAY = RunState(started=started("film.mkv", "out.mkv", 132), last_frame=FrameWritten(66, 132, 2.64, 33.0))


def test_speed_and_position_of_a_run_half_way() -> None:
    assert speed_text(HALF_WAY) == "2.0 fps"
    assert position_text(HALF_WAY) == "0:03 / 0:05"


@pytest.mark.parametrize(
    ("error", "per_frame", "sharpness", "text"),
    [
        (0.0003, 0.0015, 0.05, "5.0 times steadier, 50 % as sharp"),
        (0.0001, 0.0023, 0.101, "23 times steadier, 101 % as sharp"),
        (0.0015, 0.0015, 0.1, "no steadier, 100 % as sharp"),
        (None, 0.0015, 0.1, ""),
        (0.0003, 0.0015, None, ""),
        (0.0, 0.0, 0.1, ""),
    ],
)
def test_steadiness_and_sharpness_are_relative_to_the_frames_by_themselves(
    error: float | None, per_frame: float, sharpness: float | None, text: str
) -> None:
    measured = replace(
        status_sample(9),
        warping_error={"output": error, "per_frame": per_frame},
        sharpness={"output": sharpness, "per_frame": 0.1},
    )
    assert stability_text(replace(HALF_WAY, status=measured)) == text


def test_sparkline_scales_to_its_maximum_and_skips_missing_values() -> None:
    assert sparkline([1, 2, 4, 8], 10) == "▂▃▅█"
    assert sparkline([1, 2, 4, 8], 2) == "▅█"
    assert sparkline([8, None, float("nan")], 3) == "█▁▁"
    assert sparkline([0, 0], 3) == ""
