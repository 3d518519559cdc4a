"""Watching a run that was started elsewhere."""

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
def owner(fake_run: FakeRun) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that owns the run."""
    with subprocess.Popen(["sleep", "60"]) as process:
        fake_run.folder.write_control(
            Control(owner=ProcessIdentity(process.pid, psutil.Process(process.pid).create_time()))
        )
        yield process
        process.kill()


def test_viewer_of_an_owned_run_cannot_control_it(fake_run: FakeRun, owner: subprocess.Popen[bytes]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, f"● view only: {owner.pid} holds it")
        await wait_until(pilot, lambda: any(f"{owner.pid} holds" in note.message for note in pilot.app._notifications))
        for key in ("space", "s", "e"):
            await pilot.press(key)
        assert "Pause" not in screen_text(pilot)
        await pilot.press("q")

    before = fake_run.folder.events.read_text(), fake_run.folder.control.read_text()
    assert run_app(StreamstyleApp(fake_run.folder), steps) == 0
    assert (fake_run.folder.events.read_text(), fake_run.folder.control.read_text()) == before


def test_viewer_can_take_over_when_the_owner_has_ended(fake_run: FakeRun, owner: subprocess.Popen[bytes]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "● view only")
        owner.kill()
        await wait_for_text(pilot, "Pause")
        await wait_until(pilot, lambda: any("has left" in note.message for note in pilot.app._notifications))
        await pilot.press("space")
        await wait_until(pilot, lambda: fake_run.folder.read_control().paused)
        assert fake_run.folder.read_control().owner == ProcessIdentity.current()
        await pilot.press("q")

    assert run_app(StreamstyleApp(fake_run.folder), steps) == 0
    assert fake_run.folder.read_control() == Control(), "leaving gives up ownership and continues the run"


def test_viewer_controls_a_run_without_an_owner(fake_run: FakeRun) -> None:
    fake_run.folder.write_control(Control(save=SaveRequest(4, "output", "film.wave.output-4.png")))

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Pause")
        await pilot.press("s")
        await wait_until(
            pilot, lambda: fake_run.folder.read_control().save != SaveRequest(4, "output", "film.wave.output-4.png")
        )
        assert fake_run.folder.read_control().save.number == 5
        await pilot.press("e")
        await wait_for_text(pilot, "Stop here?")
        await pilot.press("e")
        await wait_until(pilot, lambda: fake_run.folder.read_control().stop)
        await wait_for_text(pilot, "● stopping after this frame")
        await pilot.press("q")

    assert run_app(StreamstyleApp(fake_run.folder), steps) == 0
    assert fake_run.folder.read_control().stop


def test_leaving_prints_the_attach_and_stop_commands(fake_run: FakeRun, capfd: pytest.CaptureFixture[str]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Pause")
        await pilot.press("q")

    run_app(StreamstyleApp(fake_run.folder), steps)
    printed = capfd.readouterr().err
    assert f"streamstyle tui --attach {os.getpid()}\n" in printed
    assert f"streamstyle stop {os.getpid()}\n" in printed


def test_late_viewer_sees_earlier_events(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "57 of 132 frames")
        await wait_for_text(pilot, "shot 2 begins at 0:02, frame 40")

    run_app(StreamstyleApp(fake_run.folder), steps)


def ended(fake_run: FakeRun) -> RunFolder:
    """The same run with a process that has ended."""
    owner = fake_run.folder.path / "run.json"
    owner.write_text(json.dumps(json.loads(owner.read_text()) | {"pid": 2**22 + 1}))
    return fake_run.folder


def test_finished_run_opens_its_summary(fake_run: FakeRun) -> None:
    fake_run.emit(Finished("film.wave.mkv", 132, 2, 125.0, 131, 0))

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Finished in 2:05")
        assert "132, in 2 shots" in screen_text(pilot)
        assert "131 computed, 0 cached" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(fake_run)), steps) == 0


@pytest.mark.parametrize("options", [["--notify"], []])
def test_the_end_of_a_run_with_notify_rings_the_bell(
    fake_run: FakeRun, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, rung = fake_run.folder.path / "run.json", []
    command = ["run", "film.mkv", "--style", "wave", *options]
    owner.write_text(json.dumps(json.loads(owner.read_text()) | {"command": command}))
    fake_run.emit(Finished("film.wave.mkv", 132, 2, 125.0, 131, 0))
    monkeypatch.setattr(StreamstyleApp, "bell", lambda app: rung.append(True))

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Finished in 2:05")
        await pilot.press("q")

    run_app(StreamstyleApp(ended(fake_run)), steps)
    assert rung == [True] * len(options)


def test_failed_run_shows_problem_and_next_step(fake_run: FakeRun) -> None:
    fake_run.emit(Failed("film.mkv cannot be read any more", "Is its disk still there?", 3))

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "The run failed")
        assert "film.mkv cannot be read any more." in screen_text(pilot)
        assert "Is its disk still there?" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(fake_run)), steps) == 3


def test_run_that_died_silently_shows_its_stderr(fake_run: FakeRun) -> None:
    (fake_run.folder.stderr_log).write_text("cannot allocate memory\n")

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "The process ended unexpectedly")
        assert "cannot allocate memory" in screen_text(pilot)
        await pilot.press("q")

    assert run_app(StreamstyleApp(ended(fake_run)), steps) == 1


def test_half_written_run_folder_is_read_as_far_as_possible(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(["run"])
    folder.status.write_text('{"status_sampled": {"event"')
    folder.events.write_bytes(b'{"event": "warned", "message": "\xff"}\n{"event": "sta')

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "opening the film")
        await pilot.press("q")

    assert run_app(StreamstyleApp(folder), steps) == 0
