"""`streamstyle runs` and `streamstyle stop`, with runs that paint nothing."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamstyle.cli.main import exit_code
from streamstyle.events import Finished, FrameWritten, Paused
from streamstyle.runs.folder import RunFolder, runs_folder
from streamstyle.runs.status import find_run
from tests.tui.fake_run import FakeRun, started, status_sample
from tests.tui.pilot import FAKE_PROGRAM
from tests.tui.test_attach import ended

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def going() -> Iterator[RunFolder]:
    """A run that paints 2000 frames of sea.mkv, in a process of its own, until it is stopped."""
    folder = RunFolder(runs_folder() / "20261124-201500-sea-1")
    words = ["run", "sea.mkv", "-o", str(runs_folder() / "out.mkv"), "--frames", "2000", "--seconds", "0.02"]
    quiet = {"stdout": subprocess.DEVNULL}
    runs_folder().mkdir(parents=True)
    with subprocess.Popen([*FAKE_PROGRAM, *words, "--run-folder", str(folder.path)], **quiet) as process:
        while not folder.status.exists():
            time.sleep(0.02)
        yield folder
        process.kill()


def voice(name: str) -> FakeRun:
    voice = FakeRun(RunFolder(runs_folder() / f"20261124-2015{name}"))
    voice.folder.create(["run"])
    return voice


def listed(capfd: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    capfd.readouterr()
    assert exit_code(["runs", "--json", *options]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_runs_that_go_on_are_listed_with_how_far_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    run = voice("00-a")
    run.emit(started("a.mkv", "a.wave.mkv", 132))
    run.emit(FrameWritten(57, 132, 2.28, 55.0))
    run.emit(status_sample(57))
    capfd.readouterr()
    assert exit_code(["runs"]) == 0
    heads, row = capfd.readouterr().out.splitlines()
    assert heads.split() == ["run", "state", "since", "frames", "left", "film"]
    assert row.split()[1] == "running"
    assert row.split()[-5:] == ["57/132", "1:16", "a.mkv", "→", "a.wave.mkv"]


def test_the_states_of_runs(capfd: pytest.CaptureFixture[str]) -> None:
    voice("00-starting")
    paused = voice("01-paused")
    paused.emit(started("b.mkv", "b.wave.mkv", None))
    paused.emit(Paused(3))
    done = voice("02-finished")
    done.emit(started("c.mkv", "c.wave.mkv", 9))
    done.emit(Finished("c.wave.mkv", 9, 1, 5.0, 8, 0))
    ended(done)
    ended(voice("03-died"))
    assert [run["state"] for run in listed(capfd)] == ["paused", "starting"]
    assert [run["state"] for run in listed(capfd, "--all")] == ["died", "finished", "paused", "starting"]
    assert [run["output"] for run in listed(capfd, "--all")] == ["", "c.wave.mkv", "b.wave.mkv", ""]


def test_no_runs(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["runs"]) == 0
    assert "no run is active" in capfd.readouterr().out
    assert exit_code(["stop"]) == 2
    assert "no run is active" in capfd.readouterr().err


@pytest.mark.parametrize("called", ["its number", "its film", "its folder", "nothing"])
def test_a_run_is_stopped_and_waited_for(called: str, going: RunFolder, capfd: pytest.CaptureFixture[str]) -> None:
    words = {"its number": [going.name()], "its film": ["sea.mkv"], "its folder": [str(going.path)], "nothing": []}
    assert exit_code(["stop", *words[called]]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[0] == "sea.mkv stops after the current frame"
    assert said[1].startswith("stopped after ")
    assert said[1].endswith(f"of 2000 frames; output so far: {runs_folder() / 'out.partial.mkv'}")
    assert exit_code(["stop", going.name()]) == 2
    assert "has ended: stopped" in capfd.readouterr().err


def test_of_several_runs_one_has_to_be_named(going: RunFolder, capfd: pytest.CaptureFixture[str]) -> None:
    voice("00-other")
    assert exit_code(["stop"]) == 2
    said = capfd.readouterr().err
    assert f"2 runs are active: {going.name()} (sea.mkv), " in said or f", {going.name()} (sea.mkv)" in said
    assert exit_code(["stop", "nothing.mkv"]) == 2
    assert "there is no run nothing.mkv" in capfd.readouterr().err
    assert not going.read_control().stop


def test_a_run_whose_folder_is_full_is_stopped_by_a_signal(
    going: RunFolder, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: RunFolder, control: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_control", full)
    assert exit_code(["stop"]) == 0
    assert not going.is_alive()


def test_attach_knows_a_run_by_number_and_film(going: RunFolder) -> None:
    assert find_run(going.name()) == find_run("sea.mkv") == find_run(Path(going.path).name) == going
