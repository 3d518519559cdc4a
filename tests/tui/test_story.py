from __future__ import annotations

import json

from streamstyle.events import Event, FrameWritten, Paused, ShotStarted, Stopped, Unpaused, Warned
from streamstyle.tui.story import Story, event_of
from tests.tui.fake_engine import started, surveyed


def heard(*events: Event) -> Story:
    """The story as it comes through a file."""
    story = Story()
    for event in events:
        if known := event_of(json.loads(event.to_line())):
            story = story.told(known)
    return story


def test_a_story_tells_where_a_run_stands() -> None:
    story = heard(started("film.mkv", "out.mkv", 132), ShotStarted(0, 0, 0.0), FrameWritten(57, 132, 2.28, 55.0))
    assert (story.frames_done, story.frames) == (57, 132)
    assert [remark.text for remark in story.remarks] == ["shot 1 begins at 0:00, frame 0"]


def test_a_run_that_went_on_is_not_paused() -> None:
    assert heard(Paused(3)).paused
    assert not heard(Paused(3), Unpaused(3)).paused
    assert not heard(Paused(3), Stopped("out.partial.mkv", 3, 1.0)).paused


def test_warnings_stand_out_of_the_log() -> None:
    assert [remark.warning for remark in heard(Warned("no sound"), Paused(1)).remarks] == [True, False]


def test_what_a_later_version_says_is_passed_over() -> None:
    assert event_of({"event": "dreamt", "of": "sheep"}) is None
    assert event_of({"event": "paused"}) is None
    assert event_of({"event": "paused", "frame": 3, "mood": "calm"}) == Paused(3)
    assert event_of({"event": None}) is None


def test_a_survey_survives_the_way_through_a_file() -> None:
    seen = heard(surveyed(57)).surveyed
    assert seen is not None
    assert seen.stages == surveyed(57).stages
    assert list(seen.fps_history) == list(surveyed(57).fps_history)
