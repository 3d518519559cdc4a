"""The command `streamstyle tui`."""

from __future__ import annotations

import codecs
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import streamstyle.cli.tui as command
from streamstyle.cli.config import config_path
from streamstyle.cli.main import exit_code
from streamstyle.runs.folder import RunFolder, runs_folder
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.setup.directing_state import Directing
from streamstyle.tui.setup.state import SetupState
from tests.tui.fake_run import FakeRun
from tests.tui.test_attach import ended


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The subjects of the apps that would have run."""
    shown: list[object] = []
    monkeypatch.setattr(command, "why_no_tui", lambda: "")
    monkeypatch.setattr(StreamstyleApp, "run", lambda app: shown.append(app._subject))
    return shown


def test_video_and_style_start_a_run_with_options_of_run(shown: list[object]) -> None:
    arguments = ["movie.mkv", "--style", "wave", "--method", "live", "--crf", "20", "-y"]
    assert exit_code(["tui", *arguments]) == 0
    assert shown == [RunRequest(tuple(arguments), Path("movie.mkv"), Path("movie.wave.mkv"))]
    assert shown[0].overwrites
    assert exit_code(["tui", "movie.mkv", "--style", "wave", "-o", "out.mp4"]) == 0
    assert shown[1].output == Path("out.mp4")
    assert not shown[1].overwrites


def test_a_painted_key_frame_takes_the_place_of_the_style(shown: list[object], tmp_path: Path) -> None:
    painting = tmp_path / "painted.png"
    painting.touch()
    arguments = ["movie.mkv", "--keyframe", f"1.5={painting}"]
    assert exit_code(["tui", *arguments]) == 0
    assert shown == [RunRequest(tuple(arguments), Path("movie.mkv"), Path("movie.painted.mkv"))]


def test_invalid_options_of_run_fail_before_a_screen(shown: list[object], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["tui", "movie.mkv", "--style", "wave", "--method", "magic"]) == 2
    assert exit_code(["tui", "movie.mkv", "--style", "wave", "--dry-run"]) == 2
    assert exit_code(["tui", "movie.mkv", "--style", "no_such_style"]) == 5
    assert shown == []


def test_without_a_style_the_start_screen_opens(shown: list[object]) -> None:
    assert exit_code(["tui", "movie.mkv"]) == 0
    assert exit_code(["tui"]) == 0
    assert shown == [None, None]


def test_options_without_video_and_style_are_an_error(shown: list[object], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["tui", "movie.mkv", "--method", "live"]) == 2
    assert exit_code(["tui", "--style", "wave"]) == 2
    assert "the start screen asks for the rest" in capfd.readouterr().err
    assert shown == []


def test_attach_chooses_the_latest_running_run(fake_run: FakeRun, shown: list[object]) -> None:
    younger = FakeRun(RunFolder(runs_folder() / "20261124-220000-other-2"))
    younger.folder.create(["run"])
    ended(younger)
    assert exit_code(["tui", "--attach"]) == 0
    assert exit_code(["tui", "--attach", str(fake_run.folder.path)]) == 0
    ended(fake_run)
    assert exit_code(["tui", "--attach"]) == 0
    assert shown == [fake_run.folder, fake_run.folder, younger.folder]


def test_attach_without_a_run_is_an_error(
    home: Path, tmp_path: Path, shown: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["tui", "--attach"]) == 2
    assert "there is no run to show" in capfd.readouterr().err
    assert exit_code(["tui", "--attach", str(tmp_path)]) == 2
    assert f"there is no run {tmp_path}" in capfd.readouterr().err


def test_without_a_terminal_it_falls_back_to_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["tui", str(tmp_path / "none.mkv"), "--style", "wave"]) == 3
    printed = capfd.readouterr().err
    assert printed.startswith("streamstyle: there is no terminal here: continuing as `streamstyle run`\n")
    assert "none.mkv does not exist" in printed


def test_without_a_terminal_the_start_screen_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["tui"]) == 2
    assert "Give MOVIE and --style" in capfd.readouterr().err


def test_reasons_for_no_tui(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    assert command.why_no_tui() == ""
    monkeypatch.setattr(command.sys, "stderr", codecs.getwriter("latin-1")(io.BytesIO()))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "encoding", "iso8859-1", raising=False)
    assert command.why_no_tui() == "this locale has no UTF-8"
    monkeypatch.setenv("TERM", "dumb")
    assert command.why_no_tui() == "this terminal cannot draw a screen"


def imported_by(statement: str) -> set[str]:
    """The modules that a new interpreter has imported after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return set(json.loads(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)))


def test_tui_imports_no_torch_and_cli_no_textual() -> None:
    tui_modules = imported_by(f"import {StreamstyleApp.__module__}, {SummaryScreen.__module__}")
    assert {"torch", "cv2", "av"} & tui_modules == set()
    cli_modules = imported_by("import streamstyle.cli.main, streamstyle.cli.run")
    assert {"textual", "torch", "numpy"} & cli_modules == set()


def test_the_start_screen_begins_with_the_config_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[object] = []
    monkeypatch.setattr(command, "why_no_tui", lambda: "")
    monkeypatch.setattr(StreamstyleApp, "run", lambda app: states.append((app._subject, app._initial)))
    config_path().parent.mkdir(parents=True)
    config_path().write_text("[run]\nstyle = 'wave'\nheight = 480\nadapt = '5m'\ntone = false\nquiet = true\ncrf = 18")
    assert exit_code(["tui", "movie.mkv"]) == 0
    assert exit_code(["tui"]) == 0
    chosen = {"style": "wave", "settings": {"height": "480"}, "directing": Directing(adapt="5m")}
    state = SetupState(**chosen, more=("--no-config",))
    assert states == [(None, state), (None, state)]
    assert exit_code(["tui", "movie.mkv", "--no-config"]) == 0
    assert states[2] == (None, SetupState(more=("--no-config",)))
    config_path().write_text("[run]\nfor = 'web'")
    assert exit_code(["tui", "movie.mkv"]) == 0
    web = {"crf": "20", "preset": "slow", "pix_fmt": "yuv420p", "faststart": "yes"}
    assert states[3] == (None, SetupState(output="{folder}/{name}.mp4", settings=web, more=("--no-config",)))
    config_path().unlink()
    assert exit_code(["tui", "movie.mkv"]) == 0
    assert states[4] == (None, SetupState())


def test_a_run_gets_the_config_file_as_options(shown: list[object], home: Path) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text("[run]\nheight = 480\noutput = 'out.mkv'\nquiet = true")
    assert exit_code(["tui", "movie.mkv", "--style", "wave"]) == 0
    options = ("--no-config", "--height", "480", "--output", "out.mkv")
    assert shown == [RunRequest((*options, "movie.mkv", "--style", "wave"), Path("movie.mkv"), Path("out.mkv"))]
