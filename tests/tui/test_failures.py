"""Failures of the run, its files and the terminal: the terminal UI stays intact and shows what happened."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest
from textual.pilot import Pilot

from streamstyle.files import read_json
from streamstyle.runs.folder import list_runs, runs_folder
from streamstyle.runs.launcher import create_run_folder, start_run
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.setup.screen import SetupScreen
from tests.tui.pilot import (
    FAKE_PROGRAM,
    Steps,
    app_with_fake_run,
    run_app,
    run_request,
    screen_text,
    wait_for_text,
    wait_until,
)

SLOWLY = ("--frames", "2000", "--seconds", "0.03")


def run_pid() -> int:
    """The process of the latest run."""
    return int(read_json(list_runs()[0].path / "run.json")["pid"])


def expect_summary(text: str, *others: str) -> Steps:
    """Steps that wait for a text on the summary, check others there, and leave."""

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, text)
        for other in others:  # a long path decides where its line is wrapped
            assert other in screen_text(pilot) or other in " ".join(screen_text(pilot).split())
        await pilot.press("q")

    return steps


def test_killed_run_shows_the_signal_and_the_partial_output(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        os.kill(run_pid(), signal.SIGKILL)
        await wait_for_text(pilot, "The process ended unexpectedly by SIGKILL")
        shown = screen_text(pilot)
        assert "are kept" in shown
        assert "film.wave.partial.mkv" in shown
        assert "2  run again" in shown
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps) == 137


def test_killed_run_under_a_dialog_shows_the_summary(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        await pilot.press("q")
        await wait_for_text(pilot, "Leave?")
        os.kill(run_pid(), signal.SIGKILL)
        await wait_for_text(pilot, "unexpectedly by SIGKILL")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps) == 137


def test_lost_film_shows_the_error_and_the_next_step(tmp_path: Path) -> None:
    steps = expect_summary("The run failed", "cannot be read any more", "Is its disk still there?", "5 of 132 frames")
    assert run_app(app_with_fake_run(run_request(tmp_path, "--seconds", "0.01", "--lose-film-at", "5")), steps) == 3


def test_command_on_the_output_that_fails_is_shown_with_the_summary(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "● finished; the command of --exec runs")
        await wait_for_text(pilot, "Finished in")
        assert "the command of --exec failed: false." in screen_text(pilot)
        assert "is complete." in screen_text(pilot).replace("\n", " ")
        await pilot.press("q")

    request = run_request(tmp_path, "--frames", "8", "--seconds", "0.02", "--exec", "false")
    assert run_app(app_with_fake_run(request), steps) == 7


def test_stderr_of_the_run_stays_off_the_screen(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        assert "HEVC" not in screen_text(pilot)
        os.kill(run_pid(), signal.SIGKILL)
        await wait_for_text(pilot, "[bold]no markup[/]")
        await pilot.press("q")

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY, "--noise")), steps)


def test_run_that_fails_before_its_folder_exists_shows_the_error(tmp_path: Path) -> None:
    steps = expect_summary("The run failed", "there is no style wave9.", "Try `streamstyle styles`.")
    assert run_app(app_with_fake_run(run_request(tmp_path, "--refuse")), steps) == 5


def test_program_that_cannot_be_started_is_an_internal_error(tmp_path: Path) -> None:
    app = StreamstyleApp(run_request(tmp_path), program=(str(tmp_path / "nothing"),))
    assert run_app(app, expect_summary("Internal error", "could not be started")) == 70


def test_program_that_ends_without_an_event_shows_its_stderr(tmp_path: Path) -> None:
    app = StreamstyleApp(run_request(tmp_path), program=("sh", "-c", "echo no such thing >&2; exit 3", "sh"))
    assert run_app(app, expect_summary("ended unexpectedly, with exit code 3", "no such thing")) == 3


def test_terminal_can_be_resized_during_a_run(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        for size in ((80, 24), (40, 12), (10, 3), (1, 1), (200, 60), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
        await wait_for_text(pilot, "of 2000 frames")
        await pilot.press("q", "e")
        await wait_for_text(pilot, "Stopped after")

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps)


def test_unwritable_state_folder_moves_the_run_folder_to_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (old := tmp_path / "streamstyle-run-old").mkdir()
    (old / "run.json").write_text('{"pid": 4194305, "create_time": 0}')
    runs_folder().parent.mkdir(parents=True)
    runs_folder().write_text("a file where the folder should be")

    async def steps(pilot: Pilot[int]) -> None:
        await wait_until(pilot, lambda: any("the run's folder is" in note.message for note in pilot.app._notifications))
        await wait_for_text(pilot, "Finished in")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "20", "--seconds", "0.1")), steps) == 0
    assert not old.exists(), "folders of runs that have ended are removed"
    assert len(list(tmp_path.glob("streamstyle-run-*"))) == 1


def test_events_file_that_becomes_unreadable_does_not_end_the_run(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        (list_runs()[0].path / "events.jsonl").unlink()
        (list_runs()[0].path / "events.jsonl").mkdir()
        await wait_for_text(pilot, "Finished in")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "60", "--seconds", "0.03")), steps) == 0


def test_run_has_a_session_of_its_own(tmp_path: Path) -> None:
    request = run_request(tmp_path, *SLOWLY)
    folder, warning = create_run_folder(request)
    process = start_run(request, folder, FAKE_PROGRAM)
    assert (warning, os.getsid(process.pid)) == ("", process.pid)
    process.kill()
    assert process._process.wait() == -signal.SIGKILL
    assert process.exit_code() == 137


@pytest.mark.parametrize(
    ("key", "code", "old", "new"),
    [("o", 0, False, False), ("k", 0, True, True), ("c", 4, True, False), ("escape", 4, True, False)],
)
def test_existing_output_is_asked_about(tmp_path: Path, key: str, code: int, old: bool, new: bool) -> None:
    output = tmp_path / "film.wave.mkv"
    output.write_text("precious")

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "The output exists")
        assert "film.wave-2.mkv" in screen_text(pilot)
        await pilot.press(key)
        if code == 0:
            await wait_for_text(pilot, "Finished in")
            await pilot.press("q")
        else:
            await wait_until(pilot, lambda: pilot.app.return_code == code)

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "3", "--seconds", "0.01")), steps) == code
    assert (output.read_bytes() == b"precious") is old
    assert (tmp_path / "film.wave-2.mkv").exists() is new


def test_n_on_the_summary_opens_the_start_screen(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Finished in")
        await pilot.press("n")
        await wait_until(pilot, lambda: any(isinstance(screen, SetupScreen) for screen in pilot.app.screen_stack))
        pilot.app.exit(return_code=0)

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "2", "--seconds", "0.01")), steps) == 0
