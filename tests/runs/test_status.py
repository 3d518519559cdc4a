"""Which run a name means, and which runs are active."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamstyle.errors import SettingsError
from streamstyle.events import Finished, FrameWritten, Stopped
from streamstyle.runs.folder import RunFolder, runs_folder
from streamstyle.runs.status import active_runs, earlier_arguments, find_run, read_status
from tests.tui.fake_run import FakeRun, started

pytestmark = pytest.mark.usefixtures("home")

COMMAND = ("film.mp4", "--style", "wave", "-o", "out/painted.mkv")


@pytest.fixture
def run(home: Path) -> FakeRun:
    """A run of this process."""
    run = FakeRun(RunFolder(runs_folder() / "20261124-201500-film-1"))
    run.folder.create(["run", *COMMAND, "--json", "--run-folder", "x", "--restart"])
    run.emit(started("films/film.mp4", "out/painted.mkv", 132))
    run.emit(FrameWritten(57, 132, 2.28, 55.0))
    return run


def end_process(run: FakeRun) -> None:
    path = run.folder.path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": 2**22 + 1}))


@pytest.mark.parametrize("name", ["film.mp4", "film", "other/film.mp4", "painted", "painted.mkv"])
def test_run_is_found_by_film_and_output_with_and_without_extension(run: FakeRun, name: str) -> None:
    assert find_run(name) == run.folder


@pytest.mark.parametrize("name", ["mp4", "fil", ""])
def test_parts_of_names_find_nothing(run: FakeRun, name: str) -> None:
    if name:
        with pytest.raises(SettingsError, match="there is no run"):
            find_run(name)


def test_run_that_has_finished_is_not_active_though_its_process_lives(run: FakeRun) -> None:
    assert [each.folder for each in active_runs()] == [run.folder]
    run.emit(Finished("out/painted.mkv", 132, 2, 125.0, 131, 0))
    assert run.folder.is_alive()
    assert active_runs() == []
    assert (read_status(run.folder).state, read_status(run.folder).alive) == ("finished", False)


def test_arguments_of_the_run_that_began_an_output(run: FakeRun) -> None:
    output = Path("out/painted.mkv")
    assert earlier_arguments(output) == (), "it is still running"
    run.emit(Stopped("out/painted.partial.mkv", 57, 55.0))
    end_process(run)
    assert earlier_arguments(output) == ("--no-config", *COMMAND)
    assert earlier_arguments(output.absolute()) == ("--no-config", *COMMAND)
    assert earlier_arguments(Path("other.mkv")) == ()
