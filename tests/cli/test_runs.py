"""`streamstyle runs` and `streamstyle stop`, with fake runs."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamstyle.cli.main import exit_code
from streamstyle.events import Finished, FrameWritten, Paused
from streamstyle.runs.folder import RunFolder, runs_folder, write_json
from streamstyle.runs.status import find_run
from tests.tui.fake_run import FakeRun, started, status_sample
from tests.tui.pilot import FAKE_PROGRAM

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def active_run() -> Iterator[RunFolder]:
    """A run of 2000 frames of sea.mkv, in another process, until it is stopped."""
    folder = RunFolder(runs_folder() / "20261124-201500-sea-1")
    arguments = ["run", "sea.mkv", "-o", str(runs_folder() / "out.mkv"), "--frames", "2000", "--seconds", "0.02"]
    quiet = {"stdout": subprocess.DEVNULL}
    runs_folder().mkdir(parents=True)
    with subprocess.Popen([*FAKE_PROGRAM, *arguments, "--run-folder", str(folder.path)], **quiet) as process:
        while not folder.status.exists():
            time.sleep(0.02)
        yield folder
        process.kill()


def fake_run(name: str) -> FakeRun:
    run = FakeRun(RunFolder(runs_folder() / f"20261124-2015{name}"))
    run.folder.create(["run"])
    return run


def end_process(run: FakeRun) -> None:
    """Let the run appear to belong to a process that does not exist."""
    write_json(run.folder.path / "run.json", {"pid": 2**22 + 1, "create_time": 0.0, "command": []})


def runs_json(capfd: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    capfd.readouterr()
    assert exit_code(["runs", "--json", *options]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_active_runs_are_listed_with_progress_and_time_left(capfd: pytest.CaptureFixture[str]) -> None:
    run = fake_run("00-a")
    run.emit(started("a.mkv", "a.wave.mkv", 132))
    run.emit(FrameWritten(57, 132, 2.28, 55.0))
    run.emit(status_sample(57))
    capfd.readouterr()
    assert exit_code(["runs"]) == 0
    headings, row = capfd.readouterr().out.splitlines()
    assert headings.split() == ["run", "state", "since", "frames", "left", "film"]
    assert row.split()[1] == "running"
    assert row.split()[-5:] == ["57/132", "1:16", "a.mkv", "→", "a.wave.mkv"]


def test_each_run_has_a_state_and_ended_ones_are_listed_by_all(capfd: pytest.CaptureFixture[str]) -> None:
    fake_run("00-starting")
    paused = fake_run("01-paused")
    paused.emit(started("b.mkv", "b.wave.mkv", None))
    paused.emit(Paused(3))
    done = fake_run("02-finished")
    done.emit(started("c.mkv", "c.wave.mkv", 9))
    done.emit(Finished("c.wave.mkv", 9, 1, 5.0, 8, 0))
    end_process(done)
    end_process(fake_run("03-died"))
    assert [run["state"] for run in runs_json(capfd)] == ["paused", "starting"]
    assert [run["state"] for run in runs_json(capfd, "--all")] == ["died", "finished", "paused", "starting"]
    assert [run["output"] for run in runs_json(capfd, "--all")] == ["", "c.wave.mkv", "b.wave.mkv", ""]


def test_without_a_run_none_is_listed_and_none_stopped(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["runs"]) == 0
    assert "no run is active" in capfd.readouterr().out
    assert exit_code(["stop"]) == 2
    assert "no run is active" in capfd.readouterr().err


@pytest.mark.parametrize("named_by", ["number", "film", "folder", "nothing"])
def test_stop_waits_until_the_run_has_ended(
    named_by: str, active_run: RunFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    names = {"number": [active_run.name()], "film": ["sea.mkv"], "folder": [str(active_run.path)], "nothing": []}
    assert exit_code(["stop", *names[named_by]]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "sea.mkv stops after the current frame"
    assert lines[1].startswith("stopped after ")
    assert lines[1].endswith(f"of 2000 frames; output so far: {runs_folder() / 'out.partial.mkv'}")
    assert exit_code(["stop", active_run.name()]) == 2
    assert "has ended: stopped" in capfd.readouterr().err


def test_of_several_active_runs_one_has_to_be_named(active_run: RunFolder, capfd: pytest.CaptureFixture[str]) -> None:
    fake_run("00-other")
    assert exit_code(["stop"]) == 2
    error = capfd.readouterr().err
    assert f"2 runs are active: {active_run.name()} (sea.mkv), " in error or f", {active_run.name()} (sea.mkv)" in error
    assert exit_code(["stop", "nothing.mkv"]) == 2
    assert "there is no run nothing.mkv" in capfd.readouterr().err
    assert not active_run.read_control().stop


def test_a_run_is_stopped_by_a_signal_if_its_disk_is_full(
    active_run: RunFolder, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_no_space(folder: RunFolder, control: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_control", raise_no_space)
    assert exit_code(["stop"]) == 0
    assert not active_run.is_alive()


def test_a_run_is_found_by_number_film_and_folder(active_run: RunFolder) -> None:
    assert find_run(active_run.name()) == find_run("sea.mkv") == find_run(Path(active_run.path).name) == active_run


def test_a_run_of_another_user_is_not_stopped_in_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run("00-a")

    def not_permitted(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(RunFolder, "write_control", not_permitted)
    monkeypatch.setattr(os, "kill", not_permitted)
    capfd.readouterr()
    assert exit_code(["stop"]) == 2
    assert "belongs to another user. Stop it as that user." in capfd.readouterr().err
    monkeypatch.setattr(RunFolder, "exists", not_permitted)
    assert exit_code(["stop", "7"]) == 2
    assert "run 7 belongs to another user" in capfd.readouterr().err
