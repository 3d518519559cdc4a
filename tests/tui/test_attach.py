"""Looking on at a run that goes on elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from textual.pilot import Pilot

from streamstyle.events import Failed, Finished
from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, RunFolder, SaveRequest
from streamstyle.tui.app import StreamstyleApp
from tests.tui.fake_run import FakeRun
from tests.tui.pilot import run_app, screen_text, wait_for_text, wait_until


@pytest.fixture
def holder(voice: FakeRun) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else who holds the run: any process that lives."""
    with subprocess.Popen(["sleep", "60"]) as process:
        voice.folder.write_control(
            Control(owner=ProcessIdentity(process.pid, psutil.Process(process.pid).create_time()))
        )
        yield process
        process.kill()


def test_looking_on_at_a_run_that_somebody_holds_changes_nothing(
    voice: FakeRun, holder: subprocess.Popen[bytes]
) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "● looking on")
        for key in ("space", "s", "e"):
            await pilot.press(key)
        assert "Pause" not in screen_text(pilot)
        await pilot.press("q")

    before = voice.folder.events.read_text(), voice.folder.control.read_text()
    assert run_app(StreamstyleApp(voice.folder), act) == 0
    assert (voice.folder.events.read_text(), voice.folder.control.read_text()) == before


def test_who_looks_on_takes_over_once_the_holder_has_gone(voice: FakeRun, holder: subprocess.Popen[bytes]) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "● looking on")
        holder.kill()
        await wait_for_text(pilot, "Pause")
        await wait_until(pilot, lambda: any("are yours" in said.message for said in pilot.app._notifications))
        await pilot.press("space")
        await wait_until(pilot, lambda: voice.folder.read_control().paused)
        assert voice.folder.read_control().owner == ProcessIdentity.current()
        await pilot.press("q")

    assert run_app(StreamstyleApp(voice.folder), act) == 0
    assert voice.folder.read_control() == Control(), "who leaves lets go, and the run goes on"


def test_a_run_that_nobody_holds_is_paused_saved_from_and_stopped_by_who_looks_on(voice: FakeRun) -> None:
    voice.folder.write_control(Control(save=SaveRequest(4, "output", "film.wave.output-4.png")))

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Pause")
        await pilot.press("s")
        await wait_until(
            pilot, lambda: voice.folder.read_control().save != SaveRequest(4, "output", "film.wave.output-4.png")
        )
        assert voice.folder.read_control().save.number == 5
        await pilot.press("e")
        await wait_for_text(pilot, "Stop here?")
        await pilot.press("s")
        await wait_until(pilot, lambda: voice.folder.read_control().stop)
        await wait_for_text(pilot, "● stopping after this frame")
        await pilot.press("q")

    assert run_app(StreamstyleApp(voice.folder), act) == 0
    assert voice.folder.read_control().stop


def test_who_leaves_is_told_how_to_come_back(voice: FakeRun, capfd: pytest.CaptureFixture[str]) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Pause")
        await pilot.press("q")

    run_app(StreamstyleApp(voice.folder), act)
    said = capfd.readouterr().err
    assert f"streamstyle tui --attach {os.getpid()}\n" in said
    assert f"streamstyle stop {os.getpid()}\n" in said


def test_who_comes_late_sees_what_was_said_before(voice: FakeRun) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "57 of 132 frames")
        await wait_for_text(pilot, "shot 2 begins at 0:02, frame 40")

    run_app(StreamstyleApp(voice.folder), act)


def ended(voice: FakeRun) -> RunFolder:
    """The same run, after its process has ended."""
    owner = voice.folder.path / "run.json"
    owner.write_text(json.dumps(json.loads(owner.read_text()) | {"pid": 2**22 + 1}))
    return voice.folder


def test_a_run_that_has_ended_shows_what_came_of_it(voice: FakeRun) -> None:
    voice.emit(Finished("film.wave.mkv", 132, 2, 125.0, 131, 0))

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Painted in 2:05")
        assert "132, in 2 shots" in screen_text(pilot)
        assert "131 computed, 0 known" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(voice)), act) == 0


def test_a_run_that_failed_shows_why_and_what_to_do(voice: FakeRun) -> None:
    voice.emit(Failed("film.mkv cannot be read any more", "Is its disk still there?", 3))

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "That could not be done")
        assert "film.mkv cannot be read any more." in screen_text(pilot)
        assert "Is its disk still there?" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(voice)), act) == 3


def test_a_run_that_died_without_a_word_is_said_to_have(voice: FakeRun) -> None:
    (voice.folder.stderr_log).write_text("cannot allocate memory\n")

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "The painting process was ended")
        assert "cannot allocate memory" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(voice)), act) == 1


def test_a_folder_that_is_half_written_is_no_harm(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(["run"])
    folder.status.write_text('{"status_sampled": {"event"')
    folder.events.write_bytes(b'{"event": "warned", "message": "\xff"}\n{"event": "sta')

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "opening the film")
        await pilot.press("q")

    assert run_app(StreamstyleApp(folder), act) == 0
