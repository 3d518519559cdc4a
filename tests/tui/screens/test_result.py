from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streamstyle.events import Event, Failed, Finished, FrameWritten, ShotStarted, Stopped
from streamstyle.runs.state import RunState
from streamstyle.tui.run_control import RunSnapshot
from streamstyle.tui.screens.result import RunResult, exit_message, explanation, headline, next_steps, summary_rows
from tests.tui.fake_run import started

FINISHED = Finished("my film.wave.mkv", 132, 2, 66.0, 100, 31)


def run_result(
    *events: Event, arguments: tuple[str, ...] = ("my film.mkv", "--style", "wave"), code: int | None = None
) -> RunResult:
    """The result of a run of 132 frames after these events."""
    state = RunState()
    for event in (started("my film.mkv", "my film.wave.mkv", 132), ShotStarted(0, 60, 2.4), *events):
        state = state.apply(event)
    return RunResult(
        RunSnapshot(state, alive=False, exit_code=code), arguments, Path("my film.mkv"), Path("my film.wave.mkv")
    )


def test_finished_run_offers_quoted_commands() -> None:
    result = run_result(FINISHED)
    assert headline(result) == "Finished in 1:06"
    assert dict(summary_rows(result)) == {
        "size": "the file no longer exists",
        "frames": "132, in 2 shots",
        "speed": "2.0 fps, 0.5 s/frame",
        "flow": "100 computed, 31 cached",
    }
    steps = dict(next_steps(result))
    assert steps["play"].endswith(" 'my film.wave.mkv'")
    assert steps["measure"] == "streamstyle measure 'my film.wave.mkv' --source 'my film.mkv'"
    assert steps["compare methods"] == "streamstyle compare 'my film.mkv' --style wave --sample 5s"
    assert (result.exit_code, exit_message(result)) == (0, "my film.wave.mkv: 132 frames in 1:06 (2.0 fps)")


@pytest.mark.parametrize(
    ("options", "range_option"),
    [
        (("--range", "10-20"), " --range 10-20"),
        (("--range=-0:20",), " --range -0:20"),
        (("--sample", "1s"), " --range 2.400-4.841"),
        (("--method", "live"), ""),
    ],
)
def test_measure_command_repeats_the_range(options: tuple[str, ...], range_option: str) -> None:
    result = run_result(FrameWritten(62, 62, 4.84, 60.0), FINISHED, arguments=("my film.mkv", *options))
    assert dict(next_steps(result))["measure"].endswith(f"'my film.mkv'{range_option}")


def test_command_on_the_output_that_failed_is_explained() -> None:
    failure = Failed("the command of --exec failed with exit code 3: mpv out.mkv", "out.mkv is complete.", 7)
    result = run_result(FINISHED)
    result = replace(result, snapshot=replace(result.snapshot, later_failure=failure))
    assert headline(result) == "Finished in 1:06"
    assert explanation(result) == [f"{failure.problem}.", failure.next_step]
    assert result.exit_code == 7
    assert exit_message(result).splitlines()[1] == f"streamstyle: error: {failure.problem}. {failure.next_step}"
    assert dict(next_steps(result))["play"]


def test_stopped_run_says_how_many_frames_are_done() -> None:
    result = run_result(Stopped("my film.wave.partial.mkv", 12, 30.0))
    assert headline(result) == "Stopped after 12 of 132 frames"
    assert result.output_path == Path("my film.wave.partial.mkv")
    assert dict(next_steps(result))["run again"] == "streamstyle run 'my film.mkv' --style wave"
    assert result.exit_code == 130
    at_once = run_result(Stopped("my film.wave.partial.mkv", 0, 0.0))
    assert (at_once.output_path, next_steps(at_once)) == (None, [])


def test_resumable_run_says_so_and_ignores_resumed_frames_in_speed() -> None:
    result = run_result(Stopped("my film.wave.partial.mkv", 12, 4.0, resumed_frames=8, resumable_frames=12))
    assert explanation(result) == ["The same command resumes it."]
    assert dict(summary_rows(result))["speed"] == "1 s/frame"
    arguments = ("my film.mkv", "--restart", "--style", "wave")
    again = run_result(
        Stopped("my film.wave.partial.mkv", 12, 4.0, resumed_frames=8, resumable_frames=12), arguments=arguments
    )
    assert dict(next_steps(again))["resume"] == "streamstyle run 'my film.mkv' --style wave"  # not from the beginning


def test_failed_run_has_problem_next_step_and_exit_code() -> None:
    failed = run_result(Failed("the disk is full", "Make room.", 4))
    assert explanation(failed) == ["the disk is full.", "Make room."]
    assert failed.exit_code == 4
    assert exit_message(failed) == "streamstyle: error: the disk is full. Make room."
    assert headline(run_result(Failed("a fault of the program itself", "", 70))) == "Internal error"


def test_killed_run_keeps_its_partial_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dead = run_result(FrameWritten(12, 132, 0.5, 9.0), code=137)
    assert headline(dead) == "The process ended unexpectedly by SIGKILL"
    assert dead.output_path is None
    (tmp_path / "my film.wave.partial.mkv").write_bytes(b"film")
    assert dead.output_path == Path("my film.wave.partial.mkv")
    assert "12 of 132 frames" in explanation(dead)[-1]
    assert dead.exit_code == 137


def test_run_of_unknown_end_has_exit_code_1() -> None:
    assert headline(run_result()) == "The process ended unexpectedly"
    assert run_result().exit_code == 1


def test_command_to_run_again_omits_internal_options() -> None:
    arguments = ("my film.mkv", "--style", "wave", "--json", "--run-folder", "/runs/7", "-y")
    result = run_result(Stopped("my film.wave.partial.mkv", 12, 30.0), arguments=arguments)
    assert dict(next_steps(result))["run again"] == "streamstyle run 'my film.mkv' --style wave -y"
