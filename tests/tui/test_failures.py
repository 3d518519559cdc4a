"""What can go wrong under the terminal UI: it stays whole, and says what happened."""

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
    Act,
    app_with_fake_run,
    run_app,
    run_request,
    screen_text,
    wait_for_text,
    wait_until,
)

SLOWLY = ("--frames", "2000", "--seconds", "0.03")


def owner() -> int:
    """The process of the youngest run."""
    return int(read_json(list_runs()[0].path / "run.json")["pid"])


def ends_with(words: str, *others: str) -> Act:
    """An act: wait for the summary, look for words there, and leave."""

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, words)
        for other in others:
            assert other in screen_text(pilot)
        await pilot.press("q")

    return act


def test_an_engine_that_is_killed(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        os.kill(owner(), signal.SIGKILL)
        await wait_for_text(pilot, "The painting process was ended by SIGKILL")
        shown = screen_text(pilot)
        assert "is kept" in shown
        assert "film.wave.partial.mkv" in shown
        assert "2  again" in shown
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act) == 137


def test_an_engine_that_is_killed_while_a_question_is_open(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        await pilot.press("q")
        await wait_for_text(pilot, "Leave?")
        os.kill(owner(), signal.SIGKILL)
        await wait_for_text(pilot, "ended by SIGKILL")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act) == 137


def test_a_film_that_vanishes(tmp_path: Path) -> None:
    act = ends_with("That could not be done", "cannot be read any more", "Is its disk still there?", "5 of 132 frames")
    assert run_app(app_with_fake_run(run_request(tmp_path, "--seconds", "0.01", "--lose-film-at", "5")), act) == 3


def test_rubbish_on_standard_error_stays_off_the_screen(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        assert "HEVC" not in screen_text(pilot)
        os.kill(owner(), signal.SIGKILL)
        await wait_for_text(pilot, "[bold]no markup[/]")
        await pilot.press("q")

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY, "--noise")), act)


def test_a_style_that_is_not_known(tmp_path: Path) -> None:
    act = ends_with("That could not be done", "there is no style wave9.", "Try `streamstyle styles`.")
    assert run_app(app_with_fake_run(run_request(tmp_path, "--refuse")), act) == 5


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    app = StreamstyleApp(run_request(tmp_path), program=(str(tmp_path / "nothing"),))
    assert run_app(app, ends_with("A fault of the program", "could not be started")) == 70


def test_a_program_that_ends_without_a_word(tmp_path: Path) -> None:
    app = StreamstyleApp(run_request(tmp_path), program=("sh", "-c", "echo no such thing >&2; exit 3", "sh"))
    assert run_app(app, ends_with("was ended, with exit code 3", "no such thing")) == 3


def test_a_terminal_that_is_resized_while_a_film_is_painted(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        for size in ((80, 24), (40, 12), (10, 3), (1, 1), (200, 60), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
        await wait_for_text(pilot, "of 2000 frames")
        await pilot.press("q", "s")
        await wait_for_text(pilot, "Stopped after")

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act)


def test_a_state_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (old := tmp_path / "streamstyle-run-old").mkdir()
    (old / "run.json").write_text('{"pid": 4194305, "create_time": 0}')
    runs_folder().parent.mkdir(parents=True)
    runs_folder().write_text("a file where the folder should be")

    async def act(pilot: Pilot[int]) -> None:
        await wait_until(pilot, lambda: any("the run's folder is" in said.message for said in pilot.app._notifications))
        await wait_for_text(pilot, "Painted in")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "20", "--seconds", "0.1")), act) == 0
    assert not old.exists(), "it was that of a run which has ended"
    assert len(list(tmp_path.glob("streamstyle-run-*"))) == 1


def test_a_folder_that_is_taken_away_while_a_film_is_painted(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        (list_runs()[0].path / "events.jsonl").unlink()
        (list_runs()[0].path / "events.jsonl").mkdir()
        await wait_for_text(pilot, "Painted in")
        await pilot.press("q")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "60", "--seconds", "0.03")), act) == 0


def test_a_run_outlives_whoever_started_it(tmp_path: Path) -> None:
    request = run_request(tmp_path, *SLOWLY)
    folder, warning = create_run_folder(request)
    engine = start_run(request, folder, FAKE_PROGRAM)
    assert (warning, os.getsid(engine.pid)) == ("", engine.pid)
    engine.kill()
    assert engine._process.wait() == -signal.SIGKILL
    assert engine.exit_code() == 137


@pytest.mark.parametrize(
    ("key", "code", "old", "new"),
    [("o", 0, False, False), ("k", 0, True, True), ("c", 4, True, False), ("escape", 4, True, False)],
)
def test_an_output_that_exists_is_asked_about(tmp_path: Path, key: str, code: int, old: bool, new: bool) -> None:
    output = tmp_path / "film.wave.mkv"
    output.write_text("precious")

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "There is such a film already")
        assert "film.wave-2.mkv" in screen_text(pilot)
        await pilot.press(key)
        if code == 0:
            await wait_for_text(pilot, "Painted in")
            await pilot.press("q")
        else:
            await wait_until(pilot, lambda: pilot.app.return_code == code)

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "3", "--seconds", "0.01")), act) == code
    assert (output.read_bytes() == b"precious") is old
    assert (tmp_path / "film.wave-2.mkv").exists() is new


def test_after_a_run_another_film_can_be_asked_for(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Painted in")
        await pilot.press("n")
        await wait_until(pilot, lambda: any(isinstance(screen, SetupScreen) for screen in pilot.app.screen_stack))
        pilot.app.exit(return_code=0)

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "2", "--seconds", "0.01")), act) == 0
