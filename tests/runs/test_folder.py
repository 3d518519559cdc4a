"""A run and those who look on speak through files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import (
    Control,
    PreviewRequest,
    RunFolder,
    RunReader,
    SaveRequest,
    list_runs,
    new_run_folder,
    write_json,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.create(["run", "film.mkv"])
    return folder


def say(folder: RunFolder, *events: str) -> None:
    with folder.events.open("a", encoding="utf-8") as file:
        file.writelines(f'{{"event": "{event}"}}\n' for event in events)


def test_a_run_is_alive_until_its_process_ends(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from streamstyle.runs.folder import RunFolder\n"
        "RunFolder(pathlib.Path(sys.argv[1])).create(['run']); print(flush=True); sys.stdin.read()\n"
    )
    folder = RunFolder(tmp_path / "other")
    assert not folder.is_alive()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program, str(folder.path)], **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert folder.is_alive()
        process.kill()
        process.wait()
        assert not folder.is_alive()
    assert folder.command() == ["run"]


def test_every_lasting_event_is_read_once_and_of_the_others_the_latest(folder: RunFolder) -> None:
    reader = RunReader(folder)
    say(folder, "started", "warned")
    write_json(folder.status, {"frame_written": {"event": "frame_written", "frame": 7}})
    assert [event["event"] for event in reader.read_events()] == ["started", "warned", "frame_written"]
    assert reader.read_events() == []
    write_json(folder.status, {"frame_written": {"event": "frame_written", "frame": 9}})
    say(folder, "finished")
    assert [event["event"] for event in reader.read_events()] == ["frame_written", "finished"]
    assert reader.ended


def test_half_a_line_waits_for_its_end_and_garbage_is_passed_over(folder: RunFolder) -> None:
    reader = RunReader(folder)
    folder.events.write_bytes(b'\xff\xfe garbage\n[1]\n{"event": "started"}\n{"event": "war')
    assert [event["event"] for event in reader.read_events()] == ["started"]
    with folder.events.open("ab") as file:
        file.write(b'ned"}\n')
    assert [event["event"] for event in reader.read_events()] == ["warned"]


def test_wishes_are_added_up_and_fade_when_their_viewer_is_gone(folder: RunFolder) -> None:
    folder.request_previews("one", PreviewRequest(("flow",), 100, 40))
    folder.request_previews("two", PreviewRequest(("output", "flow"), 80, 60))
    assert folder.merged_preview_request() == PreviewRequest(("output", "flow"), 100, 60)
    folder.remove_viewer("two")
    assert folder.merged_preview_request() == PreviewRequest(("flow",), 100, 40)
    past = time.time() - 60
    os.utime(folder.path / "viewers" / "one.json", (past, past))
    assert folder.merged_preview_request() == PreviewRequest()


def test_what_the_owner_wants_arrives_and_nonsense_wants_nothing(folder: RunFolder) -> None:
    assert folder.read_control() == Control()
    wanted = Control(paused=True, save=SaveRequest(3, "output", "a.png"))
    folder.write_control(wanted)
    assert folder.read_control() == wanted
    folder.control.write_text(json.dumps({"save": {"colour": "blue"}}))
    assert folder.read_control() == Control()


def test_a_pause_is_over_when_whoever_holds_the_run_has_gone(folder: RunFolder) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        folder.write_control(
            Control(paused=True, owner=ProcessIdentity(other.pid, psutil.Process(other.pid).create_time()))
        )
        assert folder.read_control().paused
        other.kill()
        other.wait()
        assert not folder.read_control().paused


def test_a_pause_that_nobody_holds_stands(folder: RunFolder) -> None:
    folder.control.write_text('{"paused": true}')
    assert folder.read_control().paused


def test_a_stop_is_never_taken_back(folder: RunFolder) -> None:
    folder.write_control(Control(stop=True))
    folder.write_control(Control(paused=True))
    assert folder.read_control().stop


def test_folders_of_ended_runs_do_not_pile_up(home: Path) -> None:
    for number in range(30):
        RunFolder(new_run_folder(Path(f"film{number:02}.mkv")).path).create([])
        write_json(list_runs()[0].path / "run.json", {"pid": 2**22 + 5, "create_time": 0.0, "command": []})
        assert len(list_runs()) <= 20
    living = new_run_folder(Path("zz.mkv"))
    living.create([])
    new_run_folder(Path("film.mkv"))
    assert living.is_alive()
