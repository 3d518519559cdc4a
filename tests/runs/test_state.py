"""The state of a run follows from its events."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import MagicMock

import pytest

from streamstyle.events import (
    Event,
    FrameWritten,
    Paused,
    ShotStarted,
    Stopped,
    StyleTrained,
    TrainingStep,
    Unpaused,
    Warned,
)
from streamstyle.runs.state import RunState, apply_events, parse_event
from streamstyle.tui.run_control import RunController, RunSnapshot
from tests.tui.fake_run import started, status_sample

HALFWAY = RunState(started=started("film.mkv", "out.mkv", 132), last_frame=FrameWritten(66, 132, 2.64, 33.0))


def state_after(*events: Event) -> RunState:
    """The state after events that were written to a file and read again."""
    return apply_events(RunState(), [json.loads(event.to_line()) for event in events])


def test_the_state_counts_frames_and_logs_shots() -> None:
    state = state_after(started("film.mkv", "out.mkv", 132), ShotStarted(0, 0, 0.0), FrameWritten(57, 132, 2.28, 55.0))
    assert (state.frames_done, state.frames) == (57, 132)
    assert [entry.text for entry in state.log] == ["shot 1 begins at 0:00, frame 0"]


def test_a_run_that_adapts_its_style_knows_the_step_until_it_starts() -> None:
    step, adapted = TrainingStep(30, 300, 1.4, 21.0), StyleTrained("wave", "wave", "wave.safetensors", 300.0)
    adapting = state_after(step)
    assert adapting.training == step
    status = RunController(MagicMock()).status_text(RunSnapshot(adapting))
    assert status == "adapting the style to the film: step 30 of 300"
    state = state_after(step, adapted, started("film.mkv", "out.mkv", 132))
    assert state.training is None
    assert [entry.text for entry in state.log] == ["adapted wave to the film in 5:00"]


def test_a_run_is_paused_until_it_is_unpaused_or_has_ended() -> None:
    assert state_after(Paused(3)).paused
    assert not state_after(Paused(3), Unpaused(3)).paused
    assert not state_after(Paused(3), Stopped("out.partial.mkv", 3, 1.0)).paused


def test_a_resumed_run_counts_the_frames_written_before() -> None:
    state = state_after(replace(started("film.mkv", "out.mkv", 132), resumed_frames=40))
    assert state.frames_done == 40
    assert [entry.text for entry in state.log] == ["resumed after 40 frames"]


def test_warnings_are_marked_as_such_in_the_log() -> None:
    assert [entry.warning for entry in state_after(Warned("no sound"), Paused(1)).log] == [True, False]


def test_unknown_events_and_unknown_fields_are_ignored() -> None:
    assert parse_event({"event": "rotated", "degrees": 90}) is None
    assert parse_event({"event": "paused"}) is None
    assert parse_event({"event": "paused", "frame": 3, "reason": "later"}) == Paused(3)
    assert parse_event({"event": None}) is None


def test_a_status_sample_is_read_as_it_was_written() -> None:
    status = state_after(status_sample(57)).status
    assert status is not None
    assert status.stages == status_sample(57).stages
    assert list(status.fps_history) == list(status_sample(57).fps_history)


def test_halfway_the_time_left_is_the_time_spent() -> None:
    assert HALFWAY.fraction_done == 0.5
    assert HALFWAY.fps == pytest.approx(2)
    assert HALFWAY.seconds_left == pytest.approx(33)


def test_the_time_left_follows_from_the_current_speed() -> None:
    slow = replace(HALFWAY, status=replace(status_sample(66), fps_history=(9.0,) * 20 + (0.5,) * 16))
    assert slow.fps == pytest.approx(0.5)
    assert slow.seconds_left == pytest.approx(132)


def test_the_time_left_of_a_paused_run_or_an_uncounted_video_is_unknown() -> None:
    assert replace(HALFWAY, paused=True).seconds_left is None
    uncounted = replace(HALFWAY, started=started("film.mkv", "out.mkv", None))
    assert uncounted.seconds_left is None
    assert uncounted.fraction_done is None


def test_the_warping_error_reduction_is_a_ratio_of_both_errors() -> None:
    status = replace(status_sample(9), warping_error={"output": 0.0003, "per_frame": 0.0015})
    assert replace(HALFWAY, status=status).warping_error_reduction == pytest.approx(5)
    assert replace(HALFWAY, status=replace(status, warping_error={})).warping_error_reduction is None


def test_relative_sharpness_is_a_ratio_to_the_frames_by_themselves() -> None:
    status = replace(status_sample(9), sharpness={"output": 0.09, "per_frame": 0.1})
    assert replace(HALFWAY, status=status).relative_sharpness == pytest.approx(0.9)
    assert replace(HALFWAY, status=replace(status, sharpness={})).relative_sharpness is None
