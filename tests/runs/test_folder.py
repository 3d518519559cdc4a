"""A run and its viewers communicate through the files of a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from streamstyle.errors import OutputError
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


def append_events(folder: RunFolder, *names: str) -> None:
    with folder.events.open("a", encoding="utf-8") as file:
        file.writelines(f'{{"event": "{name}"}}\n' for name in names)


def read_names(reader: RunReader) -> list[str]:
    return [event["event"] for event in reader.read_events()]


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


def test_logged_events_are_read_once_and_of_transient_ones_the_latest(folder: RunFolder) -> None:
    reader = RunReader(folder)
    append_events(folder, "started", "warned")
    write_json(folder.status, {"frame_written": {"event": "frame_written", "frame": 7}})
    assert read_names(reader) == ["started", "warned", "frame_written"]
    assert read_names(reader) == []
    write_json(folder.status, {"frame_written": {"event": "frame_written", "frame": 9}})
    append_events(folder, "finished")
    assert read_names(reader) == ["frame_written", "finished"]
    assert reader.ended


def test_a_partial_line_is_read_once_complete_and_invalid_lines_skipped(folder: RunFolder) -> None:
    reader = RunReader(folder)
    folder.events.write_bytes(b'\xff\xfe garbage\n[1]\n{"event": "started"}\n{"event": "war')
    assert read_names(reader) == ["started"]
    with folder.events.open("ab") as file:
        file.write(b'ned"}\n')
    assert read_names(reader) == ["warned"]


def test_preview_requests_are_merged_and_expire(folder: RunFolder) -> None:
    folder.request_previews("one", PreviewRequest(("flow",), 100, 40))
    folder.request_previews("two", PreviewRequest(("output", "flow"), 80, 60))
    assert folder.merged_preview_request() == PreviewRequest(("output", "flow"), 100, 60)
    folder.remove_viewer("two")
    assert folder.merged_preview_request() == PreviewRequest(("flow",), 100, 40)
    past = time.time() - 60
    os.utime(folder.path / "viewers" / "one.json", (past, past))
    assert folder.merged_preview_request() == PreviewRequest()


def test_an_invalid_preview_request_requests_nothing(folder: RunFolder) -> None:
    viewers = folder.path / "viewers"
    for number, content in enumerate(("[", "{}", '{"views": 3}', '{"views": ["output"], "width": "wide"}')):
        (viewers / f"{number}.json").write_text(content)
    assert folder.merged_preview_request() == PreviewRequest()


def test_control_is_read_as_it_was_written(folder: RunFolder) -> None:
    assert folder.read_control() == Control()
    control = Control(paused=True, save=SaveRequest(3, "output", "a.png"))
    folder.write_control(control)
    assert folder.read_control() == control


def test_invalid_fields_order_nothing_and_unknown_ones_are_ignored(folder: RunFolder) -> None:
    folder.control.write_text(json.dumps({"save": {"colour": "blue"}, "owner": 7, "stop": True}))
    assert folder.read_control() == Control(stop=True)
    save = {"number": 3, "view": "output", "path": "a.png", "format": "later"}
    folder.control.write_text(json.dumps({"save": save, "speed": "later"}))
    assert folder.read_control() == Control(save=SaveRequest(3, "output", "a.png"))


def test_a_pause_ends_when_its_owner_has_exited(folder: RunFolder) -> None:
    with subprocess.Popen(["sleep", "60"]) as owner:
        identity = ProcessIdentity(owner.pid, psutil.Process(owner.pid).create_time())
        folder.write_control(Control(paused=True, owner=identity))
        assert folder.read_control().paused
        owner.kill()
        owner.wait()
        assert not folder.read_control().paused


def test_a_pause_without_an_owner_lasts(folder: RunFolder) -> None:
    folder.control.write_text('{"paused": true}')
    assert folder.read_control().paused


def test_a_stop_is_never_withdrawn(folder: RunFolder) -> None:
    folder.write_control(Control(stop=True))
    folder.write_control(Control(paused=True))
    assert folder.read_control().stop


def test_of_ended_runs_only_the_latest_folders_are_kept(home: Path) -> None:
    for number in range(30):
        RunFolder(new_run_folder(Path(f"film{number:02}.mkv")).path).create([])
        write_json(list_runs()[0].path / "run.json", {"pid": 2**22 + 5, "create_time": 0.0, "command": []})
        assert len(list_runs()) <= 20
    active = new_run_folder(Path("zz.mkv"))
    active.create([])
    new_run_folder(Path("film.mkv"))
    assert active.is_alive()


# -------------------------------------------------------------------------------------------------------- other users

posix = pytest.mark.skipif(os.name != "posix", reason="needs owners and modes of files")


@posix
def test_only_this_user_can_enter_a_run_folder(home: Path) -> None:
    folder = new_run_folder(Path("film.mkv"))
    folder.create(["run"])
    assert {path.stat().st_mode & 0o777 for path in (folder.path, folder.path.parent)} == {0o700}


@posix
def test_a_folder_that_others_can_write_to_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o777)
    RunFolder(tmp_path / "run").create(["run"])
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755


@posix
def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could hold orders of that user, which this one would obey."""
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    (tmp_path / "link").symlink_to(folder.path)
    with pytest.raises(NotADirectoryError):
        RunFolder(tmp_path / "link").create(["run"])
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    with pytest.raises(PermissionError, match="another user"):
        folder.create(["run"])
    with pytest.raises(OutputError, match="belongs to another user"):
        folder.check_owner()
    RunFolder(tmp_path / "new").check_owner()
    assert list(folder.path.iterdir()) == []


def test_the_start_of_a_run_is_known_without_its_process(folder: RunFolder) -> None:
    write_json(folder.path / "run.json", {"pid": 2**22 + 5, "create_time": 0.0, "command": []})
    assert abs(folder.start_time() - time.time()) < 60
    (folder.path / "run.json").unlink()
    assert folder.start_time() == 0


def test_a_long_name_of_a_film_is_shortened(home: Path) -> None:
    folder = new_run_folder(Path(f"{'x' * 250}.mkv"))
    folder.create(["run"])
    assert len(folder.path.name) < 150
