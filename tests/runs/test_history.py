"""The history of a run: bounded, evenly spaced, and exact means over the frames of each point."""

from __future__ import annotations

from itertools import pairwise

import pytest

from streamstyle.runs.history import MAX_POINTS, History


@pytest.mark.parametrize("step", [1, 9])
def test_a_long_run_keeps_few_points_of_about_equally_many_frames(step: int) -> None:
    history = History()
    for frame in range(step, 200_000, step):
        history.add(frame - step, frame, {"fps": (step, 0.5 * step)})
    columns = history.columns()
    frames = [0, *columns["frame"]]
    spans = [after - before for before, after in pairwise(frames)][1:-1]
    assert MAX_POINTS / 2 - 2 <= len(spans) <= MAX_POINTS
    assert max(spans) <= 1.1 * min(spans)
    assert set(columns["fps"]) == {2.0}


def test_joined_points_are_means_over_their_frames() -> None:
    """Frames take a second and a quarter of one in turn: a point of both is 2 frames in 1.25 seconds."""
    history = History()
    for frame in range(1, MAX_POINTS + 3):
        history.add(frame - 1, frame, {"fps": (1, 1.0 if frame % 2 else 0.25)})
    assert history.columns()["fps"] == (1.6,) * (MAX_POINTS // 2 + 1)
    assert history.columns()["frame"] == tuple(range(2, MAX_POINTS + 3, 2))


def test_a_figure_that_comes_later_is_none_before() -> None:
    history = History()
    assert history.columns() == {}
    history.add(0, 1, {"fps": (1, 2.0)})
    history.add(1, 2, {"fps": (1, 2.0), "steadiness": (0.0, 0.0)})
    history.add(2, 3, {"fps": (1, 2.0), "steadiness": (3.0, 1.0)})
    assert history.columns() == {"frame": (1, 2, 3), "fps": (0.5, 0.5, 0.5), "steadiness": (None, None, 3.0)}
