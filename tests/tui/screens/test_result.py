from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.events import Event, Failed, Finished, FrameWritten, ShotStarted, Stopped
from streamstyle.runs.state import RunState
from streamstyle.tui.run_control import RunSnapshot
from streamstyle.tui.screens.result import RunResult, exit_message, explanation, headline, next_steps, rows
from tests.tui.fake_run import started

FINISHED = Finished("my film.wave.mkv", 132, 2, 66.0, 100, 31)


def past(
    *events: Event, words: tuple[str, ...] = ("my film.mkv", "--style", "wave"), code: int | None = None
) -> RunResult:
    """A run that painted 12 of 132 frames, and what was said after that."""
    story = RunState()
    for event in (started("my film.mkv", "my film.wave.mkv", 132), ShotStarted(0, 60, 2.4), *events):
        story = story.apply(event)
    return RunResult(
        RunSnapshot(story, alive=False, exit_code=code), words, Path("my film.mkv"), Path("my film.wave.mkv")
    )


def test_a_whole_film_can_be_played_and_measured_by_commands_fit_for_a_shell() -> None:
    whole = past(FINISHED)
    assert headline(whole) == "Painted in 1:06"
    assert dict(rows(whole)) == {
        "size": "it is not there any more",
        "frames": "132, in 2 shots",
        "pace": "2.0 fps, 0.5 s a frame",
        "flow": "100 computed, 31 known",
    }
    steps = dict(next_steps(whole))
    assert steps["play"].endswith(" 'my film.wave.mkv'")
    assert steps["measure"] == "streamstyle measure 'my film.wave.mkv' --source 'my film.mkv'"
    assert steps["the methods side by side"] == "streamstyle compare 'my film.mkv' --style wave --sample 5s"
    assert (whole.exit_code, exit_message(whole)) == (0, "my film.wave.mkv: 132 frames in 1:06 (2.0 fps)")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--range", "10-20"), " --range 10-20"),
        (("--range=-0:20",), " --range -0:20"),
        (("--sample", "1s"), " --range 2.400-4.841"),
        (("--method", "live"), ""),
    ],
)
def test_a_part_of_a_film_is_measured_against_that_part(words: tuple[str, ...], part: str) -> None:
    whole = past(FrameWritten(62, 62, 4.84, 60.0), FINISHED, words=("my film.mkv", *words))
    assert dict(next_steps(whole))["measure"].endswith(f"'my film.mkv'{part}")


def test_a_run_that_was_stopped_says_how_far_it_came() -> None:
    early = past(Stopped("my film.wave.partial.mkv", 12, 30.0))
    assert headline(early) == "Stopped after 12 of 132 frames"
    assert early.output_path == Path("my film.wave.partial.mkv")
    assert dict(next_steps(early))["again"] == "streamstyle run 'my film.mkv' --style wave"
    assert early.exit_code == 130
    at_once = past(Stopped("my film.wave.partial.mkv", 0, 0.0))
    assert (at_once.output_path, next_steps(at_once)) == (None, [])


def test_a_run_that_can_be_gone_on_with_says_so_and_its_speed_is_that_of_its_own_frames() -> None:
    early = past(Stopped("my film.wave.partial.mkv", 12, 4.0, resumed_frames=8, resumable_frames=12))
    assert explanation(early) == ["The same command goes on there."]
    assert dict(rows(early))["pace"] == "1 s a frame"
    words = ("my film.mkv", "--restart", "--style", "wave")
    again = past(Stopped("my film.wave.partial.mkv", 12, 4.0, resumed_frames=8, resumable_frames=12), words=words)
    assert dict(next_steps(again))["go on"] == "streamstyle run 'my film.mkv' --style wave"  # not from the beginning


def test_a_failure_has_its_problem_its_next_step_and_its_exit_code() -> None:
    failed = past(Failed("the disk is full", "Make room.", 4))
    assert explanation(failed) == ["the disk is full.", "Make room."]
    assert failed.exit_code == 4
    assert exit_message(failed) == "streamstyle: error: the disk is full. Make room."
    assert headline(past(Failed("a fault of the program itself", "", 70))) == "A fault of the program"


def test_what_was_painted_before_the_end_of_the_process_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dead = past(FrameWritten(12, 132, 0.5, 9.0), code=137)
    assert headline(dead) == "The painting process was ended by SIGKILL"
    assert dead.output_path is None
    (tmp_path / "my film.wave.partial.mkv").write_bytes(b"film")
    assert dead.output_path == Path("my film.wave.partial.mkv")
    assert "12 of 132 frames" in explanation(dead)[-1]
    assert dead.exit_code == 137


def test_nobody_knows_how_a_process_that_is_not_ours_ended() -> None:
    assert headline(past()) == "The painting process was ended"
    assert past().exit_code == 1


def test_what_is_to_be_typed_again_is_what_people_type() -> None:
    words = ("my film.mkv", "--style", "wave", "--json", "--run-folder", "/runs/7", "-y")
    early = past(Stopped("my film.wave.partial.mkv", 12, 30.0), words=words)
    assert dict(next_steps(early))["again"] == "streamstyle run 'my film.mkv' --style wave -y"
